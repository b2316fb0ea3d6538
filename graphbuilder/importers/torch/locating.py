"""Where a spec does otherwise than the module that it was read from: the first such step, and its line of code.

Steps are tried by halves. A spec that ends at a step, built and given the module's weights, gives its value, and the
module's own graph the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Protocol

import torch
from torch import Tensor, fx, nn

from graphbuilder.compiler import Network
from graphbuilder.diagnostics import CompileError
from graphbuilder.importers.attending import needed
from graphbuilder.importers.torch.answers import CLOSE, Beside, distance
from graphbuilder.importers.torch.reader import Reading, reading, unused
from graphbuilder.importers.traced import Call, Traced
from graphbuilder.ir import Layout, Value
from graphbuilder.ops import find


class Spelt(Protocol):
    """A model as a checked spec, and the text of the mapping of its names."""

    @property
    def network(self) -> Network: ...
    @property
    def mapping(self) -> str | None: ...


class Places:
    """The places in the code of ``model`` where something parts.

    Args:
        layouts: which axis of each input holds the channels.
        write: makes the spec of what was traced.
    """

    def __init__(self, model: nn.Module, layouts: Sequence[Layout], write: Callable[[Traced], Spelt]) -> None:
        self._model = model
        self._layouts = layouts
        self._write = write

    def misread(self, inputs: Sequence[Tensor]) -> str:
        """The first step whose value for ``inputs`` is not the module's; "" where none can be told."""
        try:
            found = reading(self._model, inputs, self._layouts)
        except CompileError:
            return ""
        values = _Values(found.program, inputs).found
        calls = [call for call in found.traced.calls if call.name in values and _is_step(call)]
        first = self._first(calls, found, values, inputs)
        return f"from `{first.op}` on, in {first.where}" if first else ""

    def _first(
        self, calls: Sequence[Call], found: Reading, values: dict[str, Tensor], inputs: Sequence[Tensor]
    ) -> Call | None:
        """The first of ``calls`` that differs where all that it reads agrees; what no spec ends at is passed by."""
        first = self._halved(calls, found, values, inputs)
        while first is not None:
            read = {value.node for value in first.inputs}
            above = [call for call in calls if call.name in read]
            wrong = next((call for call in above if (self._apart(call, found, values, inputs) or 0.0) > CLOSE), None)
            if wrong is None:
                return first
            names = {call.name for call in needed(found.traced.calls, [wrong.name])}
            first = self._halved([call for call in calls if call.name in names], found, values, inputs) or wrong
        return None

    def _halved(
        self, calls: Sequence[Call], found: Reading, values: dict[str, Tensor], inputs: Sequence[Tensor]
    ) -> Call | None:
        """One of ``calls`` that differs behind one that agrees."""
        left = list(calls)
        agreeing, differing = -1, len(left)
        while differing - agreeing > 1:
            middle = (agreeing + differing) // 2
            apart = self._apart(left[middle], found, values, inputs)
            if apart is None:
                del left[middle]
                differing -= 1
            elif apart <= CLOSE:
                agreeing = middle
            else:
                differing = middle
        return left[differing] if differing < len(left) else None

    def _apart(self, call: Call, found: Reading, values: dict[str, Tensor], inputs: Sequence[Tensor]) -> float | None:
        """How far the value of ``call`` is from the module's; None where no spec ends there."""
        kept = needed(found.traced.calls, [call.name])
        ignore = unused(self._model, kept, found.state)
        ended = replace(found.traced, calls=kept, outputs={"out": Value(call.name)}, ignore=ignore, by_name=False)
        try:
            spelt = self._write(ended)
            ours = Beside(spelt.network, spelt.mapping, self._model, found.traced.folded).ours(inputs)
        except (CompileError, RuntimeError):
            return None
        return distance(ours, [values[call.name]])

    def counted(self, inputs: Sequence[Tensor], others: Sequence[Tensor]) -> str:
        """The first call that is another for as many samples as ``others`` has; "" where none can be told."""
        before, after = self._calls(inputs), self._calls(others)
        if isinstance(before, str) or isinstance(after, str):
            return next(each for each in (before, after) if isinstance(each, str))
        batch, other = len(inputs[0]), len(others[0])
        pairs = ((one, two) for one, two in zip_longest(before, after) if _said(one) != _said(two))
        one, two = next(pairs, (None, None))
        where = next((call.where for call in (one, two) if call), "")
        return f"{where}: {_apart(one, two)} for {batch}, {_apart(two, one)} for {other}" if where else ""

    def _calls(self, inputs: Sequence[Tensor]) -> Sequence[Call] | str:
        """The calls for such inputs, or what is told where no spec says them."""
        try:
            return reading(self._model, inputs, self._layouts).traced.calls
        except CompileError as error:
            return error.diagnostics[0].message


def _said(call: Call | None) -> tuple[Any, ...]:
    return (call.op, call.args, call.inputs) if call else ()


def _apart(call: Call | None, other: Call | None) -> str:
    """A call, with what its op is given otherwise than another's."""
    if call is None or other is None:
        return f"`{call.op}`" if call else "nothing more"
    args = [f"{name} = {value}" for name, value in call.args.items() if other.args.get(name) != value]
    return f"`{call.op}` with {', '.join(args)}" if args and call.op == other.op else f"`{call.op}`"


def _is_step(call: Call) -> bool:
    op = find(call.op)
    return "#" not in call.name and op is not None and call.op != "split"


class _Values(fx.Interpreter):
    """The values of all calls of a program, each as it was when it was made."""

    def __init__(self, program: Any, inputs: Sequence[Tensor]) -> None:
        super().__init__(program.graph_module)
        self.found: dict[str, Tensor] = {}
        signature = program.graph_signature
        kept: dict[str, Any] = {**program.constants, **program.state_dict}
        owned = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        given = iter(inputs)
        places = [node.name for node in program.graph.nodes if node.op == "placeholder"]
        with torch.no_grad():
            self.run(*(kept[owned[name]].clone() if name in owned else next(given).clone() for name in places))

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor):
            self.found[n.name] = value.clone()
        return value
