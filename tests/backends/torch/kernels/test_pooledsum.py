"""The pooled sum as torch sees it, on the CPU: what it computes, its derivative, and that torch can trace it."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from graphbuilder.backends.torch.kernels import Window, pooledsum
from tests.backends.torch.kernels.pools import POOLS, Pool, pooled


@pytest.mark.parametrize("name", POOLS)
def test_values(name: str) -> None:
    given, window = pooled(POOLS[name]), POOLS[name].window
    pool = nn.MaxPool2d(window.kernel, window.stride, window.padding, ceil_mode=window.ceil_mode)
    strided = given.x[:, :, :: window.step[0], :: window.step[1]]
    wanted = pool(given.pooled) + torch.einsum("nchw,oc->nohw", strided, given.weight[:, :, 0, 0])
    found = pooledsum(*given, window=window)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, wanted if given.bias is None else wanted + given.bias[:, None, None])


@pytest.mark.parametrize("name", POOLS)
def test_derivatives(name: str) -> None:
    flat = tuple(None if each is None else each.requires_grad_() for each in pooled(POOLS[name]))
    window = POOLS[name].window
    assert torch.autograd.gradcheck(lambda *each: pooledsum(*each, window=window), cast("Any", flat), fast_mode=True)
    assert torch.autograd.gradgradcheck(
        lambda *each: pooledsum(*each, window=window), cast("Any", flat), fast_mode=True
    )


@pytest.mark.parametrize("frozen", range(4))
def test_only_what_is_asked_for_is_derived(frozen: int) -> None:
    flat = [each.requires_grad_(index != frozen) for index, each in enumerate(pooled(Pool())) if each is not None]
    cast("Any", pooledsum(*flat, window=Pool().window).sum()).backward()
    assert [each.grad is None for each in flat] == [index == frozen for index in range(4)]


@pytest.mark.parametrize("name", ["ragged", "even, in ceil mode"])
def test_torch_checks_the_registration(name: str) -> None:
    flat = tuple(None if each is None else each.requires_grad_() for each in pooled(POOLS[name]))
    utils = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(torch.ops.graphbuilder.pooledsum.default, (*flat, *POOLS[name].window), test_utils=utils)


def test_it_is_exported_and_autocast() -> None:
    case = POOLS["ragged"]
    given = pooled(case, torch.float32)

    class Layer(nn.Module):
        def forward(self, one: Tensor, other: Tensor) -> Tensor:
            return pooledsum(one, other, given.weight, given.bias, window=case.window)

    program = torch.export.export(Layer(), given[:2], strict=True)
    assert sum(node.target is torch.ops.graphbuilder.pooledsum.default for node in program.graph.nodes) == 1
    with torch.autocast("cpu", torch.bfloat16):
        found = Layer()(*given[:2])
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), program.module()(*given[:2]), rtol=3e-2, atol=3e-2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pooled": torch.zeros(2, 6, 7)}, "four axes"),
        ({"weight": torch.zeros(6, 4, 1, 1)}, "does not fit a map of 5 channels"),
        ({"x": torch.zeros(2, 5, 9, 9)}, r"the pool gives \(2, 6, 4, 5\) and the convolution \(2, 6, 5, 5\)"),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_what_does_not_fit_is_refused(change: dict[str, Tensor], message: str, device: str) -> None:
    given = {**pooled(Pool(), torch.float32)._asdict(), **change}
    moved: list[Any] = [each if each is None else each.to(device) for each in given.values()]
    with pytest.raises(ValueError, match=message):
        pooledsum(*moved, window=Window((3, 3), (2, 2), (1, 1), step=(2, 2)))
