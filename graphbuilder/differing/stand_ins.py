"""Ops that stand for others in a graph of two networks: what they make and cost is known, whatever they read there."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from graphbuilder.backends.graphviz.read.habits import title_of
from graphbuilder.ir import Op, Reach, TensorType, Weight


class StandIn(Op):
    """An op as it was in its own network."""

    made: tuple[TensorType, ...]
    owned: tuple[Weight, ...]
    products: int
    sizes: tuple[bool, ...]
    words: str
    given: tuple[str, ...]

    def results(self) -> tuple[str, ...]:
        return self.given

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return self.made

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return self.owned

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        return self.products

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach | None, ...]:
        return tuple(None if size else Reach() for size in self.sizes)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return self.words


def stand_in(op: Op, inputs: tuple[TensorType, ...], kind: str) -> StandIn:
    """What stands for ``op`` on ``inputs``; those of another ``kind`` are another op, so that none is taken for it."""
    reads = () if op.variadic else op.reads(inputs)
    title = title_of(op)
    return _class(type(op), kind, title)(
        made=op.infer(inputs),
        owned=op.weights(inputs),
        products=op.macs(inputs),
        sizes=tuple(reach is None for reach in reads),
        words=op.detail(inputs),
        given=op.results(),
    )


@cache
def _class(of: type[Op], kind: str, title: str) -> type[StandIn]:
    """The stand-ins of one op; they look as it does."""
    kept: dict[str, Any] = {name: getattr(of, name) for name in ("op", "family", "ports", "optional", "variadic")}
    members = {**kept, "title": title, "__module__": __name__}
    return cast("type[StandIn]", type(f"{kind.title()}{of.__name__}", (StandIn,), members))
