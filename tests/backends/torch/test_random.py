"""Networks made at random do what their graphs say, whatever shares a class in them."""

from __future__ import annotations

import pytest
import torch

from graphbuilder.backends.torch import build
from graphbuilder.ir.invariants import breaches
from tests.backends.random_graphs import Maker
from tests.ops.interpret import Interpreter, batch


@pytest.mark.parametrize("seed", range(40))
def test_values(seed: int) -> None:
    typed = Maker(seed).network()
    assert breaches(typed.graph) == []
    module, interpreter = build(typed, seed=seed).eval(), Interpreter(typed).eval()
    interpreter.load_state_dict(module.state_dict())
    inputs = batch(typed.inputs)
    torch.testing.assert_close(module(*inputs), interpreter(*inputs), rtol=0, atol=0, equal_nan=True)
