"""``graphbuilder import``: a spec from a model that exists, with the mapping of its weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from graphbuilder.cli.root import Command
from graphbuilder.cli.stages import Stages
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import InputLayout
from graphbuilder.diagnostics.screen import safe
from graphbuilder.document.writing import shown

if TYPE_CHECKING:
    from graphbuilder.importers.importing import Imported

EXAMPLES = """
\b
Examples:
  graphbuilder import xception.keras -o specs/xception.toml
  graphbuilder import xception.keras -o xception/
  graphbuilder import config.json --input 3,224,224
  graphbuilder import mynets.models:resnet50 --input 3,224,224 -o resnet50.toml
  graphbuilder import mynets.models:mixer --input 196,768 --layout channels_last -o mixer.toml
"""


# The shape that a torch module is tried on.
_USUAL = ((3, 224, 224),)


class _Shape(click.ParamType[tuple[int, ...]]):
    name = "C,H,W"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        sizes = str(value).split(",")
        if not all(size.isdecimal() and int(size) for size in sizes):
            self.fail(f"{shown(str(value))} is no shape: sizes without the batch, with commas: 3,224,224", param, ctx)
        return tuple(map(int, sizes))


@click.command(cls=Command, name="import", short_help="Make a spec from a Keras or torch model.", epilog=EXAMPLES)
@click.argument("model", metavar="MODEL")
@click.option(
    "--input",
    "shapes",
    type=_Shape(),
    multiple=True,
    help="The shape of an input, without the batch, once for each: of a torch module (3,224,224 unless given), or of a "
    "Keras model whose file leaves it open.",
)
@click.option(
    "--layout",
    "layouts",
    type=click.Choice(["channels_first", "channels_last"]),
    multiple=True,
    help="Which axis of a torch module's inputs holds the channels, channels_first unless given: once for all, or once "
    "for each.",
)
@click.option("--name", help="What the spec is called; the model's name unless given.")
@click.option(
    "-o",
    "--output",
    "outputs",
    metavar="FILE",
    multiple=True,
    help="Write the spec (.toml), and the mapping of names beside it, or the weights by the spec's names "
    "(.safetensors), or into DIR/ all: spec.toml, weights.safetensors, names.toml; repeatable.",
)
def command(
    model: str, shapes: Sequence[tuple[int, ...]], layouts: Sequence[str], name: str | None, outputs: Sequence[str]
) -> None:
    """Make a spec from a model: repeated parts become blocks, residuals shortcuts, and names lead to its weights.

    MODEL is a Keras file (.keras, a whole .h5, or the JSON of its config) or package.module:function, which is imported
    and called without arguments for a torch module. What cannot be expressed is listed, with its place, and nothing is
    written.
    """
    from graphbuilder.importers.saving import refuse_suffix

    for output in outputs:
        refuse_suffix(output)
    stages = Stages()
    found = _imported(model, shapes, layouts, name, stages)
    if not outputs:
        click.echo(found.text, nl=False)
        return
    with stages.stage("write", f"writing {', '.join(outputs)}"):
        files = found.save(*outputs)
    click.echo("\n".join([found.name, *(f"  {word:<10}  {said}" for word, said in _rows(found, stages))]))
    click.echo(f"  {'written':<10}  {', '.join(safe(str(file)) for file in files)}")


def _imported(
    model: str, shapes: Sequence[tuple[int, ...]], layouts: Sequence[str], name: str | None, stages: Stages
) -> Imported:
    if os.path.exists(model) or ":" not in model:
        if layouts:
            raise CompileError((InputLayout.at(None, f"{model} says how it is laid out", help="leave --layout out"),))
        from graphbuilder.importers.importing import from_keras

        with stages.stage("import", f"reading {model}"):
            return from_keras(model, name, shapes)
    with stages.stage("torch", "importing torch"):
        from graphbuilder.importers.importing import from_torch
        from graphbuilder.importers.torch.function import examples, module_of
    with stages.stage("model", f"calling {model}"):
        module = module_of(model)
    with stages.stage("import", f"tracing {model}"):
        layout = layouts if len(layouts) > 1 else layouts[0] if layouts else "channels_first"
        return from_torch(module, *examples(shapes or _USUAL), name=name or model.rpartition(":")[2], layout=layout)


def _rows(found: Imported, stages: Stages) -> list[tuple[str, str]]:
    from graphbuilder.analysis.costs import costs
    from graphbuilder.backends.table import numbers
    from graphbuilder.ops.guards import counted

    parts = f"{counted(found.blocks, 'block')} and {counted(found.repeats, 'repeat')}"
    rows = [
        ("lines", f"{len(found.text.splitlines())}, with {parts}"),
        ("parameters", numbers.counted(costs(found.network.typed).trainable)),
    ]
    if found.difference is not None:
        rows.append(("answers", f"{found.difference:.1e} of their scale from the model's, with its weights"))
    names = "the model's own" if found.mapping is None else "mapped from the model's"
    return [*rows, *found.told.items(), ("names", names), ("time", str(stages))]
