"""What one elaboration shares: the spec, the ops, the dialect, what was typed and made already, and the limits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from pydantic import ValidationError

from graphbuilder.analysis.inference import Inference
from graphbuilder.diagnostics import Diagnostic, Label, Sink, Way
from graphbuilder.diagnostics.catalogue.arguments import DefaultsUnknown
from graphbuilder.diagnostics.catalogue.limits import TooManySteps, ValueTooLarge
from graphbuilder.diagnostics.words import must
from graphbuilder.document import Place
from graphbuilder.document.reading import MAX_BYTES
from graphbuilder.elaborate.arguments import (
    SOMETHING,
    Argument,
    OpMaker,
    compute_arguments,
)
from graphbuilder.elaborate.living import living
from graphbuilder.elaborate.mistakes import NO_MISTAKES, Mistakes
from graphbuilder.elaborate.names import Named
from graphbuilder.elaborate.origins import NOWHERE, Origin, Origins
from graphbuilder.elaborate.scope import Scope
from graphbuilder.elaborate.strangers import fields_meant, unknown_field
from graphbuilder.elaborate.strides import TotalStrides
from graphbuilder.elaborate.terms import Stopped
from graphbuilder.ir import Composite, Copies, Dialect, Graph, Initialiser, Node, Op, OpError, TensorType
from graphbuilder.ops.fields import LARGEST
from graphbuilder.ops.other_names import op_meant, op_remedy
from graphbuilder.spec.model import Spec
from graphbuilder.spec.unknown import UNKNOWN

MAX_NODES = 100_000
MAX_PARAMETERS = 10**11
MAX_DEPTH = 32
MAX_ELEMENTS = 2**40
MAX_STEPS = 10_000
MAX_TERMS = 500_000
MAX_MISTAKES = 100
# The body of a block, that of a branch, of copies or of a composite, one that is only looked at, and a use of one that
# is there already take about as long as so many of its steps; and so do the weights of an op, and what a copy computes
# that is like no other.
BODY, INNER, BLIND, USE, WEIGHTS, VARIED = 8, 4, 4, 2, 1, 1
# The codes of shapes that do not fit together.
_SHAPES = "GB2"
# So many values, read or given, are about as much work as a step, and a name that a block computes as so many terms.
VALUES, NAME = 4, 8


@dataclass(frozen=True)
class Limits:
    """Caps that stand before any work; each can be raised by the caller.

    ``elements`` is for one value of one sample; ``steps`` are those worked out, a body counting as some more;
    ``terms`` are what expressions compute, an item of a list counting as one;
    ``mistakes`` are those told of in one run.
    """

    nodes: int = MAX_NODES
    parameters: int = MAX_PARAMETERS
    depth: int = MAX_DEPTH
    bytes: int = MAX_BYTES
    elements: int = MAX_ELEMENTS
    steps: int = MAX_STEPS
    terms: int = MAX_TERMS
    mistakes: int = MAX_MISTAKES


class Frame(NamedTuple):
    """One step of the way in through the blocks: the name of the call, the block, where it is used, and where the
    values of its arguments were written; of a copy of an op no block."""

    name: str
    block: str
    place: Place
    origins: Origins = NOWHERE


@dataclass(frozen=True)
class Trail:
    """The way from the model to the body being built."""

    frames: tuple[Frame, ...] = ()

    def into(self, name: str, block: str, place: Place, origins: Origins = NOWHERE) -> Trail:
        return Trail((*self.frames, Frame(name, block, place, origins)))

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """The way as it is told, if there is any."""
        if not self.frames:
            return ()
        steps = (Label(frame.place.span, f"in {path}") for path, frame in zip(self._paths, self.frames, strict=True))
        return (Way(self._note, tuple(steps)[::-1]),)

    @property
    def _paths(self) -> list[str]:
        return list(accumulate((frame.name for frame in self.frames), "{}.{}".format))

    @property
    def _note(self) -> str:
        path = self._paths[-1]
        innermost = next((frame for frame in self.frames[::-1] if frame.block), None)
        if innermost is None:
            return f"in {path}"
        article = "a" if self.frames[-1].block else "in a"
        return f"in {path}, {article} `{innermost.block}` used at {innermost.place.span}"


@dataclass(eq=False)
class Context:
    """Shared by all bodies of one elaboration."""

    spec: Spec
    ops: Mapping[str, type[Op]]
    dialect: Dialect
    params: Scope
    sink: Sink
    limits: Limits
    mistakes: Mistakes = NO_MISTAKES  # for a figure, in which what cannot be built leaves a node: what is wrong
    spare: Mistakes = NO_MISTAKES  # and what of it is to be told beside what could be built
    unneeded: frozenset[Place] = frozenset()  # steps that are passed over, since no output needs them
    inputs: Mapping[str, TensorType | None] = field(default_factory=dict[str, Any])
    inference: Inference = field(default_factory=Inference)
    defaults: dict[str, dict[str, Argument]] = field(default_factory=dict[str, dict[str, Argument]])
    _composites: dict[tuple[Op, tuple[TensorType, ...]], Graph] = field(default_factory=dict[Any, Graph])
    _doubtful: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _sizes: dict[Graph, int] = field(default_factory=dict[Graph, int])
    faulty: set[Graph] = field(default_factory=set[Graph])
    guesses: int = 0  # how many conditions around what is built are not known: where they fail, no shapes meet there

    @property
    def keeps_faults(self) -> bool:
        """Whether what cannot be built leaves a node, for a figure."""
        return bool(self.mistakes.all)

    def __post_init__(self) -> None:
        self.make = OpMaker(self.sink, self.params.terms)
        self.strides = TotalStrides(self.inference)
        self.marks = self.spec.unsound
        written, place = self.spec.params, self.spec.place_of("params")
        own = [name for name, value in written.items() if self.params.names.get(name) is value]
        self.params.origins = {name: Origin(place / name, written[name]) for name in own}
        self._worked_out = 0
        self._compute_defaults()

    def unsound(self, place: Place, *words: str) -> bool:
        """Whether a mistake at ``place``, or at one of its ``words``, was reported and has left a stand-in there."""
        if not words:
            return place.keys in self.marks
        return any((*place.keys, word) in self.marks for word in words)

    def needed(self, *bodies: Sequence[Named]) -> tuple[list[Named], ...]:
        """``bodies`` of one scope without the steps that are passed over."""
        return living(bodies, self.unneeded) if self.unneeded else tuple(map(list, bodies))

    def _compute_defaults(self) -> None:
        """``[defaults]`` by op, computed once with the params in scope."""
        for op, table in self.spec.defaults.items():
            place = self.spec.place_of("defaults") / op
            if op not in self.ops:
                self.sink.add(table_of_no_op(op, self.ops, place))
                if other := op_meant(op, self.ops):
                    self._doubtful.setdefault(other, set()).add(SOMETHING)
                continue
            self.defaults[op] = self._known_fields(op, compute_arguments(table, place.__truediv__, self.params))

    def _known_fields(self, op: str, arguments: dict[str, Argument]) -> dict[str, Argument]:
        cls = self.ops[op]
        for name in [name for name in arguments if name not in cls.model_fields]:
            self.sink.add(unknown_field(cls, name, arguments.pop(name).place))
            self._doubtful.setdefault(op, set()).update(fields_meant([name], cls) or {SOMETHING})
        return arguments

    def arguments_of(self, op: str, place: Place) -> dict[str, Argument]:
        """What a step of this op starts from: the dialect's defaults under the file's."""
        dialect = {name: Argument(value, place, None) for name, value in self.dialect.defaults_of(op).items()}
        doubt = {name: Argument(UNKNOWN, place, None) for name in self._in_doubt(op)}
        return {**dialect, **doubt, **self.defaults.get(op, {})}

    def _in_doubt(self, op: str) -> Iterable[str]:
        """The arguments that a faulty default, already reported, may have been meant for."""
        marked = bool(self.marks) and not self.marks.isdisjoint({("defaults",), ("defaults", op), *self._half_named})
        return (*self._doubtful.get(op, ()), *([SOMETHING] if marked else ()))

    @cached_property
    def _half_named(self) -> Collection[tuple[str | int, ...]]:
        """The defaults that cannot be read and are of no op: their names may break off, and be any."""
        return {keys for keys in self.marks if keys[:1] == ("defaults",) and keys[1:] and keys[1] not in self.ops}

    def spell_out(
        self, op: Op, inputs: tuple[TensorType, ...], init: Mapping[str, Initialiser], place: Place
    ) -> Op | Graph:
        """``op`` itself, or the body of a composite, whose steps are counted at ``place``.

        Raises:
            OpError: when a composite refuses its inputs, or would have to call an op with more than it takes.
            Stopped: when these are more steps than the limit.
        """
        if not isinstance(op, Composite):
            return op
        key = (op, inputs)
        if key not in self._composites:
            self._composites[key] = self._body(op, inputs)
            self.spend(INNER + len(self._composites[key].nodes), place)
        body = self._composites[key]
        return body if not init else replace(body, nodes=tuple(_with_init(node, init) for node in body.nodes))

    def _body(self, op: Composite, inputs: tuple[TensorType, ...]) -> Graph:
        try:
            return op.body(inputs, self.dialect)
        except ValidationError as error:  # an argument that is computed, from channels say
            first = error.errors(include_url=False)[0]
            message = f"{op.op}: {first['loc'][0]} of its {error.title} comes to {first['input']}, which {must(first)}"
            raise OpError(ValueTooLarge, message, help=ValueTooLarge.remedy) from error

    def spend(self, steps: int, place: Place) -> None:
        """Count ``steps`` that have to be worked out, before they are.

        Raises:
            Stopped: when they are more than the limit.
        """
        self.afford(steps, place)
        self._worked_out += steps

    def afford(self, steps: int, place: Place) -> None:
        """See that ``steps`` can be counted one by one.

        Raises:
            Stopped: when they would be more than the limit.
        """
        limit = self.limits.steps
        if self._worked_out + steps > limit:
            message = f"up to here, this is more than the limit of {limit} steps that differ"
            self.sink.add(TooManySteps.at(place.span, message, help=TooManySteps.remedy))
            raise Stopped

    def size(self, callee: Op | Graph) -> int:
        """The number of calls that ``callee`` stands for when everything is written out."""
        if isinstance(callee, Op):
            return 1
        if callee not in self._sizes:
            self._sizes[callee] = 1 + self._size_of(callee.nodes)
        return self._sizes[callee]

    def _size_of(self, nodes: Sequence[Node]) -> int:
        if isinstance(nodes, Copies):
            return self._size_of(nodes.head) + nodes.beyond * self.size(nodes.head[-1].callee)
        return sum(self.size(node.callee) for node in nodes)

    def too_large(self, types: Iterable[TensorType], place: Place) -> Diagnostic | None:
        """What is to be said of the first value that has more elements than the limit, or too long an axis."""
        limit = self.limits.elements
        for type_ in types:
            if type_.elements > limit:
                message = f"{_shown(type_)} is more than the limit of {limit} elements in a value"
                return ValueTooLarge.at(place.span, message, help=ValueTooLarge.remedy)
            if max(type_.shape, default=0) > LARGEST:
                message = f"{_shown(type_)} has an axis of 2^31 or more"
                return ValueTooLarge.at(place.span, message, help="look for a size with a digit too many")
        return None

    def spelt_out_types(self, callee: Op | Graph, inputs: tuple[TensorType, ...]) -> Iterator[TensorType]:
        """The types of all values inside a composite; the steps of other bodies were looked at one by one."""
        if isinstance(callee, Graph) and callee.kind == "composite":
            yield from self.inference.body(callee, inputs).types.values()

    def report(self, diagnostic: Diagnostic, trail: Trail) -> None:
        """Keep a diagnostic, with the way in through the blocks."""
        if self.guesses and diagnostic.code.startswith(_SHAPES):
            return
        self.sink.add(diagnostic.by_way(*trail.ways))


def _shown(type_: TensorType) -> str:
    shape = str(type_)
    return shape if len(shape) <= 60 else "this"


def _with_init(node: Node, init: Mapping[str, Initialiser]) -> Node:
    """An initialiser on a composite reaches the kernels inside it, not its norms."""
    if isinstance(node.callee, Op) and node.callee.family in ("convolution", "separable", "head"):
        return replace(node, init={**node.init, **init})
    return node


def table_of_no_op(op: str, ops: Collection[str], place: Place) -> Diagnostic:
    """The diagnostic for a table in ``[defaults]`` or ``[init]`` by the name of no op."""
    return DefaultsUnknown.at(place.key_span, f"there is no op `{op}`", help=op_remedy(op, ops))
