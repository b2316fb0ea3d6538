"""Ops that stand for others in a graph of two networks: what they make and cost is known, whatever they read there."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from pydantic import PrivateAttr

from graphbuilder.backends.graphviz.read.habits import title_of
from graphbuilder.ir import Op, Reach, TensorType, Weight


class StandIn(Op):
    """An op as it was in its own network.

    Its fields are what a reader sees of it, and two that look the same are equal to whoever gathers copies.
    """

    words: str
    said: str
    given: tuple[str, ...]
    sizes: tuple[bool, ...]
    _made: tuple[TensorType, ...] = PrivateAttr()
    _owned: tuple[Weight, ...] = PrivateAttr()
    _products: int = PrivateAttr()

    def known(self, made: tuple[TensorType, ...], owned: tuple[Weight, ...], products: int) -> StandIn:
        """This, with what it makes, owns and costs."""
        self._made, self._owned, self._products = made, owned, products
        return self

    def results(self) -> tuple[str, ...]:
        return self.given

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return self._made

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return self._owned

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        return self._products

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach | None, ...]:
        return tuple(None if size else Reach() for size in self.sizes)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return self.words


def stand_in(op: Op, inputs: tuple[TensorType, ...], kind: str, said: str) -> StandIn:
    """What stands for ``op`` on ``inputs``; those of another ``kind`` are another op, so that none is taken for it.

    ``said`` is what is said of it.
    """
    reads = () if op.variadic else op.reads(inputs)
    sizes = tuple(reach is None for reach in reads)
    made = _class(type(op), kind, title_of(op))(words=op.detail(inputs), said=said, given=op.results(), sizes=sizes)
    return made.known(op.infer(inputs), op.weights(inputs), op.macs(inputs))


@cache
def _class(of: type[Op], kind: str, title: str) -> type[StandIn]:
    """The stand-ins of one op; they look as it does."""
    kept: dict[str, Any] = {name: getattr(of, name) for name in ("op", "family", "ports", "optional", "variadic")}
    members = {**kept, "title": title, "__module__": __name__}
    return cast("type[StandIn]", type(f"{kind.title()}{of.__name__}", (StandIn,), members))
