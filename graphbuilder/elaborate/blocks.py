"""Blocks instantiated: for (its args, its input types, what is taken from inside) a block gives the same body, once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Any

from graphbuilder.diagnostics import Label, Meant, Span
from graphbuilder.diagnostics.catalogue.limits import BlocksTooDeep, TooManyNodes
from graphbuilder.diagnostics.catalogue.references import Ambiguous, UnknownBlock
from graphbuilder.diagnostics.nearest import meant, nearest
from graphbuilder.document import Place
from graphbuilder.elaborate.arguments import compute_arguments, freeze
from graphbuilder.elaborate.builder import BodyBuilder, Call
from graphbuilder.elaborate.circles import circle_through, endless
from graphbuilder.elaborate.context import BLIND, BODY, NAME, USE, Context, Trail
from graphbuilder.elaborate.declared import Declared, check_block_arguments, declared_by, is_type, plain_defaults
from graphbuilder.elaborate.faults import note_block
from graphbuilder.elaborate.initialisers import ByOp, over, read_by_op
from graphbuilder.elaborate.joins import branches, check_shortcut, last_place, with_shortcut
from graphbuilder.elaborate.mentions import uses
from graphbuilder.elaborate.misnamed import misnamed_blocks
from graphbuilder.elaborate.missing import missing_blocks, none_of, place_of_use
from graphbuilder.elaborate.misspelt import misspelt_block
from graphbuilder.elaborate.names import Named, name_steps
from graphbuilder.elaborate.origins import NOWHERE, Origin
from graphbuilder.elaborate.outputs import finish, named_outputs, outputs_of, wanted_of
from graphbuilder.elaborate.paths import Tap, all_paths, taps_of
from graphbuilder.elaborate.prune import Pruner
from graphbuilder.elaborate.reading import PortNames, Reading
from graphbuilder.elaborate.repeats import build_repeat, count_copies
from graphbuilder.elaborate.scope import Scope, facts_of
from graphbuilder.elaborate.signals import NOTHING_KNOWN, Signal
from graphbuilder.ir import Graph, Op, TensorType
from graphbuilder.spec.arithmetic import size
from graphbuilder.spec.expressions import Expression
from graphbuilder.spec.model import Block, Step
from graphbuilder.spec.names import INPUT
from graphbuilder.spec.unknown import UNKNOWN

Types = tuple[TensorType | None, ...]


class Blocks:
    """Instantiates blocks and remembers the bodies."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.pruner = Pruner()
        self.declared: dict[Graph, int] = {}
        self.tapped = False  # whether anything was read inside a block
        self._declared: dict[str, Declared] = {}
        self._made: dict[Hashable, Graph | None] = {}
        self._blamed: set[Hashable] = set()  # those with a wrong value, and with where its arguments were written
        self._in_progress: set[Hashable] = set()
        self._too_deep = False  # whether that was told
        self._unknown: set[tuple[Place, str]] = set()  # the steps and names of which it was told that there is none
        self._built: set[str] = set()
        self._circles: dict[str, list[tuple[str, Step]]] = {}
        self._going_round: set[str] = set()  # those of which that was told

    repeat, count = staticmethod(build_repeat), staticmethod(count_copies)

    def ports_of(self, step: Step) -> PortNames | None:
        """The inputs of what a step calls; None for what does not exist, which is reported elsewhere."""
        if step.use is not None:
            return self.ports_of_block(step.blocks[0])
        cls = self.context.ops.get(str(step.op))
        return PortNames(cls.ports, cls.optional, cls.variadic) if cls else None

    def ports_of_block(self, name: str) -> PortNames | None:
        """The inputs of a block, likewise."""
        block = self.context.spec.blocks.get(name)
        known = block is not None and not self.context.unsound(block.place, "inputs")
        return PortNames(input_names(block)) if block and known else None

    @staticmethod
    def ports_of_callee(callee: Op | Graph) -> PortNames:
        """The inputs of an op or body."""
        if isinstance(callee, Op):
            return PortNames(callee.ports, callee.optional, callee.variadic)
        return PortNames(callee.inputs)

    def declared_by(self, callee: Op | Graph) -> int:
        """How many of a callee's outputs are its own, and not taken from inside."""
        return len(callee.results()) if isinstance(callee, Op) else self.declared.get(callee, len(callee.outputs))

    def block_call(
        self, builder: BodyBuilder, step: Step, scope: Scope, reading: Reading, name: str, taps: tuple[Tap, ...]
    ) -> Call | None:
        """The body that ``step`` uses, for its arguments and the types that it reads; None behind a mistake."""
        arguments = compute_arguments(step.args, step.place_of, scope)
        block = self.context.spec.blocks.get(str(step.use))
        if block is None:
            self._report_unknown(builder, step)
            return None
        self.context.spend(USE, step.place)
        own = read_by_op(step.init, step.place_of("init"), scope, self.context.ops)
        if self.context.unsound(block.place, "args") and not self.context.keeps_faults:
            return None
        declared = self._declares(str(step.use), block)
        values, failed = check_block_arguments(str(step.use), block, declared, arguments, step, self.context.sink)
        if scope.blind or self.context.unsound(block.place, "inputs"):
            return None
        names = input_names(block)
        fits = not reading.failed and len(reading.known) == len(names)
        known = tuple(known.type for known in reading.known) if fits else (None,) * len(names)
        if failed and not self.context.keeps_faults:
            return None
        origins = {key: argument.origin for key, argument in arguments.items()}
        trail = builder.trail.into(name, str(step.use), step.place, origins)
        graph = self.instantiate(str(step.use), values, known, taps, trail, over(own, builder.init))
        if graph is None:
            return None
        written = {key: argument.written for key, argument in arguments.items() if argument.written}
        return Call(graph, written, {}, arguments)

    def _declares(self, name: str, block: Block) -> Declared:
        if name not in self._declared:
            self._declared[name] = declared_by(block)
        return self._declared[name]

    @cached_property
    def _uses(self) -> Mapping[str, int]:
        return uses(self.context.spec)

    @cached_property
    def _missing(self) -> Mapping[str, Span]:
        return missing_blocks(self.context.spec, self.context.ops, self._near)

    @cached_property
    def _near(self) -> Callable[[str], str | None]:
        """The block that is called most like a name, looked for once: there may be very many."""
        return cache(partial(nearest, candidates=tuple(self.context.spec.blocks)))

    def _report_unknown(self, builder: BodyBuilder, step: Step) -> None:
        name = str(step.use)
        if ("blocks",) in self.context.spec.unsound or self.context.unsound(step.place):
            return
        if (step.place, name) in self._unknown:  # a list may name very many, and is gone through for the place of each
            return
        self._unknown.add((step.place, name))
        if near := misspelt_block(self.context.spec, self._uses, name):
            place, label = self.context.spec.blocks[near].place, Label(step.place_of("use").span, "used by this name")
            message = f"there is no block `{name}`, and nothing uses this one"
            help_ = Meant((name,), "call it {}")
            self.context.sink.add(UnknownBlock.at(place.key_span, message, related=(label,), help=help_))
            return
        if name in self._missing:
            self.context.sink.add(none_of(self._missing))
            return
        if name in self.context.ops:
            remedy = f'`{name}` is an op: op = "{name}"'
        else:
            near = self._near(name)
            remedy = meant(name, [near] if near else self.context.spec.blocks, f"write [blocks.{name}]")
        builder.report(UnknownBlock.at(place_of_use(step, name), f"there is no block `{name}`", help=remedy))

    def instantiate(
        self, name: str, values: Mapping[str, Any], types: Types, taps: tuple[Tap, ...], trail: Trail, init: ByOp
    ) -> Graph | None:
        """The body of block ``name``; None when it could not be built (reported) or its inputs are not known."""
        self.tapped |= bool(taps)
        use = trail.frames[-1].place
        self.context.params.terms.spend(size(values) + size(init), use)
        key = (name, freeze(values), types, taps, freeze(init))
        given = (key, tuple(origin.place.keys for origin in trail.frames[-1].origins.values()))
        if key in self._made and (key not in self._blamed or given in self._blamed):
            return self._made[key]
        if key in self._in_progress:
            # What counts down may be what could not be read.
            if UNKNOWN not in values.values():
                self._tell_endless(trail)
            return None
        deep = len(trail.frames) > self.context.limits.depth
        if (deep or any(frame.block == name for frame in trail.frames[:-1])) and (circle := self._circle(name)):
            self._tell_circle(circle)
            return None
        if deep:
            self._tell_too_deep(name, use)
            return None
        self.context.spend(BODY, use)
        self._in_progress.add(key)
        traced = self.context.make.traced
        self._made[key] = self._build(name, values, types, taps, trail, self.context.params, init)
        if self.context.make.traced > traced:
            self._blamed |= {key, given}
        self._in_progress.discard(key)
        return self._made[key]

    def _tell_endless(self, trail: Trail) -> None:
        """Tell of the way round to the block that the innermost use is of."""
        name = trail.frames[-1].block
        first = max(index for index, frame in enumerate(trail.frames[:-1]) if frame.block == name)
        circle = trail.frames[first:]
        self.context.sink.add(endless([frame.block for frame in circle[:-1]], [frame.place for frame in circle[1:]]))

    def _tell_too_deep(self, name: str, use: Place) -> None:
        """Tell of the first use that is; what goes round goes deep by all its ways."""
        if not self._too_deep:
            message = f"blocks in blocks are more than {self.context.limits.depth} deep"
            self.context.sink.add(BlocksTooDeep.at(use.span, message, help=BlocksTooDeep.remedy))
        self._too_deep = True

    def _circle(self, name: str) -> list[tuple[str, Step]]:
        """The way by which block ``name`` uses itself whatever comes; empty where there is none."""
        if name not in self._circles:
            self._circles[name] = circle_through(self.context.spec, name)
        return self._circles[name]

    def _tell_circle(self, circle: Sequence[tuple[str, Step]]) -> None:
        """Tell once of blocks that go round; none of them is looked at by itself then."""
        users, uses = [user for user, _ in circle], [step.place for _, step in circle]
        if self._going_round.isdisjoint(users):
            changing = any(isinstance(value, Expression) for _, step in circle for value in step.args.values())
            self.context.sink.add(endless(users, uses, changing=changing))
        self._going_round |= {*users}
        self._built |= {*users}

    def check_rest(self) -> None:
        """Look for mistakes in the blocks of which no body was made, as far as they would be some on any input."""
        passed_over = {*self._built, *misnamed_blocks(self.context.spec)}
        for name in [name for name in self.context.spec.blocks if name not in passed_over]:
            block = self.context.spec.blocks[name]
            self.context.spend(BLIND, block.place)
            values = {declared: UNKNOWN for declared in block.args if is_type(block.args[declared])}
            types = (None,) * len(input_names(block))
            self._build(name, values, types, (), Trail(), self.context.params.blinded(), {})

    def _build(
        self,
        name: str,
        values: Mapping[str, Any],
        types: Types,
        taps: tuple[Tap, ...],
        trail: Trail,
        params: Scope,
        init: ByOp,
    ) -> Graph | None:
        self._built.add(name)
        block = self.context.spec.blocks[name]
        inputs = dict(zip(input_names(block), types, strict=True))
        scope = self._scope(block, values, inputs, params, trail)
        taken = {*inputs, *(block.branches or ()), *_nodes_of(block)}
        named = name_steps(block.before, block.body or [], block.after, taken=taken)
        before, body, after = self.context.needed(*named)
        outputs = wanted_of(block.outputs, block.place_of("outputs"))
        paths = [
            *all_paths(before, body, after),
            *(output.path for output in outputs),
            *(".".join(tap) for tap in taps),
        ]
        builder = BodyBuilder(self, scope, inputs, trail, taps_of(paths, before, body, after), init)
        builder.sources = {name: frame.place for frame in trail.frames[-1:] for name in inputs}
        builder.nameless = self.context.unsound(block.place, "inputs", "before", "body", "branches", "after")
        if before:
            self._fork(builder, block, before)
        last = self._main(builder, block, body)
        if after:
            last = builder.run(after, last, block.place_of("after"), may_be_empty=True)
        given = named_outputs(builder, outputs, taps) if outputs else outputs_of(builder, last, taps)
        if self.context.keeps_faults:
            note_block(builder, block.place)
        elif self.context.unsound(block.place) or (taps and builder.nameless):
            return None
        args = {declared: scope.names[declared] for declared in block.args}
        return self._sized(finish(builder, "block", name, given, args, block.title, plain_defaults(block)), trail)

    @staticmethod
    def _fork(builder: BodyBuilder, block: Block, before: Sequence[Named]) -> None:
        """The steps ahead of the fork, which give one value, or all inputs where every one of them is left out."""
        place = block.place_of("before")
        ahead = builder.run(before, builder.start, place, may_be_empty=True)
        if ahead.outputs is not None and ahead.sole is None and ahead is not builder.start:
            message = f"`before` gives several values: {', '.join([*ahead.outputs][: ahead.declared])}"
            help_ = "end it with a step that gives one"
            builder.report(Ambiguous.at((place / (len(before) - 1)).span, message, help=help_))
            ahead = NOTHING_KNOWN
        builder.begin_with(ahead)

    @staticmethod
    def _main(builder: BodyBuilder, block: Block, body: Sequence[Named]) -> Signal:
        """What the branches give, or the body and its shortcut."""
        if block.branches is not None:
            return branches(builder, block)
        last = builder.run(body, builder.fork, block.place_of("body"))
        kept = block.shortcut is not None and builder.condition(block.shortcut_when, block, "shortcut_when")
        if kept is False:
            return last
        if kept is None:
            check_shortcut(builder, block)
            return NOTHING_KNOWN if block.merge == "concat" else last
        last = with_shortcut(builder, block, last, last_place(block.body or [], block))
        builder.signals["merge"] = last
        return last

    def _scope(
        self,
        block: Block,
        values: Mapping[str, Any],
        inputs: Mapping[str, TensorType | None],
        params: Scope,
        trail: Trail,
    ) -> Scope:
        """Params, then the inputs' channels and shapes, then arguments and lets in the order written."""
        scope = params.child(**input_facts(inputs))
        scope.ways = trail.ways
        origins = trail.frames[-1].origins if trail.frames else NOWHERE
        if self.context.unsound(block.place, "args", "let", "inputs"):
            scope = scope.opened()
        declarations, lets = block.place_of("args"), block.place_of("let")
        for declared, default in block.args.items():
            place = declarations / declared
            given = declared in values
            row = (values[declared], origins.get(declared)) if given else self._computed(scope, default, place)
            scope = self._named(scope, place, *row)
        for let, raw in block.let.items():
            place = lets / let
            scope = self._named(scope, place, *self._computed(scope, raw, place))
        return scope

    def _computed(self, scope: Scope, raw: Any, place: Place) -> tuple[Any, Origin]:
        """What a name is whose value stands at ``place``, and where that was written."""
        self.context.params.terms.count(NAME)
        return scope.compute(raw, place), scope.origin(raw, place)

    def _named(self, scope: Scope, place: Place, value: Any, origin: Origin | None) -> Scope:
        """``scope`` with one more name; where that cannot be one, it misses none any more."""
        scope.add(str(place.keys[-1]), value, origin)
        return scope.opened() if self.context.marks and self.context.unsound(place) else scope

    def _sized(self, graph: Graph | None, trail: Trail) -> Graph | None:
        if graph is None or self.context.size(graph) <= self.context.limits.nodes:
            return graph
        place = trail.frames[-1].place
        limit = self.context.limits.nodes
        message = f"written out, this is more than the limit of {limit} operations"  # the rest is not looked at
        self.context.sink.add(TooManyNodes.at(place.span, message, help=TooManyNodes.remedy))
        return None


def _nodes_of(block: Block) -> tuple[str, ...]:
    """The names of what joins and forks, which no step may have."""
    words = {"shortcut": block.shortcut, "merge": block.shortcut or block.merge, "before": block.before}
    return tuple(word for word, written in words.items() if written)


def input_names(block: Block) -> tuple[str, ...]:
    """The names of a block's inputs; the one that has no name is ``in``."""
    return tuple(block.inputs or (INPUT,))


def input_facts(inputs: Mapping[str, TensorType | None]) -> dict[str, Any]:
    """``in_channels`` and ``in_shape`` of a block's only input, ``x_channels`` and ``x_shape`` of a named one."""
    facts: dict[str, Any] = {}
    for name, type_ in inputs.items():
        for prefix in {name, INPUT} if len(inputs) == 1 else {name}:
            facts |= facts_of(prefix, type_)
    return facts
