"""Which kernels a step of training runs at least: forward and backward, norms by the statistics of the batch.

The update of weights is left out: it moves some hundredths of what activations do. By what is fused:

- ``nothing``: every op by itself, as in eager mode; where a value is read twice, its gradients are added by a kernel.
- ``elementwise``: a norm reads its input for statistics and once more to be applied, activations and sums included; its
  derivative is two passes as well. Gradients are added where one of them is made. This is what compilers of graphs do.
- ``separable``: depthwise convolutions and norms by kernels of their own, products of matrices by a library's: norms
  are applied where a depthwise convolution reads them, whose derivative is one kernel that sums up for theirs.
- ``blocks``: statistics are taken where a map is made and norms applied wherever it is read; the derivative of a
  convolution is one kernel; what lies between the halves of a separable convolution is computed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from graphbuilder.analysis.roofline.calls import Call, Flow
from graphbuilder.analysis.roofline.kernels import Fusion, Kernel
from graphbuilder.ops.join import Add, Sub
from graphbuilder.ops.normalisation import BatchNorm
from graphbuilder.ops.pooling import MaxPool
from graphbuilder.ops.regularisation import Dropout, DropPath

_PLACE, _FULL_PLACE = 1, 8  # bytes of a place in a pool's window, and as eager mode keeps it
_SUMS = (Add, Sub)


def learned(calls: Flow, fusion: Fusion) -> tuple[Kernel, ...]:
    """The kernels of one step on ``calls``, which are those of training; at the path of an op stand those of its
    derivative, too."""
    return tuple(_alone(calls)) if fusion == "nothing" else _Step(calls, fusion).kernels()


class _Sizes(NamedTuple):
    """Elements of one call: read (of each input), all together, written; and whether it is a product with weights."""

    inputs: tuple[int, ...]
    x: int
    y: int
    learns: bool
    multiplies: bool


def _sizes(call: Call) -> _Sizes:
    work = call.work
    multiplies = work.matrix > 0 or work.kind == "depthwise"
    return _Sizes(work.reads, sum(work.reads), work.writes, multiplies and work.weights > 0, multiplies)


def _reached(calls: Flow) -> set[int]:
    """The values that have a gradient: those that weights had a part in."""
    found: set[int] = set()
    for call in calls.calls:
        if call.work.weights or not found.isdisjoint(call.inputs):
            found.update(call.outputs)
    return found


def _by_element(call: Call) -> bool:
    if isinstance(call.op, Dropout | DropPath):
        return call.op.rate > 0
    return call.work.kind == "elementwise" and not isinstance(call.op, BatchNorm)


def _is_view(call: Call) -> bool:
    return call.work.kind == "nothing" and not _by_element(call)


def _forked(calls: Flow, call: Call, reached: set[int]) -> int:
    """The elements of gradients beyond the first, of what ``call`` gives."""
    more = (calls.elements[value] * max(0, calls.readers[value] - 1) for value in call.outputs if value in reached)
    return sum(more)


def _alone(calls: Flow) -> Iterator[Kernel]:
    reached = _reached(calls)
    for call in calls.calls:
        if not _is_view(call):
            yield from _forward_alone(call, calls)
            yield from _backward_alone(call, calls, reached)
        if more := _forked(calls, call, reached):
            yield Kernel(call.path, 2 * more, more, 0, 0, more)


def _forward_alone(call: Call, calls: Flow) -> Iterator[Kernel]:
    work, size = call.work, _sizes(call)
    x, y = size.x or _read(call, calls), size.y or _read(call, calls)
    if isinstance(call.op, BatchNorm):
        yield Kernel(call.path, x, 0, 0, 0, 2 * x)
    kept = _FULL_PLACE * y if isinstance(call.op, MaxPool) else 0
    yield Kernel(call.path, x, y, work.weights, work.matrix, work.vector, kept)


def _backward_alone(call: Call, calls: Flow, reached: set[int]) -> Iterator[Kernel]:
    work, size = call.work, _sizes(call)
    wanted = [value for value in call.inputs if value in reached]
    x = sum(calls.elements[value] for value in wanted)
    if isinstance(call.op, BatchNorm):
        yield Kernel(call.path, 2 * size.y, 0, 0, 0, 2 * size.y)
        yield from (Kernel(call.path, 2 * size.y, size.y, work.weights, 0, 2 * size.y) for _ in wanted)
    elif size.learns:
        yield Kernel(call.path, size.y + size.x, 0, work.weights, work.matrix, work.vector)
        if wanted:
            yield Kernel(call.path, size.y, x, work.weights, work.matrix, work.vector)
    elif wanted and not isinstance(call.op, _SUMS):
        yield from _plain(call, calls, wanted, _FULL_PLACE)


def _plain(call: Call, calls: Flow, wanted: Sequence[int], place: int) -> Iterator[Kernel]:
    """The derivative of what has no weights that are multiplied: of a product one for each factor."""
    work, size = call.work, _sizes(call)
    x, y = sum(calls.elements[value] for value in wanted), size.y or _read(call, calls)
    if size.multiplies:
        for value in wanted:
            yield Kernel(call.path, y + size.x - calls.elements[value], calls.elements[value], 0, work.matrix, 0)
        return
    keeps = call.work.kind != "concat" and call.op.family not in ("pooling", "shape")
    kept = place * y if isinstance(call.op, MaxPool) else 0
    yield Kernel(call.path, y + (x if keeps else 0), x, work.weights, 0, work.vector, kept)


def _read(call: Call, calls: Flow) -> int:
    return sum(calls.elements[value] for value in call.inputs)


class _Step:
    """Goes through the calls; each adds kernels for itself and its derivative, or its work to kernels that are there.

    ``_makers`` has the kernel that writes a value and may still take a sum over; ``_raw`` the norm of values that are
    in memory as they were ahead of it.
    """

    def __init__(self, calls: Flow, fusion: Fusion) -> None:
        self._flow, self._fusion = calls, fusion
        self._reached = _reached(calls)
        self._fed = _fed(calls)
        self._behind: Mapping[int, list[Call]] = _behind(calls)
        self._kernels: list[Kernel] = []
        self._makers: dict[int, int] = {}
        self._raw: dict[int, Call] = {}
        self._applied: set[str] = set()
        self._halves: dict[int, int] = {}

    def kernels(self) -> tuple[Kernel, ...]:
        for call in self._flow.calls:
            self._place(call)
            if (more := _forked(self._flow, call, self._reached)) and self._kernels:
                self._more(len(self._kernels) - 1, more)
        for value in self._flow.given:
            self._apply(value)
        return tuple(self._kernels)

    def _place(self, call: Call) -> None:
        if isinstance(call.op, BatchNorm):
            self._norm(call)
        elif _is_view(call) or _by_element(call):
            self._follow(call)
        elif call.work.kind == "join":
            self._join(call)
        elif call.work.kind == "concat":
            self._concat(call)
        else:
            self._compute(call)

    def _follow(self, call: Call) -> None:
        """What works on each element by itself is done by whoever reads it."""
        if not call.inputs:
            return
        source = call.inputs[0]
        if source in self._raw:
            self._raw |= dict.fromkeys(call.outputs, self._raw[source])
        if (maker := self._open(source)) is not None and len(call.outputs) == 1:
            self._makers[call.outputs[0]] = maker

    def _norm(self, call: Call) -> None:
        (source,), (result,), y = call.inputs, call.outputs, call.work.writes
        maker = self._open(source)
        self._apply(source)
        if self._fusion != "blocks":
            self._add(call, y, 0)
        if self._fusion == "elementwise":
            self._makers[result] = self._add(call, y, y)
        else:
            self._raw[result] = call
        if self._fusion != "separable" or result not in self._fed:
            self._add(call, 2 * y, 0)
        if self._fusion == "blocks" and maker is not None:
            self._makers[result] = maker
        elif source in self._reached:
            self._add(call, 2 * y, y)

    def _join(self, call: Call) -> None:
        work, result = call.work, call.outputs[0]
        for number, value in enumerate(call.inputs):
            maker = self._open(value) if self._flow.elements[value] == work.writes else None
            if maker is not None and (self._fusion == "blocks" or value not in self._raw):
                self._more(maker, sum(work.reads) - work.reads[number])
                break
        else:
            maker = self._add(call, sum(work.reads), work.writes)
        self._makers[result] = maker
        wanted = [value for value in call.inputs if value in self._reached]
        if wanted and not isinstance(call.op, _SUMS):
            self._kernels += _plain(call, self._flow, wanted, _PLACE)

    def _concat(self, call: Call) -> None:
        """Parts are written where they are joined, and their gradients read there."""
        raw = [self._raw[value] for value in call.inputs if value in self._raw]
        if raw and self._fusion == "blocks":
            self._raw[call.outputs[0]] = raw[0]
            return
        for value in call.inputs:
            self._apply(value)

    def _compute(self, call: Call) -> None:
        work, size = call.work, _sizes(call)
        is_depthwise = work.kind == "depthwise"
        if self._fusion != "blocks" and not is_depthwise:
            for value in call.inputs:
                self._apply(value)
        source = call.inputs[0] if call.inputs else -1
        half = self._halves.get(source) if self._open(source) is not None and source not in self._raw else None
        if self._fusion == "blocks" and work.kind == "pointwise" and half is not None:
            self._join_halves(call, half)
            return
        kept = _PLACE * size.y if isinstance(call.op, MaxPool) else 0
        self._kernels.append(Kernel(call.path, size.x, size.y, work.weights, work.matrix, work.vector, kept))
        self._makers |= dict.fromkeys(call.outputs, len(self._kernels) - 1)
        if is_depthwise:
            self._halves[call.outputs[0]] = len(self._kernels) - 1
        self._back(call)

    def _join_halves(self, call: Call, half: int) -> None:
        """The pointwise half goes into the kernels of the depthwise one, which write and read what it gives instead."""
        work, gradient = call.work, self._gradient(call)
        forward, back = self._kernels[half], self._kernels[half + 1]
        again = forward.vector
        self._kernels[half] = forward._replace(
            writes=work.writes, weights=forward.weights + work.weights, matrix=work.matrix
        )
        self._kernels[half + 1] = back._replace(
            reads=back.reads - work.reads[0] + gradient,
            weights=back.weights + 2 * work.weights,
            matrix=2 * work.matrix,
            vector=back.vector + again,
        )
        self._makers[call.outputs[0]] = half

    def _back(self, call: Call) -> None:
        work, size, gradient = call.work, _sizes(call), self._gradient(call)
        wanted = [value for value in call.inputs if value in self._reached]
        x = sum(self._flow.elements[value] for value in wanted)
        if not size.learns:
            self._kernels += _plain(call, self._flow, wanted, _PLACE) if wanted else ()
        elif self._fusion == "blocks" or (self._fusion == "separable" and work.kind == "depthwise"):
            times = 2 if wanted else 1
            products = times * work.matrix, times * work.vector
            self._kernels.append(Kernel(call.path, gradient + size.x, x, times * work.weights, *products))
        else:
            first = size.y if wanted else gradient
            self._kernels.append(Kernel(call.path, first + size.x, 0, work.weights, work.matrix, work.vector))
            if wanted:
                self._kernels.append(Kernel(call.path, gradient, x, work.weights, work.matrix, work.vector))

    def _gradient(self, call: Call) -> int:
        """What is read for the gradient of a convolution's result: with the result itself where the sign of that, or
        a norm's derivative, is taken on the way."""
        behind = self._behind.get(call.outputs[0], [])
        normed = self._fusion == "blocks" and any(isinstance(each.op, BatchNorm) for each in behind)
        return call.work.writes * (2 if len(behind) == 1 and (normed or _by_element(behind[0])) else 1)

    def _apply(self, value: int) -> None:
        """Have ``value`` in memory with its norm applied."""
        norm = self._raw.pop(value, None)
        if norm is not None and norm.path not in self._applied:
            self._applied.add(norm.path)
            self._makers[value] = self._add(norm, norm.work.writes, norm.work.writes)

    def _add(self, call: Call, reads: int, writes: int) -> int:
        self._kernels.append(Kernel(call.path, reads, writes, 0, 0, reads))
        return len(self._kernels) - 1

    def _more(self, kernel: int, reads: int) -> None:
        self._kernels[kernel] = self._kernels[kernel]._replace(reads=self._kernels[kernel].reads + reads)

    def _open(self, value: int) -> int | None:
        """The kernel that makes ``value``, if nothing else reads what it makes."""
        return self._makers.get(value) if self._flow.readers[value] == 1 else None


def _behind(calls: Flow) -> Mapping[int, list[Call]]:
    found: dict[int, list[Call]] = defaultdict(list)
    for call in calls.calls:
        for value in call.inputs:
            found[value].append(call)
    return found


def _fed(calls: Flow) -> set[int]:
    """The values that a depthwise convolution reads, activations and sums on the way included."""
    found: set[int] = set()
    for call in reversed(calls.calls):
        passes = _is_view(call) or _by_element(call) or call.work.kind == "join"
        if call.work.kind == "depthwise" or (passes and not found.isdisjoint(call.outputs)):
            found.update(call.inputs)
    return found
