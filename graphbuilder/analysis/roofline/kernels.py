"""Which kernels a device runs, where one kernel does what others would: from every op by itself to a block in one.

No fusion computes anything twice: the halo that tiles of a fused block share is not charged, so a floor stays one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.roofline.calls import Call, Flow, flow

Fusion = Literal["nothing", "elementwise", "separable", "blocks"]
"""What is fused; each fuses what those before it do, but for ``blocks`` across a block's border.

- ``nothing``: every op is a kernel of its own, as in eager mode.
- ``elementwise``: norms, activations and sums are done where a value is made or read; a concatenation is written in
  place. This is what compilers of graphs do.
- ``separable``: a depthwise convolution and the 1x1 convolution behind it are one kernel.
- ``blocks``: a block that joins its ways (a residual, a module of branches) is one kernel.
"""
FUSIONS: tuple[Fusion, ...] = get_args(Fusion)


class Kernel(NamedTuple):
    """What one launch does, for one sample; ``weights`` are elements read once a batch.

    ``path`` is that of its first call, or of the block that it does; ``places`` are bytes of the places of maxima,
    whose width is their own.
    """

    path: str
    reads: int
    writes: int
    weights: int
    matrix: int
    vector: int
    places: int = 0


def kernels(typed: TypedGraph, fusion: Fusion) -> tuple[Kernel, ...]:
    """The kernels of an evaluation, in the order of the graph."""
    return planned(flow(typed), fusion)


def planned(calls: Flow, fusion: Fusion) -> tuple[Kernel, ...]:
    """The kernels of calls that are known already."""
    if fusion == "nothing":
        return tuple(_alone(call) for call in calls.calls if call.work.kind != "nothing")
    return tuple(_Plan(calls, fusion).kernels())


def _alone(call: Call) -> Kernel:
    work = call.work
    return Kernel(call.path, sum(work.reads), work.writes, work.weights, work.matrix, work.vector)


@dataclass
class _Draft:
    """A kernel that may still take something over."""

    path: str
    region: str = ""
    depthwise: bool = False
    reads: int = 0
    writes: int = 0
    weights: int = 0
    matrix: int = 0
    vector: int = 0
    seen: set[int] = field(default_factory=set[int])

    def compute(self, call: Call) -> None:
        self.weights += 0 if call.work.kind == "elementwise" else call.work.weights
        self.matrix += call.work.matrix
        self.vector += call.work.vector

    def finished(self) -> Kernel:
        return Kernel(self.path, self.reads, self.writes, self.weights, self.matrix, self.vector)


class _Plan:
    """Goes through the calls and gives each to a kernel: one that is there already, or a new one.

    ``_makers`` has, for a value that one kernel writes and nothing has to be read from elsewhere, that kernel. A value
    in ``_unmade`` is never in memory: whoever reads it computes it from its source, at no cost in bytes.
    """

    def __init__(self, calls: Flow, fusion: Fusion) -> None:
        self._flow = calls
        self._separable = fusion != "elementwise"
        self._regions = fusion == "blocks"
        self._drafts: list[_Draft] = []
        self._makers: dict[int, _Draft] = {}
        self._unmade: dict[int, Call] = {}
        self._blocks: dict[str, _Draft] = {}
        self._outside: Mapping[str, Mapping[int, bool]] = _outside(calls) if self._regions else {}

    def kernels(self) -> Iterator[Kernel]:
        for call in self._flow.calls:
            self._place(call)
        for value in self._flow.given:
            self._make(value)
        return (draft.finished() for draft in self._drafts)

    def _place(self, call: Call) -> None:
        if self._regions and call.region:
            self._in_block(call)
            return
        match call.work.kind:
            case "nothing":
                self._pass_on(call)
            case "elementwise":
                self._by_element(call)
            case "join":
                self._join(call)
            case "concat":
                for value in call.inputs:
                    self._make(value)
            case _:
                self._compute(call)

    def _pass_on(self, call: Call) -> None:
        if not call.inputs:
            return
        (source, *_), whole = call.inputs, len(call.outputs) == 1
        if source in self._unmade:
            self._unmade |= dict.fromkeys(call.outputs, self._unmade[source])
        elif whole and (maker := self._open(source)):
            self._makers[call.outputs[0]] = maker

    def _by_element(self, call: Call) -> None:
        (source,), (result,) = call.inputs, call.outputs
        if maker := self._open(source):
            maker.compute(call)
            self._makers[result] = maker
        else:
            self._unmade[result] = call

    def _join(self, call: Call) -> None:
        for number, value in enumerate(call.inputs):
            if self._flow.elements[value] == call.work.writes and (maker := self._open(value)):
                maker.compute(call)
                maker.reads += sum(call.work.reads[:number]) + sum(call.work.reads[number + 1 :])
                self._makers[call.outputs[0]] = maker
                return
        self._compute(call)

    def _compute(self, call: Call) -> None:
        """A kernel for ``call``, or the depthwise one ahead of it."""
        maker = self._open(call.inputs[0]) if call.inputs else None
        if self._separable and call.work.kind == "pointwise" and maker and maker.depthwise:
            maker.writes = 0
            maker.depthwise = False
        else:
            maker = self._new(call.path)
            maker.depthwise = call.work.kind == "depthwise"
            maker.reads = sum(call.work.reads)
        maker.writes += call.work.writes
        maker.compute(call)
        self._makers |= dict.fromkeys(call.outputs, maker)

    def _in_block(self, call: Call) -> None:
        draft = self._blocks.get(call.region)
        if draft is None:
            draft = self._blocks[call.region] = self._new(call.region)
        draft.compute(call)
        inside = self._outside[call.region]
        for value in call.inputs:
            if value not in inside and value not in draft.seen:
                draft.seen.add(value)
                draft.reads += self._flow.elements[value]
        draft.writes += sum(self._flow.elements[value] for value in call.outputs if inside.get(value))
        self._makers |= dict.fromkeys(call.outputs, draft)

    def _make(self, value: int) -> None:
        """Have ``value`` in memory."""
        if (call := self._unmade.pop(value, None)) is not None:
            draft = self._new(call.path)
            draft.reads = draft.writes = self._flow.elements[value]
            draft.compute(call)

    def _new(self, path: str) -> _Draft:
        self._drafts.append(_Draft(path))
        return self._drafts[-1]

    def _open(self, value: int) -> _Draft | None:
        """The kernel that makes ``value``, if nothing else reads what it makes."""
        return self._makers.get(value) if self._flow.readers[value] == 1 else None


def _outside(calls: Flow) -> Mapping[str, Mapping[int, bool]]:
    """For every block, the values made in it, and whether they are read outside of it."""
    made = {value: call.region for call in calls.calls for value in call.outputs}
    found: dict[str, dict[int, bool]] = {}
    for value, region in made.items():
        found.setdefault(region, {})[value] = value in calls.given
    for call in calls.calls:
        for value in call.inputs:
            if (region := made.get(value, "")) and region != call.region:
                found[region][value] = True
    return found
