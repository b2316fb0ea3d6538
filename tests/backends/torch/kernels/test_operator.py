"""The operator as torch sees it, on the CPU: what it computes, its derivative, and that torch can trace it."""

from __future__ import annotations

import importlib
from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._dynamo.backends.common import aot_autograd
from torch._functorch._aot_autograd.utils import make_boxed_func

from graphbuilder.backends.torch.kernels import ACTIVATIONS, Form, sepconv
from graphbuilder.backends.torch.kernels.form import Weights
from tests.backends.torch.kernels.cases import CASES, Case, Tensors, drawn

MODULES = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
}


def given(tensors: Tensors, form: Form) -> Tensor:
    return sepconv(tensors.x, *tensors.weights, tensors.residual, form=form)


def by_modules(tensors: Tensors, form: Form) -> Tensor:
    """The same in modules of torch, one a step, padding by hand."""
    dw, pw = tensors.weights.depthwise, tensors.weights.pointwise
    above, below, left, right = form.padding
    halves = [
        lambda x: F.conv2d(
            nn.ZeroPad2d((left, right, above, below))(x),
            dw,
            tensors.weights.depthwise_bias,
            form.stride,
            0,
            form.dilation,
            x.shape[1],
        ),
        lambda x: (
            torch.einsum("nchw,oc->nohw", x, pw[:, :, 0, 0])
            + (0 if tensors.weights.pointwise_bias is None else tensors.weights.pointwise_bias[:, None, None])
        ),
    ]
    first, second = halves if form.depthwise_first else reversed(halves)
    x = second(MODULES[form.between]()(first(MODULES[form.before]()(tensors.x))))
    return MODULES[form.after]()(x if tensors.residual is None else x + tensors.residual)


def test_every_activation_is_compared() -> None:
    assert tuple(MODULES) == ACTIVATIONS


@pytest.mark.parametrize("name", CASES)
def test_values(name: str) -> None:
    tensors = drawn(CASES[name])
    found = given(tensors, CASES[name].form)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, by_modules(tensors, CASES[name].form))


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name: str) -> None:
    case = CASES[name]
    tensors = drawn(case._replace(image=(1, min(case.image[1], 4), *case.image[2:]), out=min(case.out, 4)))
    flat = tuple(None if each is None else each.requires_grad_() for each in tensors.flat)
    assert torch.autograd.gradcheck(
        lambda *each: sepconv(*each, form=case.form), cast("Any", flat), fast_mode=name != "stride"
    )


@pytest.mark.parametrize("name", ["all around", "pointwise first"])
def test_second_derivatives(name: str) -> None:
    case = CASES[name]._replace(image=(1, 2, 4, 4), out=2)
    flat = tuple(None if each is None else each.requires_grad_() for each in drawn(case).flat)
    assert torch.autograd.gradgradcheck(lambda *each: sepconv(*each, form=case.form), cast("Any", flat), fast_mode=True)


DERIVED = ("relu before", "all around", "silu everywhere", "stride")


@pytest.fixture
def _as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have derivatives taken by their operator, which is torch's own convolutions here."""
    derivative = importlib.import_module("graphbuilder.backends.torch.kernels.derivative")
    monkeypatch.setattr(derivative, "has_kernels", lambda *_: True)


def bare(name: str) -> Case:
    return CASES[name]._replace(form=CASES[name].form._replace(after="none"))


@pytest.mark.usefixtures("_as_on_a_gpu")
@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.parametrize("frozen", [None, 0, 3])
def test_derivatives_by_their_operator(name: str, frozen: int | None) -> None:
    case = bare(name)
    sides = drawn(case), drawn(case)
    for tensors, run in zip(sides, (given, by_modules), strict=True):
        for index, each in enumerate(tensors.flat):
            if each is not None:
                each.requires_grad_(index != frozen)
        cast("Any", run(tensors, case.form).sin().sum()).backward()
    for one, two in zip(sides[0].flat, sides[1].flat, strict=True):
        assert (one is None) == (two is None)
        torch.testing.assert_close(None if one is None else one.grad, None if two is None else two.grad)


@pytest.mark.usefixtures("_as_on_a_gpu")
def test_derivatives_by_their_operator_are_compiled(layer: Layer) -> None:
    torch.compiler.reset()
    seen: list[Any] = []

    def backend(graph: torch.fx.GraphModule, inputs: Any) -> Any:
        seen.append([node.target for node in graph.graph.nodes])
        return make_boxed_func(graph.forward)

    compiled = torch.compile(layer, fullgraph=True, backend=aot_autograd(fw_compiler=backend))
    compiled(torch.randn(2, 5, 7, 9)).square().sum().backward()
    assert torch.ops.graphbuilder.sepconv_back.default in seen[-1]


