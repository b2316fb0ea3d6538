"""Whether a step can run another's module on values of other sizes, as it was built for the first.

A module is built once. So its weights, what it is built with and what its ``forward`` is written with must come to the
same on both: what follows a size (the pads of TensorFlow's "same", a linear layer on a flattened map, an expression
that reads a shape) is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from graphbuilder.analysis.building import Comparison, Otherwise, Types
from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.catalogue.references import BadShare
from graphbuilder.elaborate.op_errors import report_op_error
from graphbuilder.elaborate.walks import steps_of, values_of, words_of
from graphbuilder.ir import Graph, Node, Op, OpError, TensorType
from graphbuilder.spec.expressions import free_names
from graphbuilder.spec.model import Spec, Step
from graphbuilder.spec.names import INPUT

if TYPE_CHECKING:
    from graphbuilder.document import Place
    from graphbuilder.elaborate.builder import BodyBuilder
    from graphbuilder.elaborate.context import Context
    from graphbuilder.elaborate.reading import Reading

_APART = "leave out `share`, and write the step again"


class Run(NamedTuple):
    """A step, what it calls, and the types that it calls that on."""

    step: Step
    name: str
    callee: Op | Graph
    types: Types


class _Unlike(NamedTuple):
    """Which step of a callee would be another on other types, why (with a place for its name), and what to do, unless
    its weights say that."""

    path: str
    why: str
    remedy: str


def may_run(builder: BodyBuilder, owner: Node, reading: Reading, step: Step) -> bool:
    """Whether ``step`` can run the module of ``owner`` on what it reads; a mistake is reported."""
    theirs = _known(builder.types[value] for value in owner.inputs)
    if theirs is None:
        return False
    return may_run_again(builder, Run(builder.steps[owner.module], owner.name, owner.callee, theirs), reading, step)


def may_run_again(builder: BodyBuilder, run: Run, reading: Reading, step: Step) -> bool:
    """Whether ``step`` can do what ``run`` does with the same module, on what it reads; a mistake is reported."""
    if reading.types is None:
        return False
    try:
        unlike = _compared(run, reading.types, step.place, builder.context)
    except OpError as error:
        if isinstance(run.callee, Op):
            report_op_error(builder, error, step.place, {}, reading)
            return False
        unlike = _Unlike("", "a step in {} cannot: " + _plain(error), _APART)
    if unlike is not None:
        builder.report(_told(run, reading.types, unlike, step.place))
    return unlike is None


def _plain(error: OpError) -> str:
    return error.message.replace("{", "{{").replace("}", "}}")


def _known(types: Iterator[TensorType | None]) -> Types | None:
    found = tuple(types)
    return None if None in found else cast("Types", found)


def _compared(run: Run, types: Types, place: Place, context: Context) -> _Unlike | None:
    """Why the module of ``run`` cannot be called on ``types``; None where it can."""
    if types == run.types:
        return None
    if (reads := _reads_size(run, context.spec)) is not None:
        return reads
    comparison = Comparison(
        context.inference,
        lambda op, on: context.spell_out(op, on, {}, place),
        lambda calls: context.spend(calls, place),
    )
    found = comparison.of(run.callee, run.types, types)
    return None if found is None else _unlike(found)


def _told(run: Run, types: Types, unlike: _Unlike, place: Place) -> Diagnostic:
    ran, reads = (", ".join(map(str, each)) for each in (run.types, types))
    path = ".".join(filter(None, (run.name, unlike.path)))
    message = f"`{run.name}` runs on {ran}; this reads {reads}, and {unlike.why.format(f'`{path}`')}"
    return BadShare.at(place.span, message, help=unlike.remedy or _on_weights(run.types, types))


def _on_weights(one: Types, other: Types) -> str:
    """What to do about weights of other shapes."""
    if [type_.channels for type_ in one] != [type_.channels for type_ in other]:
        return f"let both read as many channels, behind a convolution of 1x1, say; or {_APART}"
    return f"put `globalavgpool` where a map is flattened: it makes a vector of any size; or {_APART}"


def _unlike(found: Otherwise) -> _Unlike:
    path = ".".join(found.path)
    if found.weights:
        return _Unlike(path, "the weights of {} would have other shapes", "")
    why = "{} would be built with other numbers"
    if getattr(found.op, "padding", None) == "same":
        return _Unlike(path, why, f'what "same" pads follows the size: write padding = "half"; or {_APART}')
    return _Unlike(path, why, f"they follow the size; {_APART}")


def _reads_size(run: Run, spec: Spec) -> _Unlike | None:
    """The callee itself, where anything of it was computed from the shape of what it reads."""
    read = next(_read_by(run.step, spec, set()), None)
    if read is None:
        return None
    return _Unlike("", f"{{}} is computed from `{read}`", f"read no shape there; or {_APART}")


def _read_by(step: Step, spec: Spec, seen: set[str]) -> Iterator[str]:
    """The shapes of what they read that ``step`` and the blocks that it uses are computed from."""
    yield from _among(free_names(words_of(step)), {"from_shape"})
    for name in step.blocks:
        if name in seen or name not in spec.blocks:
            continue
        seen.add(name)
        block = spec.blocks[name]
        shapes = {f"{port}_shape" for port in (INPUT, *(block.inputs or ()))}
        yield from _among(free_names(values_of(block)), shapes)
        for inner in steps_of(block):
            yield from _among(free_names(words_of(inner)), shapes)
            yield from _read_by(inner, spec, seen)


def _among(names: Iterator[str], wanted: set[str]) -> Iterator[str]:
    return (name for name in names if name in wanted)
