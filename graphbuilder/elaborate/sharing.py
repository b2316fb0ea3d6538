"""Whether a step can run another's module on values of other sizes, as it was built for the first.

A module is built once. So its weights, what it is built with and what its ``forward`` is written with must come to the
same on both: what follows a size (the pads of TensorFlow's "same", a linear layer on a flattened map, an expression
that reads a shape) is refused.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.catalogue.references import BadShare
from graphbuilder.elaborate.walks import steps_of, values_of, words_of
from graphbuilder.ir import Composite, Copies, Graph, Node, Op, OpError, TensorType
from graphbuilder.spec.expressions import free_names
from graphbuilder.spec.model import Spec, Step
from graphbuilder.spec.names import INPUT

if TYPE_CHECKING:
    from graphbuilder.document import Place
    from graphbuilder.elaborate.builder import BodyBuilder
    from graphbuilder.elaborate.context import Context
    from graphbuilder.elaborate.reading import Reading

Types = tuple[TensorType, ...]
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
        refused = _refusal(run, reading.types, step.place, builder.context)
    except OpError as error:
        if isinstance(run.callee, Op):
            builder.report_op_error(error, step, {}, reading)
        else:
            builder.report(
                _told(run, reading.types, _Unlike("", "a step in {} cannot: " + _plain(error), _APART), step.place)
            )
        return False
    if refused is not None:
        builder.report(refused)
    return refused is None


def _plain(error: OpError) -> str:
    return error.message.replace("{", "{{").replace("}", "}}")


def _known(types: Iterator[TensorType | None]) -> Types | None:
    found = tuple(types)
    return None if None in found else cast("Types", found)


def _refusal(run: Run, types: Types, place: Place, context: Context) -> Diagnostic | None:
    """Why the module of ``run`` cannot be called on ``types``, told at ``place``; None where it can."""
    if types == run.types:
        return None
    compared = _Comparison(context, place)
    unlike = _reads_size(run, context.spec) or compared.of(run.callee, run.types, types)
    return None if unlike is None else _told(run, types, unlike, place)


def _told(run: Run, types: Types, unlike: _Unlike, place: Place) -> Diagnostic:
    ran, reads = (", ".join(map(str, each)) for each in (run.types, types))
    path = ".".join(filter(None, (run.name, unlike.path)))
    message = f"`{run.name}` runs on {ran}; this reads {reads}, and {unlike.why.format(f'`{path}`')}"
    return BadShare.at(place.span, message, help=unlike.remedy or _on_weights(run.types, types))


class _Comparison:
    """Compares what is called on two lists of types; equal questions are asked once."""

    def __init__(self, context: Context, place: Place) -> None:
        self._context, self._place = context, place
        self._known: dict[Hashable, _Unlike | None] = {}

    def of(self, callee: Op | Graph, one: Types, other: Types) -> _Unlike | None:
        """The first step of ``callee`` that would be another."""
        if one == other:
            return None
        if isinstance(callee, Op):
            return _op_unlike(callee, one, other)
        key = (callee, one, other)
        if key not in self._known:
            self._known[key] = self._spelt_otherwise(callee, one, other) or self._body(callee, one, other)
        return self._known[key]

    def _spelt_otherwise(self, body: Graph, one: Types, other: Types) -> _Unlike | None:
        op = body.composite
        if not isinstance(op, Composite):
            return None
        there, here = (self._context.spell_out(op, types, {}) for types in (one, other))
        return None if _structure(there) == _structure(here) else _numbers(op)

    def _body(self, body: Graph, one: Types, other: Types) -> _Unlike | None:
        left, right = (self._context.inference.body(body, types) for types in (one, other))
        # Of copies that nobody wrote out, all are like the last that is, unless their sizes go on changing.
        written = isinstance(body.nodes, Copies) and dict not in (type(left.types), type(right.types))
        nodes = body.nodes.head if isinstance(body.nodes, Copies) and written else body.nodes
        self._context.spend(len(nodes), self._place)
        for node in nodes:
            found = self.of(node.callee, left.inputs_of(node), right.inputs_of(node))
            if found is not None:
                return found._replace(path=".".join(filter(None, (node.name, found.path))))
        return None


def _op_unlike(op: Op, one: Types, other: Types) -> _Unlike | None:
    op.infer(other)  # refuses what the others take for granted
    if op.weights(one) != op.weights(other):
        return _Unlike("", "the weights of {} would have other shapes", "")
    return None if op.lower(one) == op.lower(other) else _numbers(op)


def _on_weights(one: Types, other: Types) -> str:
    """What to do about weights of other shapes."""
    if [type_.channels for type_ in one] != [type_.channels for type_ in other]:
        return f"let both read as many channels, behind a convolution of 1x1, say; or {_APART}"
    return f"put `globalavgpool` where a map is flattened: it makes a vector of any size; or {_APART}"


def _numbers(op: Op) -> _Unlike:
    why = "{} would be built with other numbers"
    if getattr(op, "padding", None) == "same":
        return _Unlike("", why, f'what "same" pads follows the size: write padding = "half"; or {_APART}')
    return _Unlike("", why, f"they follow the size; {_APART}")


def _structure(callee: Op | Graph) -> object:
    """What makes a body, whatever object it is."""
    if isinstance(callee, Op):
        return callee
    return tuple((node.name, _structure(node.callee), node.inputs) for node in callee.nodes), callee.outputs


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
