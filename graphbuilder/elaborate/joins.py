"""Shortcuts and branches: side paths of a block and the node that joins them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from graphbuilder.diagnostics import Diagnostic, Label
from graphbuilder.diagnostics.catalogue.references import Ambiguous, CannotProject
from graphbuilder.document import Place
from graphbuilder.elaborate.arguments import Argument
from graphbuilder.elaborate.context import INNER
from graphbuilder.elaborate.faults import errors_at, keep_fault, keep_node, taken, values_of
from graphbuilder.elaborate.names import name_steps
from graphbuilder.elaborate.outputs import finish, outputs_of
from graphbuilder.elaborate.paths import ambiguous
from graphbuilder.elaborate.reading import Reading
from graphbuilder.elaborate.remedies import instead, of_paths, of_side_paths, of_two
from graphbuilder.elaborate.signals import NOTHING_KNOWN, Known, Signal, single
from graphbuilder.ir import Graph, Node, Op, OpError, TensorType, Value
from graphbuilder.spec.model import Block, Step

if TYPE_CHECKING:
    from graphbuilder.elaborate.builder import BodyBuilder

# Of very many values that do not fit, those that are told.
_TOLD = 20


class Path(NamedTuple):
    """One of the values that meet: what it is called in an error, what it gives, where it was written, and the step or
    side path that gives it."""

    label: str
    signal: Signal
    place: Place
    step: str


def join(builder: BodyBuilder, op: str, paths: Sequence[Path], place: Place) -> Signal:
    """The node ``merge`` over ``paths``; nothing known when one of them is not."""
    signal = _joined(builder, op, paths, place)
    if signal.outputs is None and builder.context.keeps_faults:
        read = [value for path in paths for value in values_of(builder, path.signal, path.step)]
        around = Place(place.document, place.keys[:2])
        keep_fault(builder, "merge", op, place, read, taken(builder, around))
        builder.sketch.last = "merge"
    return signal


def _joined(builder: BodyBuilder, op: str, paths: Sequence[Path], place: Place) -> Signal:
    if builder.context.unsound(Place(place.document, (*place.keys[:-1], "merge"))):
        return NOTHING_KNOWN
    known = _soles(builder, paths)
    sure = [each for each in known if each is not None]
    if len(sure) != len(known):
        return NOTHING_KNOWN
    callee = builder.context.make.make(builder.context.ops[op], builder.context.arguments_of(op, place), place)
    reading = Reading(tuple(sure), NOTHING_KNOWN)
    if callee is None or reading.types is None:
        return NOTHING_KNOWN
    try:
        callee.infer(reading.types)
    except OpError as error:
        _report(builder, error, paths, reading.types, place)
        return NOTHING_KNOWN
    node = Node("merge", callee, tuple(each.value for each in sure), "merge", place=place)
    return builder.append(node, reading, place)


def _soles(builder: BodyBuilder, paths: Sequence[Path]) -> list[Known | None]:
    """What each of ``paths`` gives; several values are a mistake, told once of copies that stand at one place."""
    signals = {path.place.keys: path for path in reversed(paths)}
    for label, signal, place, _ in reversed(signals.values()):
        if signal.outputs is not None and signal.sole is None:
            ports = ", ".join([*signal.outputs][: signal.declared])
            message = f"{label} gives several values: {ports}"
            builder.report(Ambiguous.at(place.span, message, help="end it with a step that gives one"))
    return [path.signal.sole for path in paths]


def _report(
    builder: BodyBuilder, error: OpError, paths: Sequence[Path], types: Sequence[TensorType], place: Place
) -> None:
    """Both places, both shapes: the last of the paths that disagree carries the error, the others stand beside it."""
    blamed = error.inputs or tuple(range(len(paths)))
    first, last = blamed[0], blamed[-1]
    others = [
        at for at, type_ in enumerate(types) if at not in blamed and not _agrees(type_, types[first], types[last])
    ]
    told = (*others[:_TOLD], *blamed[:-1][:_TOLD], last)
    labels = [Label(paths[at].place.span, f"{paths[at].label} gives {types[at]}") for at in told]
    *related, primary = labels
    left = len(others) + len(blamed) - len(told)
    places = [path.place for path in paths]
    untried = [*of_side_paths(places, types, blamed, places[last]), *of_paths(builder, types, place)]
    untried += of_two(combinations(of_side_paths(places, types, range(len(paths)), places[last]), 2))
    if place.keys[-1] == "shortcut":
        untried = [*instead(place, '"project"', 'write shortcut = "project"'), *untried]
    builder.report(
        error.rule.at(
            primary.span,
            error.message,
            label=primary.text,
            related=tuple(related),
            notes=(f"{left:,} more have other shapes",) if left else (),
            help=error.help,
            untried=tuple(untried),
        )
    )


def _agrees(type_: TensorType, *others: TensorType) -> bool:
    """Whether a value has the sizes of one of ``others``, whatever its channels."""
    return any(type_.spatial == other.spatial for other in others)


def with_shortcut(builder: BodyBuilder, block: Block, main: Signal, last: Place) -> Signal:
    """The join of a block's body with its shortcut; a concatenation puts the shortcut first."""
    place = block.place_of("shortcut")
    body = Path("the body", main, last, builder.sketch.last)
    if not isinstance(block.shortcut, list) and builder.fork.outputs is not None and builder.fork.sole is None:
        builder.report(_which_input(builder.fork, str(block.shortcut), place))
        return NOTHING_KNOWN
    match block.shortcut:
        case "identity":
            side = builder.fork
        case "project":
            side = _project(builder, main, place, last)
        case steps:
            side = branch(builder, "shortcut", steps or [], place)
    if side.outputs is None and builder.context.keeps_faults:
        word = "shortcut" if isinstance(block.shortcut, list) else str(block.shortcut)
        read = values_of(builder, builder.fork, "before")
        keep_fault(builder, "shortcut", word, place, read, errors_at(builder, place))
    paths = [body, Path("the shortcut", side, place, "shortcut")]
    op = block.merge or "add"
    return join(builder, op, paths[::-1] if op == "concat" else paths, place)


