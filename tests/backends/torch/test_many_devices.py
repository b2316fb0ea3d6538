"""Modules can be sharded and cut into stages; one process stands for many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import distributed

from graphbuilder.backends.torch import build
from tests.backends.networks import network
from tests.ops.interpret import batch


@pytest.fixture
def group() -> Iterator[None]:
    distributed.init_process_group("gloo", rank=0, world_size=1, store=distributed.HashStore())  # pyright: ignore
    yield
    distributed.destroy_process_group()


@pytest.mark.usefixtures("group")
def test_blocks_are_sharded() -> None:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    module: Any = build(network("inception")).eval()
    inputs = batch(network("inception").inputs)
    before, names = module(*inputs), list(module.state_dict())
    mesh = init_device_mesh("cpu", (1,))
    for block in (*module.mix, module.mix_2, module):
        fully_shard(block, mesh=mesh)
    torch.testing.assert_close(module(*inputs), before)
    assert list(module.state_dict()) == names
    module(*inputs).sum().backward()


# torch copies its own tree specifications in a way that its own warning is against.
@pytest.mark.filterwarnings("ignore:.*treespec:FutureWarning")
def test_a_network_is_cut_into_stages() -> None:
    from torch.distributed.pipelining import SplitPoint, pipeline

    module = build(network("inception")).eval()
    inputs = batch(network("inception").inputs)
    pipe = pipeline(module, mb_args=inputs, split_spec={"mix_2": SplitPoint.BEGINNING})
    first, second = (pipe.get_stage_module(number) for number in range(pipe.num_stages))
    torch.testing.assert_close(second(first(*inputs)), module(*inputs))
