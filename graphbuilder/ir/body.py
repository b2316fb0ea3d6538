"""A small hand for writing bodies in Python: composite ops are spelt with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphbuilder.ir.graph import Graph, Node, Value

if TYPE_CHECKING:
    from graphbuilder.ir.dialect import Dialect
    from graphbuilder.ir.op import Composite, Op


class BodyWriter:
    """Writes the body of ``composite`` step by step.

    ```python
    body = BodyWriter(self, dialect)
    x = body.call("depthwise", DepthwiseConv(kernel=self.kernel), body.input())
    x = body.call("pointwise", Conv(out=self.out, kernel=1), x)
    return body.graph(x)
    ```
    """

    def __init__(self, composite: Composite, dialect: Dialect) -> None:
        self._composite = composite
        self._dialect = dialect
        self._nodes: list[Node] = []

    def input(self, port: str | None = None) -> Value:
        """An input of the composite, its first unless named."""
        return Value(port or self._composite.ports[0])

    def make(self, op: type[Op], **args: Any) -> Op:
        """An op with the dialect's defaults under ``args``."""
        return op(**{**self._dialect.defaults_of(op.op), **args})

    def call(self, name: str, op: Op, *inputs: Value, port: str = "out") -> Value:
        """Append a call and give its output. An argument equal to the composite's field of that name counts as written so."""
        fields = dict(self._composite)
        written = {field: field for field, value in op if field in fields and fields[field] == value}
        self._nodes.append(Node(name, op, inputs, name, written, self._dialect.init_of(op.op)))
        return Value(name, port)

    def graph(self, output: Value) -> Graph:
        """The finished body."""
        composite = self._composite
        return Graph(
            "composite", composite.op, composite.ports, tuple(self._nodes), (("out", output),), dict(composite), composite
        )