def _which_input(fork: Signal, shortcut: str, place: Place) -> Diagnostic:
    """The diagnostic for a shortcut of a block with several inputs that says not which of them it is."""
    message = (
        f'"{shortcut}" is the way around of one input, and this block has several: {", ".join(fork.outputs or {})}'
    )
    steps = [f'[{{ op = "identity", from = "{name}" }}]' for name in fork.outputs or {}]
    untried = [remedy for each in steps for remedy in instead(place, each, f"write shortcut = {each}")]
    return Ambiguous.at(place.span, message, help="a shortcut may be steps", untried=tuple(untried))


def check_shortcut(builder: BodyBuilder, block: Block) -> None:
    """Look for mistakes in the steps of a shortcut of which nobody knows whether it is there."""
    if isinstance(block.shortcut, list):
        branch(builder, "shortcut", block.shortcut, block.place_of("shortcut"))


def branches(builder: BodyBuilder, block: Block) -> Signal:
    """The named branches of a block, joined in the order written."""
    place = block.place_of("branches")
    paths: list[Path] = []
    for name, steps in (block.branches or {}).items():
        side = branch(builder, name, steps, place / name, joined=bool(block.merge))
        paths.append(Path(f"`{name}`", side, place / name, name))
    for path, name in zip(paths, block.branches or {}, strict=True):
        builder.signals[name] = path.signal
    if not block.merge:
        known = not builder.context.unsound(block.place, "merge")
        return _side_by_side(builder, paths) if known else NOTHING_KNOWN
    builder.signals["merge"] = join(builder, block.merge, paths, place)
    return builder.signals["merge"]


def _side_by_side(builder: BodyBuilder, paths: Sequence[Path]) -> Signal:
    """Branches that are not joined: each is an output, by its name."""
    known = {path.step: each for path, each in zip(paths, _soles(builder, paths), strict=True) if each is not None}
    return Signal(known, len(known)) if len(known) == len(paths) else NOTHING_KNOWN


def branch(builder: BodyBuilder, name: str, steps: Sequence[Step], place: Place, *, joined: bool = True) -> Signal:
    """A child body ``name`` that begins with the fork; it sees its own steps, the fork and the block's inputs.

    One that is ``joined`` with others may have all its steps left out: no body, but what those would have read.
    """
    builder.context.spend(INNER, place)
    taps = builder.taps.get(name, ())
    taken = {*builder.inputs, "before"} if builder.forked else builder.inputs
    (named,) = builder.context.needed(*name_steps(steps, taken=taken))
    inner = builder.child(named, taps)
    out = inner.run(named, inner.fork, place, may_be_empty=joined)
    if named and inner.passes_on(named):
        return _passed_on(builder, out, place)
    graph = finish(inner, "branch", name, outputs_of(inner, out, taps))
    if graph is None:
        return NOTHING_KNOWN
    if builder.context.keeps_faults and graph in builder.context.faulty:
        read = [value for port in graph.inputs for value in _drawn_outside(builder, port)]
        keep_node(builder, Node(name, graph, tuple(read), name, place=place))
        return NOTHING_KNOWN
    known = tuple(_outside(builder, port) for port in graph.inputs)
    node = Node(name, graph, tuple(each.value for each in known), name, place=place)
    return builder.append(node, Reading(known, NOTHING_KNOWN), place)


def _passed_on(builder: BodyBuilder, out: Signal, place: Place) -> Signal:
    """The value of the block that a side path without steps passes on."""
    if out.outputs is not None and out.sole is None:
        builder.report(ambiguous("", out, place))
    return single(_outside(builder, out.sole.value.node)) if out.sole else NOTHING_KNOWN


def _outside(builder: BodyBuilder, port: str) -> Known:
    """What a side path's input is in the block around it."""
    known = Known(Value(port), builder.inputs[port]) if port in builder.inputs else builder.fork.sole
    assert known is not None, "a side path that reads a fork of which nothing is known is not built"
    return known


def _drawn_outside(builder: BodyBuilder, port: str) -> tuple[Value, ...]:
    """What stands in the block around it for a side path's input."""
    return (Value(port),) if port in builder.inputs else values_of(builder, builder.fork, "before")[:1]


