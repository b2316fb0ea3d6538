"""What must be alike in two parts for one piece of source to serve both: everything but the values of arguments."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from graphbuilder.backends.python.parts import ChainPart, ClassPart, OpPart, Part, RepeatPart, modular
from graphbuilder.ir import Node, Value
from graphbuilder.ir.lowering import Expr, Function, Infix, Inputs, Item, Lowering, Method, Module, TorchCall

OUTSIDE = ""
# Fewer copies are called one by one: those that others read, and those that are but some of a repeat's.
FEWEST_GATHERED = 5
FEWEST_SLICED = 3


def shape_of(part: Part) -> Hashable:
    """What must be alike for one piece of source to serve both parts."""
    match part:
        case OpPart():
            module = part.lowering.module
            made = None if module is None else _call_outline(module)
            results = tuple(map(_outline, part.lowering.results))
            return ("op", made, results, tuple(part.init.items()), part.lowering.helper)
        case ClassPart():
            return ("class", part.owner.name_of(part.body))
        case ChainPart():
            return ("chain", tuple((each.node.name, shape_of(each)) for each in part.parts))
        case RepeatPart():
            return _chain_shape(part) if part.chained else ("repeat", _repeat_shape(part))
        case _:
            raise TypeError(part)


class ChainShape(NamedTuple):
    """The shape of copies in a chain: of each run of copies alike one, without lengths."""

    runs: tuple[Hashable, ...]


def _chain_shape(part: RepeatPart) -> ChainShape:
    shapes = [shape_of(each) for each in part.parts]
    return ChainShape(tuple(shape for index, shape in enumerate(shapes) if index == 0 or shape != shapes[index - 1]))


def _repeat_shape(part: RepeatPart) -> Hashable:
    """A row's or fan's one shape, without lengths; else everything about the body."""
    graph = part.body.graph
    shapes = [shape_of(each) for each in part.parts]
    first = graph.nodes[0]
    if is_fan(part):
        return ("fan", graph.inputs, first.inputs, shapes[0], joining(part.parts[-1]))
    rows = stretches(part)
    if len(rows) == 1 and not rows[0].exported:
        ports = tuple((name, value.port) for name, value in graph.outputs)
        return ("row", graph.inputs, first.inputs, shapes[0], rows[0].carried, rows[0].shared, ports)
    wiring = tuple((part.node.name, part.node.module, part.node.inputs) for part in part.parts)
    return (graph.inputs, tuple(shapes), wiring, graph.outputs)


class Stretch(NamedTuple):
    """Parts ``start`` to ``stop`` of a repeat that one loop can call; a single part is a stretch of its own.

    Attributes:
        carried: for each input of a copy, the port of the copy before it that it reads, or None where it stays.
        shared: whether they are calls of one module.
        exported: the ports that others read of every copy; a loop gathers them in lists.
    """

    start: int
    stop: int
    carried: tuple[str | None, ...] = ()
    shared: bool = False
    exported: tuple[str, ...] = ()


def stretches(part: RepeatPart) -> list[Stretch]:
    """The parts of a repeat that is no chain, cut where a copy is unlike the one before it, or read otherwise."""
    readers = _readers(part)
    found = [Stretch(0, 1)]
    for index in range(1, len(part.parts)):
        link = _link(part.parts[index - 1], part.parts[index], readers)
        last = found[-1]
        if link is None or (last.carried and link != last[2:]):
            found.append(Stretch(index, index + 1))
        else:
            found[-1] = Stretch(last.start, index + 1, *link)
    if part.beyond and not found[-1].carried:
        found[-1] = found[-1]._replace(carried=_carried(part.parts[-2].node, part.parts[-1].node) or ())
    return [each for row in found for each in _worthwhile(row, part, whole=len(found) == 1)]


def _worthwhile(row: Stretch, part: RepeatPart, *, whole: bool) -> list[Stretch]:
    """Few copies are called one by one, which reads better than loops over slices and lists."""
    beyond = part.beyond if row.stop == len(part.parts) else 0
    fewest = FEWEST_GATHERED if row.exported else 1 if whole else FEWEST_SLICED
    if beyond or row.stop - row.start >= fewest:
        return [row]
    return [Stretch(index, index + 1) for index in range(row.start, row.stop)]


def _readers(part: RepeatPart) -> dict[Value, set[str]]:
    readers: dict[Value, set[str]] = {}
    for each in part.parts:
        for value in each.node.inputs:
            readers.setdefault(value, set()).add(each.node.name)
    for _, value in part.body.graph.outputs:
        readers.setdefault(value, set()).add(OUTSIDE)
    return readers


def _link(
    before: Part, part: Part, readers: dict[Value, set[str]]
) -> tuple[tuple[str | None, ...], bool, tuple[str, ...]] | None:
    """How ``part`` follows ``before`` in a loop, or None where it does not."""
    one, other = before.node, part.node
    shared = other.module == one.module
    if not (one.name.isdecimal() and other.name.isdecimal()) or not (shared or (one.owns and other.owns)):
        return None
    if (shape_of(before), forward_values(before)) != (shape_of(part), forward_values(part)):
        return None
    by_port = {port: readers.get(Value(one.name, port), set()) - {other.name} for port in one.results}
    if any(found - {OUTSIDE} for found in by_port.values()):
        return None
    carried = _carried(one, other)
    exported = tuple(port for port, found in by_port.items() if found)
    return (carried, shared, exported) if carried and any(carried) else None


def _carried(before: Node, node: Node) -> tuple[str | None, ...] | None:
    pairs = list(zip(before.inputs, node.inputs, strict=True))
    if any(value.node != before.name and value != held for held, value in pairs):
        return None
    return tuple(value.port if value.node == before.name else None for _, value in pairs)


def is_fan(part: RepeatPart) -> bool:
    """Whether the copies of a repeat stand side by side on the same values and are joined in order."""
    *copies, last = part.parts
    if len(copies) < 2 or joining(last) is None:
        return False
    first = copies[0]
    alike = (shape_of(first), forward_values(first))
    return (
        all(each.node.owns and each.node.inputs == first.node.inputs and len(each.outputs) == 1 for each in copies)
        and modular(first)
        and all((shape_of(each), forward_values(each)) == alike for each in copies)
        and set(first.node.inputs) <= {Value(name) for name in part.body.graph.inputs}
        and last.node.inputs == tuple(Value(each.node.name, each.node.results[0]) for each in copies)
        and [value for _, value in part.body.graph.outputs] == [Value(last.node.name)]
    )


def joining(part: Part) -> str | None:
    """What joins all inputs of a part in order: a function of two values, or of all; None for any other part."""
    match part:
        case OpPart(lowering=Lowering(results=(Infix("+" | "*" as operator, values),))):
            return {"+": "torch.add", "*": "torch.mul"}[operator] if len(values) == len(part.inputs) else None
        case OpPart(lowering=Lowering(results=(Function(TorchCall("torch.cat"), (Inputs(),)),))):
            return "torch.cat"
        case _:
            return None


def _call_outline(call: TorchCall) -> Hashable:
    return (call.target, call.positional, tuple(arg.name for arg in call.args))


def _outline(expr: Expr) -> Hashable:
    """A result without the values of its arguments."""
    match expr:
        case Module(values):
            return ("module", tuple(map(_outline, values)))
        case Function(call, values):
            return ("function", _call_outline(call), tuple(map(_outline, values)))
        case Method(value, call):
            return ("method", _call_outline(call), _outline(value))
        case Infix(operator, values):
            return ("infix", operator, tuple(map(_outline, values)))
        case Item(value, index):
            return ("item", index, _outline(value))
        case _:
            return expr


def forward_values(part: Part) -> Hashable:
    """The values of the arguments that stand in ``forward``; copies must agree in them to share a loop."""
    if not isinstance(part, OpPart):
        return ()
    return tuple(arg.value for result in part.lowering.results for call in torch_calls(result) for arg in call.args)


def makings(part: Part) -> Hashable:
    """Everything that the constructors of a part depend on; calls of one module must agree in it."""
    match part:
        case OpPart() | ClassPart():
            return (shape_of(part), part.call.values if part.call else ())
        case ChainPart():
            return tuple(map(makings, part.parts))
        case RepeatPart():
            return (part.beyond, tuple(map(makings, part.parts)))
        case _:
            raise TypeError(part)


def torch_calls(expr: Expr) -> Iterator[TorchCall]:
    """Every call in a result, its own module's excepted."""
    match expr:
        case Function(call, values):
            yield call
            for value in values:
                yield from torch_calls(value)
        case Method(value, call):
            yield call
            yield from torch_calls(value)
        case Module(values) | Infix(_, values):
            for value in values:
                yield from torch_calls(value)
        case Item(value, _):
            yield from torch_calls(value)
        case _:
            return
