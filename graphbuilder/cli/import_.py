"""``graphbuilder import``: a spec from a model that exists, with the mapping of its weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from graphbuilder.cli.root import Command
from graphbuilder.cli.stages import Stages
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import OutputSuffix

if TYPE_CHECKING:
    from graphbuilder.importers.importing import Imported

EXAMPLES = """
\b
Examples:
  graphbuilder import xception.keras -o specs/xception.toml
  graphbuilder import config.json
  graphbuilder import mynets.models:resnet50 --input 3,224,224 -o resnet50.toml
"""


class _Shape(click.ParamType[tuple[int, ...]]):
    name = "C,H,W"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value  # pyright: ignore[reportUnknownVariableType]  (the default)
        sizes = str(value).split(",")
        if not all(size.isdecimal() and int(size) for size in sizes):
            self.fail(f"{value!r} is no shape: sizes with commas, without the batch, as 3,224,224", param, ctx)
        return tuple(map(int, sizes))


@click.command(cls=Command, name="import", short_help="Make a spec from a Keras or torch model.", epilog=EXAMPLES)
@click.argument("model", metavar="MODEL")
@click.option(
    "--input",
    "shapes",
    type=_Shape(),
    multiple=True,
    default=((3, 224, 224),),
    show_default="3,224,224",
    help="The shape of an input of a torch module, without the batch; one for each argument.",
)
@click.option("--name", help="What the spec is called; the model's name unless given.")
@click.option("-o", "--output", metavar="FILE", help="Write the spec to a file, and the mapping of names beside it.")
def command(model: str, shapes: Sequence[tuple[int, ...]], name: str | None, output: str | None) -> None:
    """Make a spec from a model: repeated parts become blocks, residuals shortcuts, and names lead to its weights.

    MODEL is a Keras file (.keras, or the JSON of its config) or package.module:function, which is imported and called
    without arguments for a torch module. What cannot be expressed is listed, with its place, and nothing is written.
    """
    if output and not output.lower().endswith(".toml"):
        message = f"`import` writes a spec, and {output} does not end in .toml"
        raise CompileError((OutputSuffix.at(None, message, help="end the path in .toml"),))
    stages = Stages()
    found = _imported(model, shapes, name, stages)
    if output is None:
        click.echo(found.text, nl=False)
        return
    files = found.save(output)
    click.echo("\n".join([found.name, *(f"  {word:<10}  {said}" for word, said in _rows(found, stages))]))
    click.echo(f"  {'written':<10}  {', '.join(map(str, files))}")


def _imported(model: str, shapes: Sequence[tuple[int, ...]], name: str | None, stages: Stages) -> Imported:
    if os.path.exists(model) or ":" not in model:
        from graphbuilder.importers.importing import from_keras

        with stages.stage("import", f"reading {model}"):
            return from_keras(model, name)
    with stages.stage("torch", "importing torch"):
        from graphbuilder.importers.importing import from_torch
        from graphbuilder.importers.torch.function import examples, module_of
    with stages.stage("model", f"calling {model}"):
        module = module_of(model)
    with stages.stage("import", f"tracing {model}"):
        return from_torch(module, *examples(shapes), name=name or model.rpartition(":")[2])


def _rows(found: Imported, stages: Stages) -> list[tuple[str, str]]:
    from graphbuilder.analysis.costs import costs
    from graphbuilder.backends.table.numbers import counted

    cost = costs(found.network.typed)
    rows = [
        ("lines", f"{len(found.text.splitlines())}, with {found.blocks} blocks and {found.repeats} repeats"),
        ("parameters", counted(cost.trainable)),
    ]
    if found.difference is not None:
        rows.append(("answers", f"{found.difference:.1e} of their scale from the model's, with its weights"))
    names = "the model's own" if found.mapping is None else f"mapped from {found.source}'s"
    return [*rows, ("names", names), ("time", str(stages))]