def _project(builder: BodyBuilder, main: Signal, place: Place, last: Place) -> Signal:
    """The identity where sizes and channels stay, else a strided 1x1 convolution and the file's batch norm."""
    source, target = builder.fork.sole, main.sole
    if source is None or source.type is None or target is None or target.type is None:
        return NOTHING_KNOWN
    if source.type.layout == "last" or not source.type.spatial:
        message = f"the shortcut cannot project {source.type}: that is no map with channels first"
        builder.report(CannotProject.at(place.span, message, help="a shortcut may be steps"))
        return NOTHING_KNOWN
    behind = builder.nodes[builder.ahead :]
    starts = _types_ahead(builder, {node.name for node in behind})
    stride = builder.context.strides.between(starts, behind, target.value)
    if _larger(source.type, target.type, stride):
        label = Label(last.span, f"the body gives {target.type}")
        why, steps = _unprojected(source.type, target.type)
        message = f"the shortcut cannot project {source.type} to {target.type}: {why}"
        untried = tuple(instead(place, steps, f"write the shortcut as steps: shortcut = {steps}"))
        builder.report(CannotProject.at(place.span, message, related=(label,), untried=untried))
        return NOTHING_KNOWN
    if set(stride) == {1} and source.type.channels == target.type.channels:
        return builder.fork
    return _projection(builder, source, target.type.channels, stride, place)


def _types_ahead(builder: BodyBuilder, behind: Collection[str]) -> dict[Value, TensorType]:
    """The types of the values that the paths of a body may begin with."""
    rows = builder.types.items()
    return {value: type_ for value, type_ in rows if type_ is not None and value.node not in behind}


def _larger(source: TensorType, target: TensorType, stride: tuple[int, ...]) -> bool:
    """Whether a body gives more places on an axis than any projection with its stride could, or none can be told."""
    if target.layout == "last" or len(target.spatial) != len(source.spatial):
        return False
    if len(stride) != len(source.spatial):
        return True
    axes = zip(source.spatial, target.spatial, stride, strict=True)
    return any(after > -(-before // step) for before, after, step in axes)


def _unprojected(source: TensorType, target: TensorType) -> tuple[str, str]:
    """Why no projection gives ``target``, and a shortcut that does, as a spec has it."""
    pairs = list(zip(source.spatial, target.spatial, strict=True))
    strides = tuple(-(-before // after) for before, after in pairs)
    if any(after > before for before, after in pairs):
        return "a projection enlarges nothing", _enlarging(source, target)
    why = "its stride cannot be told, since paths of the body stride differently"
    if any(-(-before // stride) != after for (before, after), stride in zip(pairs, strides, strict=True)):
        return why, _enlarging(source, target)
    conv = f'{{ op = "conv", out = {target.channels}, kernel = 1, stride = {_scalar(strides)}, bias = false }}'
    return why, f'[{conv}, {{ op = "batchnorm" }}]'


def _enlarging(source: TensorType, target: TensorType) -> str:
    """A shortcut that resizes to what ``target`` has."""
    sizes = f"[{', '.join(map(str, target.spatial))}]"
    project = f', {{ op = "conv", out = {target.channels}, kernel = 1 }}' if source.channels != target.channels else ""
    return f'[{{ op = "resize", size = {sizes} }}{project}]'


def _projection(builder: BodyBuilder, source: Known, channels: int, stride: tuple[int, ...], place: Place) -> Signal:
    assert source.type is not None
    conv = _make(builder, "conv", {"out": channels, "kernel": 1, "stride": _scalar(stride), "bias": False}, place)
    norm = _make(builder, "batchnorm", {}, place)
    if conv is None or norm is None:
        return NOTHING_KNOWN
    (given,) = conv.infer((source.type,))
    start = source.value if source.value.node in builder.inputs else Value("before")
    nodes = (
        Node("conv", conv, (start,), "conv", init=builder.init_of(conv, (source.type,)), place=place),
        Node("batchnorm", norm, (Value("conv"),), "batchnorm", init=builder.init_of(norm, (given,)), place=place),
    )
    graph = Graph("branch", "shortcut", (start.node,), nodes, (("out", Value("batchnorm")),))
    return builder.append(
        Node("shortcut", graph, (source.value,), "shortcut", place=place), Reading((source,), NOTHING_KNOWN), place
    )


def _make(builder: BodyBuilder, op: str, args: dict[str, object], place: Place) -> Op | None:
    """An op of the projection; only the norm follows the file's defaults."""
    base = builder.context.arguments_of(op, place) if op == "batchnorm" else {}
    given = {name: Argument(value, place, None) for name, value in args.items()}
    return builder.context.make.make(builder.context.ops[op], {**base, **given}, place)


def _scalar(stride: tuple[int, ...]) -> int | list[int]:
    return stride[0] if len(set(stride)) == 1 else list(stride)


def last_place(steps: Sequence[Step], block: Block) -> Place:
    """Where the last step of a body stands."""
    return steps[-1].place if steps else block.place
