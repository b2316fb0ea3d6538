"""What an op accepts, torch can bear: arguments at the ends of their ranges are refused by ``infer`` or run on meta."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from graphbuilder.ir import Composite, Example, Op, OpError, TensorType
from graphbuilder.ops import catalogue
from graphbuilder.ops.dialects import DIALECTS
from tests.ops.interpret import build, run

INTEGERS = (2**20 + 1, 2**31 - 1, 2**31, 4 * 10**18, 2**63 - 1, 10**30, 0, -1, -(2**62))
NUMBERS = (1e-320, 1e39, -1e300)
PADDINGS = ("same", "half", [[2**62, 0], [0, 2**62]], [[2**30, 0], [0, 2**30]])
VALUES = (*INTEGERS, *NUMBERS, *([number, 1] for number in INTEGERS), *PADDINGS)
SMALL = (2**30, 2**31 - 1, 4 * 10**18)
ELEMENTS, PARAMETERS = 2**40, 10**11  # what elaboration refuses beyond

OPS = tuple(catalogue().values())


def variants(op: type[Op], example: Example) -> Iterator[dict[str, Any]]:
    """One argument at an end of its range, or a window, its padding, stride and dilation at theirs together."""
    fields = op.model_fields
    for name in fields:
        yield from ({**example.args, name: value} for value in VALUES)
    if "padding" not in fields:
        return
    for kernel in SMALL:
        for padding in (kernel // 2, "same", "half", [[kernel // 2, kernel // 4], [kernel // 2, kernel // 2]]):
            for stride in (1, 2, 2**31 - 1):
                yield {**example.args, "kernel": kernel, "padding": padding, "stride": stride}
                yield {**example.args, "dilation": kernel, "padding": padding, "stride": stride}


def primitives(op: Op, inputs: tuple[TensorType, ...]) -> list[tuple[Op, tuple[TensorType, ...]]]:
    """The calls of primitives that an op comes to; none where it refuses or elaboration would."""
    if isinstance(op, Composite):
        from graphbuilder.analysis.inference import infer

        typed = infer(op.body(inputs, DIALECTS["torch"]), inputs)
        found = [(node.op, typed.inputs_of(node)) for node in typed.graph.nodes if node.op is not None]
    else:
        found = [(op, inputs)]
    small = all(x.elements <= ELEMENTS for each, types in found for x in each.infer(types))
    light = sum(weight.size for each, types in found for weight in each.weights(types)) <= PARAMETERS
    return found if small and light else []


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.op)
def test_what_is_accepted_runs(op: type[Op]) -> None:
    for example in op.examples[:6]:
        for args in variants(op, example):
            try:
                found = primitives(op(**args), example.inputs)
            except (ValidationError, OpError):
                continue
            for each, types in found:
                assert shapes(each, types) == [x.shape for x in each.infer(types)], (each, types)


def shapes(op: Op, inputs: tuple[TensorType, ...]) -> list[tuple[int, ...]]:
    """The shapes that torch gives on the meta device, the batch left out."""
    lowering = op.lower(inputs)
    with torch.device("meta"):
        module = build(lowering)
        batch = tuple(torch.empty(2, *x.shape) for x in inputs)
    for weight in op.weights(inputs):
        torch.empty(1).fill_(weight.init.value)
    return [tuple(x.shape[1:]) for x in run(lowering, module and module.eval(), batch)]
