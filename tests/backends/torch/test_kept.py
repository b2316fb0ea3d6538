"""What every module keeps: copies, pickles, tracers, layouts and devices all work, and a wrong shape is told."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from graphbuilder.backends.python import write
from graphbuilder.backends.torch import build
from tests.backends.networks import NETWORKS, network, shipped, spelt
from tests.ops.interpret import batch

ROOT = Path(__file__).parents[3]
LOADER = """
import pickle, sys, torch
if sys.argv[3] == "torch":
    module = torch.load(sys.argv[1], weights_only=False)
else:
    module = pickle.load(open(sys.argv[1], "rb"))
torch.save(module.eval()(*torch.load(sys.argv[2])), sys.argv[4])
"""


def made(name: str) -> tuple[Any, tuple[Tensor, ...]]:
    return build(network(name)).eval(), batch(network(name).inputs)


def test_copies() -> None:
    module, inputs = made("vit")
    twin = copy.deepcopy(module)
    assert type(twin) is type(module)
    assert torch.equal(twin(*inputs), module(*inputs))
    assert all(a is not b for a, b in zip(twin.parameters(), module.parameters(), strict=True))


@pytest.mark.parametrize("way", ["pickle", "torch"])
def test_another_process_loads_a_pickle(tmp_path: Path, way: str) -> None:
    module, inputs = made("wavenet")
    paths = [str(tmp_path / name) for name in ("module", "inputs", "outputs")]
    if way == "torch":
        torch.save(module, paths[0])
    else:
        Path(paths[0]).write_bytes(pickle.dumps(module))
    torch.save(inputs, paths[1])
    command = [sys.executable, "-c", LOADER, paths[0], paths[1], way, paths[2]]
    subprocess.run(command, check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    torch.testing.assert_close(torch.load(paths[2]), module(*inputs))


def test_a_part_of_a_network_is_pickled() -> None:
    module, _ = made("wavenet")
    layer = pickle.loads(pickle.dumps(module.layers[1]))  # noqa: S301  (our own)
    assert type(layer) is type(module.layers[1])


def test_source_is_found() -> None:
    module, _ = made("unet")
    assert inspect.getsource(sys.modules[type(module).__module__]) == write(network("unet"))
    assert inspect.getsource(type(module.up1)).startswith("class Up(nn.Module):")


def test_tracebacks_show_lines() -> None:
    module, _ = made("unet")
    try:
        module.up1(torch.zeros(1, 16, 4, 4), torch.zeros(1, 8, 4, 4))
    except RuntimeError as error:
        shown = "".join(traceback.format_exception(error))
    assert "x = torch.cat((skip, self.up(deep)), 1)" in shown


def test_equal_graphs_are_one_class() -> None:
    assert type(build(network("unet"), device="meta")) is type(build(network("unet"), device="meta"))


@pytest.mark.parametrize("name", NETWORKS)
def test_compile_in_one_graph(name: str) -> None:
    module, inputs = made(name)
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(*inputs), module(*inputs))


@pytest.mark.parametrize("training", [False, True])
def test_outputs_of_training_compile_in_one_graph(training: bool) -> None:
    module, inputs = made("helped")
    torch.compiler.reset()
    compiled = torch.compile(module.train(training), fullgraph=True, backend="eager")
    assert list(compiled(*inputs)) == ["logits", "early", "late", "map"][: 4 if training else 1]


def test_evaluation_runs_no_step_of_training() -> None:
    module, inputs = made("helped")
    for name in ("early", "narrow", "late"):
        module.get_submodule(name).register_forward_hook(lambda *_: pytest.fail("it ran"))
    assert list(module(*inputs)) == ["logits"]


def test_compile_with_any_batch() -> None:
    module, _ = made("inception")
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="eager", dynamic=True)
    for size in (2, 3, 5):
        inputs = batch(network("inception").inputs, size)
        torch.testing.assert_close(compiled(*inputs), module(*inputs))


@pytest.mark.parametrize("name", NETWORKS)
def test_export_with_any_batch(name: str) -> None:
    module, inputs = made(name)
    sizes = ({0: torch.export.Dim("batch", min=1)},) * len(inputs)
    program = torch.export.export(module, inputs, dynamic_shapes=sizes, strict=False)
    more = batch(network(name).inputs, 5)
    torch.testing.assert_close(program.module()(*more), module(*more))


def test_channels_last() -> None:
    module, inputs = made("inception")
    last = copy.deepcopy(module).to(memory_format=torch.channels_last)
    outputs = last(*(each.to(memory_format=torch.channels_last) for each in inputs))
    torch.testing.assert_close(outputs, module(*inputs), rtol=1e-4, atol=1e-5)


def test_autocast() -> None:
    module, inputs = made("inception")
    with torch.autocast("cpu", torch.bfloat16):
        outputs = module(*inputs)
    assert outputs.dtype is torch.bfloat16
    torch.testing.assert_close(outputs.float(), module(*inputs), rtol=0.1, atol=0.1)


def test_activation_checkpointing() -> None:
    from torch.utils.checkpoint import checkpoint

    module, (image,) = made("inception")
    plain = torch.autograd.grad(module.mix[0](module.conv(image)).sum(), module.conv.weight)
    again = torch.autograd.grad(
        checkpoint(module.mix[0], module.conv(image), use_reentrant=False).sum(), module.conv.weight
    )
    torch.testing.assert_close(plain, again)


@pytest.mark.parametrize("shape", [(2, 3, 16, 17), (3, 16, 16), (2, 4, 16, 16), (16,), ()])
def test_a_wrong_shape_is_told_before_any_kernel(shape: tuple[int, ...]) -> None:
    module = build(network("siamese"), device="meta")
    good, wrong = torch.empty(2, 3, 16, 16), torch.empty(shape)
    with pytest.raises(ValueError, match=r"right: expected \(N, 3, 16, 16\), got ") as caught:
        module(good, wrong)
    assert str(shape) in str(caught.value)


def test_a_wrong_shape_is_told_by_compiled_modules() -> None:
    module, _ = made("siamese")
    torch.compiler.reset()
    compiled = torch.compile(module, backend="eager")
    with pytest.raises(ValueError, match=r"left: expected \(N, 3, 16, 16\), got \(1, 3, 8, 8\)"):
        compiled(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 16, 16))


def test_meta_makes_no_tensor() -> None:
    module = build(shipped("xception"), device="meta")
    assert {tensor.device.type for tensor in module.state_dict().values()} == {"meta"}
    with torch.device("meta"):
        assert module(torch.empty(8, 3, 299, 299)).shape == (8, 1000)


def test_a_standalone_file_is_the_same_network(tmp_path: Path) -> None:
    module, inputs = made("odd")
    (tmp_path / "model.py").write_text(write(network("odd")))
    torch.save({"state": module.state_dict(), "inputs": inputs}, tmp_path / "given")
    script = (
        "import sys, torch, model; given = torch.load('given'); net = model.Odd().eval();"
        "net.load_state_dict(given['state']); torch.save(net(*given['inputs']), 'outputs');"
        "assert not any(name.startswith('graphbuilder') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
    torch.testing.assert_close(torch.load(tmp_path / "outputs"), module(*inputs))


def test_types_of_tensors() -> None:
    typed = spelt('[model]\nbody = [{ op = "conv", out = 4, kernel = 1 }, { op = "batchnorm" }]')
    state = build(typed, dtype=torch.bfloat16).state_dict()
    assert {tensor.dtype for tensor in state.values()} == {torch.bfloat16, torch.int64}
