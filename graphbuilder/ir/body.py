"""A small hand for writing bodies in Python: composite ops are spelt with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphbuilder.ir.graph import Graph, Node, Value

if TYPE_CHECKING:
    from graphbuilder.ir.dialect import Dialect
    from graphbuilder.ir.op import Composite, Op


class BodyWriter:
    """Writes the body of ``composite`` step by step; the dialect's defaults stand under the arguments of every call.

    ``inputs`` is how many values it reads, all its ports unless given.

    ```python
    body = BodyWriter(self, dialect)
    x = body.call("depthwise", DepthwiseConv, body.input(), passed=("kernel", "stride"), bias=False)
    x = body.call("pointwise", Conv, x, passed=("out",), kernel=1)
    return body.graph(x)
    ```
    """

    def __init__(self, composite: Composite, dialect: Dialect, inputs: int | None = None) -> None:
        self._composite = composite
        self._ports = composite.ports[:inputs]
        self._dialect = dialect
        self._nodes: list[Node] = []

    def input(self, port: str | None = None) -> Value:
        """An input of the composite, its first unless named."""
        return Value(port or self._composite.ports[0])

    def call(self, name: str, op: type[Op], *inputs: Value, passed: tuple[str, ...] = (), **args: Any) -> Value:
        """Append a call named ``name`` and give its first output.

        ``passed`` names the fields of the composite that the op takes under the same name; they count as written by
        name.
        """
        given = {field: getattr(self._composite, field) for field in passed}
        made = op(**{**self._dialect.defaults_of(op.op), **given, **args})
        written = {field: field for field in passed}
        self._nodes.append(Node(name, made, inputs, name, written, self._dialect.init_of(op.op)))
        return Value(name, made.results()[0])

    def graph(self, output: Value) -> Graph:
        """The finished body."""
        composite = self._composite
        return Graph(
            "composite",
            composite.op,
            self._ports,
            tuple(self._nodes),
            (("out", output),),
            dict(composite),
            composite,
        )