def test_torch_checks_the_registration_of_derivatives() -> None:
    case = bare("all around")
    x, depthwise, pointwise, bias, *_ = drawn(case).flat
    assert x is not None
    grad = torch.ones(given(drawn(case), case.form).shape, dtype=torch.float64)
    for biases in ((True, True), (False, False)):
        arguments = (grad, x, depthwise, pointwise, bias, biases, *case.form[:5])
        torch.library.opcheck(
            torch.ops.graphbuilder.sepconv_back.default, arguments, test_utils=("test_schema", "test_faketensor")
        )


def test_a_gpu_alone_derives_by_kernels() -> None:
    derivative = importlib.import_module("graphbuilder.backends.torch.kernels.derivative")
    tensors = drawn(bare("plain"), torch.float32)
    with torch.no_grad():
        assert not derivative.has_kernels(tensors.x, tensors.weights, None, bare("plain").form)


@pytest.mark.parametrize("frozen", range(6))
def test_only_what_is_asked_for_is_derived(frozen: int) -> None:
    case = CASES["all around"]
    flat = [each.requires_grad_(index != frozen) for index, each in enumerate(drawn(case).flat) if each is not None]
    sepconv(*flat, form=case.form).sum().backward()
    assert [each.grad is None for each in flat] == [index == frozen for index in range(6)]


_STRIDES = ("test_faketensor",)


@pytest.mark.parametrize(
    ("name", "tests"),
    [
        ("all around", (*_STRIDES, "test_schema", "test_autograd_registration", "test_aot_dispatch_dynamic")),
        *((name, _STRIDES) for name in ("plain", "pointwise first", "one pixel", "one channel")),
    ],
)
def test_torch_checks_the_registration(name: str, tests: tuple[str, ...]) -> None:
    flat = tuple(None if each is None else each.requires_grad_() for each in drawn(CASES[name]).flat)
    torch.library.opcheck(torch.ops.graphbuilder.sepconv.default, (*flat, *CASES[name].form), test_utils=tests)


class Layer(nn.Module):
    def __init__(self, tensors: Tensors, form: Form) -> None:
        super().__init__()
        self.weights = nn.ParameterList(each for each in tensors.weights if each is not None)
        self.form = form

    def forward(self, x: Tensor) -> Tensor:
        return sepconv(x.relu(), *self.weights, form=self.form).relu()


@pytest.fixture
def layer() -> Layer:
    return Layer(drawn(CASES["multiplier"], torch.float32), CASES["multiplier"].form)


def test_it_compiles_whole(layer: Layer) -> None:
    torch.compiler.reset()
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager", dynamic=True)
    for height in (7, 8):
        x = torch.randn(2, 5, height, 9)
        grads: list[Any] = []
        for run in (layer, compiled):
            layer.zero_grad()
            run(x).square().sum().backward()
            grads.append([each.grad.clone() for each in layer.weights if each.grad is not None])
        torch.testing.assert_close(compiled(x), layer(x))
        torch.testing.assert_close(*grads)


def test_it_is_exported(layer: Layer) -> None:
    x = torch.randn(2, 5, 7, 9)
    program = torch.export.export(layer, (x,), strict=True)
    assert sum(node.target is torch.ops.graphbuilder.sepconv.default for node in program.graph.nodes) == 1
    torch.testing.assert_close(program.module()(x), layer(x))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_chooses_the_precision(layer: Layer, dtype: torch.dtype) -> None:
    x = torch.randn(2, 5, 7, 9)
    with torch.autocast("cpu", dtype):
        found = layer(x)
        assert sepconv(x.double(), *layer.double().weights, form=layer.form).dtype == torch.float64
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), layer(x.double()), rtol=3e-2, atol=3e-2)
    found.sum().backward()
    assert all(each.grad is not None for each in layer.weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.zeros(2, 5, 7)}, "four axes"),
        ({"x": torch.zeros(2, 4, 7, 9)}, "do not fit a map of 4 channels"),
        ({"depthwise": torch.zeros(5, 2, 3, 3)}, "do not fit"),
        ({"pointwise": torch.zeros(6, 5, 3, 3)}, "do not fit"),
        ({"residual": torch.zeros(1, 6, 7, 9)}, r"residual of \(1, 6, 7, 9\) does not fit a result of \(2, 6, 7, 9\)"),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_what_does_not_fit_is_refused(change: dict[str, Tensor], message: str, device: str) -> None:
    tensors = drawn(Case(), torch.float32)
    names = ("x", *Weights._fields, "residual")
    flat = {**dict(zip(names, tensors.flat, strict=True)), **change}
    moved: list[Any] = [each if each is None else each.to(device) for each in flat.values()]
    with pytest.raises(ValueError, match=message):
        sepconv(*moved, form=Case().form)
