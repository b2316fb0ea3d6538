"""The slow truth that fast code is compared with: lowerings interpreted one expression at a time.

``run`` executes one op; ``Interpreter`` a whole typed graph, with a dictionary of values and no generated source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, mul, sub, truediv
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Node, TensorType, Value
from graphbuilder.ir.lowering import (
    Expr,
    Function,
    Infix,
    Input,
    Inputs,
    Item,
    Lowering,
    Method,
    Module,
    TorchCall,
)

OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {"+": add, "-": sub, "*": mul, "/": truediv}


def resolve(target: str, helper: str = "") -> Callable[..., Any]:
    """What a target names: a part of torch, or the class that ``helper`` defines."""
    if "." not in target:
        namespace: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "__name__": "helpers"}
        exec(helper, namespace)  # noqa: S102  (the catalogue's own text)
        return namespace[target]
    room, name = target.split(".", 1)
    return getattr({"torch": torch, "nn": nn, "F": F}[room], name)


def arguments(call: TorchCall, elide: bool = False) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments, all of them, or without those that equal torch's defaults."""
    positional = [argument.value for argument in call.args[: call.positional]]
    named = [
        argument for argument in call.args[call.positional :] if not (elide and argument.value == argument.default)
    ]
    return positional, {argument.name: argument.value for argument in named}


def build(lowering: Lowering, elide: bool = False) -> nn.Module | None:
    """The module of a lowering, where it has one."""
    if lowering.module is None:
        return None
    positional, named = arguments(lowering.module, elide)
    return resolve(lowering.module.target, lowering.helper)(*positional, **named)


def run(
    lowering: Lowering, module: nn.Module | None, inputs: tuple[Tensor, ...], elide: bool = False
) -> tuple[Tensor, ...]:
    """The outputs of one op."""

    def call(function: Callable[..., Any], of: TorchCall, *values: Any) -> Any:
        positional, named = arguments(of, elide)
        return function(*values, *positional, **named)

    def value(expr: Expr) -> Any:
        match expr:
            case Input():
                return inputs[expr.index]
            case Inputs():
                return inputs
            case Module():
                assert module is not None
                return module(*map(value, expr.values))
            case Function():
                return call(resolve(expr.call.target), expr.call, *map(value, expr.values))
            case Method():
                return call(getattr(value(expr.value), expr.call.target), expr.call)
            case Infix():
                return reduce(OPERATORS[expr.operator], map(value, expr.values))
            case Item():
                return eval(f"x[{expr.index}]", {"x": value(expr.value)})  # noqa: S307  (the catalogue's own text)

    return tuple(map(value, lowering.results))


class Interpreter(nn.Module):
    """A typed graph run node by node; its state dict has the tree's names."""

    def __init__(self, typed: TypedGraph) -> None:
        super().__init__()
        self.typed = typed
        for node in typed.graph.nodes:
            module = self._made(node) if node.owns else None
            if module is not None:
                self.add_module(node.name, module)

    def forward(self, *inputs: Tensor) -> Any:
        """The one output, or all of them by name."""
        values = {Value(name): x for name, x in zip(self.typed.graph.inputs, inputs, strict=True)}
        graph = self.typed.graph
        for node in graph.nodes:
            if node.name in graph.auxiliary and not self.training:
                continue
            read = tuple(values[value] for value in node.inputs)
            for port, result in zip(node.results, self._results(node, read), strict=True):
                values[Value(node.name, port)] = result
        given = {name: value for name, value in graph.outputs if self.training or name not in graph.training}
        outputs = {name: values[value] for name, value in given.items()}
        return next(iter(outputs.values())) if len(graph.outputs) == 1 else outputs

    def _made(self, node: Node) -> nn.Module | None:
        if isinstance(node.callee, Graph):
            return Interpreter(self.typed.bodies[node.name])
        return build(node.callee.lower(self.typed.inputs_of(node)))

    def _results(self, node: Node, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        module = self._modules.get(node.module)
        if isinstance(node.callee, Graph):
            assert module is not None
            results = module(*inputs)
            return tuple(results.values()) if isinstance(results, dict) else (results,)
        return run(node.callee.lower(self.typed.inputs_of(node)), module, inputs)


def batch(inputs: tuple[TensorType, ...], size: int = 2, seed: int = 0) -> tuple[Tensor, ...]:
    """Random tensors of these types."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(size, *x.shape, generator=generator) for x in inputs)
