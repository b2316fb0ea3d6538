"""Numbers, where shapes alone would certify the wrong thing: "same" padding, norms in every layout, composites."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graphbuilder.analysis.inference import infer
from graphbuilder.ir import Op, TensorType
from graphbuilder.ir.lowering import Function
from graphbuilder.ops.attention import Attend, Attention, SqueezeExcite
from graphbuilder.ops.convolution import Conv, ConvTranspose, DepthwiseConv
from graphbuilder.ops.cutting import Crop
from graphbuilder.ops.dialects import DIALECTS
from graphbuilder.ops.normalisation import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, Norm, Scale
from graphbuilder.ops.padding import same
from graphbuilder.ops.pooling import AvgPool, MaxPool
from graphbuilder.ops.regularisation import DropPath
from graphbuilder.ops.separable import SepConv
from tests.ops.interpret import Interpreter, batch, build, run

SIZES = (7, 8, 12, 15)
KERNELS = (1, 2, 3, 4, 5)
STRIDES = (1, 2, 3)


def output(op: Op, *inputs: Tensor) -> Tensor:
    """The one output of an op in evaluation, its weights as torch draws them."""
    types = tuple(TensorType(tuple(x.shape[1:])) for x in inputs)
    lowering = op.lower(types)
    module = build(lowering)
    (result,) = run(lowering, module and module.eval(), inputs)
    return result.detach()


def pooled(x: np.ndarray, kernel: int, stride: int, reduce: Any) -> np.ndarray:
    """TensorFlow's SAME pool over both last axes, in plain loops; only elements of the input are reduced."""
    sides = [same(size, kernel, stride) for size in x.shape[-2:]]
    counts = [-(-size // stride) for size in x.shape[-2:]]
    result = np.empty((*x.shape[:-2], *counts), x.dtype)
    for place in product(*map(range, counts)):
        starts = [number * stride - before for number, (before, _) in zip(place, sides, strict=True)]
        rows, columns = (slice(max(start, 0), start + kernel) for start in starts)
        result[..., place[0], place[1]] = reduce(x[..., rows, columns], axis=(-2, -1))
    return result


@pytest.mark.parametrize(("kernel", "stride"), tuple(product(KERNELS, STRIDES)))
def test_same_pools_are_those_of_tensorflow(kernel: int, stride: int) -> None:
    for height, width in product(SIZES, SIZES):
        (x,) = batch((TensorType((2, height, width)),))
        window = {"kernel": kernel, "stride": stride, "padding": "same"}
        largest = output(MaxPool(**window), x)
        means = output(AvgPool(**window, count_padding=False), x)
        np.testing.assert_array_equal(largest, pooled(x.numpy(), kernel, stride, np.max))
        np.testing.assert_allclose(means, pooled(x.numpy(), kernel, stride, np.mean), rtol=1e-5, atol=1e-6)


def test_same_pool_with_two_strides_and_dilation() -> None:
    (x,) = batch((TensorType((2, 9, 8)),))
    padded = F.pad(x, (1, 2, 0, 1), value=-torch.inf)  # columns: reach 4 by 1; rows: reach 2 by 2
    result = output(MaxPool(kernel=2, stride=(2, 1), padding="same", dilation=(1, 3)), x)
    assert torch.equal(result, F.max_pool2d(padded, 2, (2, 1), dilation=(1, 3)))


def test_strided_same_pools_need_no_explicit_pad() -> None:
    """One kernel, one stride above one: torch's own padding and ceil mode give TensorFlow's windows."""
    for size, kernel, stride in product(range(6, 40), KERNELS, (2, 3, 4)):
        lowering = MaxPool(kernel=kernel, stride=stride, padding="same").lower((TensorType((1, size, size)),))
        assert lowering.results == type(lowering)(None).results


@pytest.mark.parametrize(("kernel", "stride"), tuple(product((2, 3, 4), STRIDES)))
@pytest.mark.parametrize("size", SIZES)
def test_same_convolutions_are_padded_ones(size: int, kernel: int, stride: int) -> None:
    (x,) = batch((TensorType((2, size, size + 1)),))
    rows, columns = (same(each, kernel, stride) for each in (size, size + 1))
    for op in (
        Conv(out=3, kernel=kernel, stride=stride, padding="same"),
        DepthwiseConv(kernel=kernel, stride=stride, padding="same"),
    ):
        lowering = op.lower((TensorType((2, size, size + 1)),))
        module = build(lowering)
        assert isinstance(module, nn.Conv2d)
        (result,) = run(lowering, module, (x,))
        explicit = F.pad(x, (*columns, *rows))
        expected = F.conv2d(explicit, module.weight, module.bias, stride, groups=module.groups)
        torch.testing.assert_close(result, expected)


@pytest.mark.parametrize(("kernel", "stride"), tuple(product(KERNELS, STRIDES)))
def test_same_transposed_convolution_undoes_the_shape_of_a_convolution(kernel: int, stride: int) -> None:
    """It is the gradient of the "same" convolution with its kernel, as TensorFlow defines it."""
    (x,) = batch((TensorType((4, 5, 6)),))
    lowering = ConvTranspose(out=3, kernel=kernel, stride=stride, padding="same", bias=False).lower(
        (TensorType((4, 5, 6)),)
    )
    module = build(lowering)
    assert isinstance(module, nn.ConvTranspose2d)
    (result,) = run(lowering, module, (x,))
    large = torch.zeros(2, 3, 5 * stride, 6 * stride, requires_grad=True)
    rows, columns = (same(each, kernel, stride) for each in large.shape[2:])
    forward = F.conv2d(F.pad(large, (*columns, *rows)), module.weight, stride=stride)
    (expected,) = torch.autograd.grad(forward, large, x)
    torch.testing.assert_close(result, expected)


def test_average_counts_padding_as_told() -> None:
    x = torch.ones(1, 1, 4, 4)
    counted = output(AvgPool(kernel=3, stride=1, padding=1), x)
    alone = output(AvgPool(kernel=3, stride=1, padding=1, count_padding=False), x)
    pairs = output(AvgPool(kernel=2, stride=1, padding=((0, 1), (1, 0)), count_padding=False), x)
    assert counted[0, 0, 0, 0] == pytest.approx(4 / 9)
    assert alone.eq(1).all() and pairs.eq(1).all()


NORMS = (
    BatchNorm(),
    BatchNorm(scale=False),
    BatchNorm(bias=False),
    LayerNorm(),
    LayerNorm(scale=False),
    LayerNorm(bias=False),
    GroupNorm(groups=2),
    GroupNorm(groups=2, scale=False),
    InstanceNorm(scale=True),
    InstanceNorm(bias=True),
)


@pytest.mark.parametrize("norm", NORMS, ids=str)
@pytest.mark.parametrize("training", [False, True])
def test_norms_mean_the_same_in_both_layouts(norm: Norm, training: bool) -> None:
    """Maps, and the same numbers with channels last, through the formula written out."""
    first, last = TensorType((6, 5, 4)), TensorType((5, 4, 6), "last")
    (x,) = batch((first,), size=3)
    results: list[Tensor] = []
    for layout, value in ((first, x), (last, x.movedim(1, -1))):
        lowering = norm.lower((layout,))
        module = build(lowering)
        assert module is not None
        fill(module.train(training))
        (result,) = run(lowering, module, (value,))
        results.append(result if layout == first else result.movedim(-1, 1))
    torch.testing.assert_close(results[0], results[1])
    torch.testing.assert_close(results[0], written_out(norm, x, training), rtol=1e-4, atol=1e-5)


def fill(module: nn.Module) -> None:
    for number, (_, tensor) in enumerate(sorted(module.state_dict().items())):
        if tensor.is_floating_point():
            tensor.copy_(torch.linspace(0.5, 1.5 + number, tensor.numel()))


def written_out(norm: Norm, x: Tensor, training: bool) -> Tensor:
    names = sorted(weight.name for weight in norm.weights((TensorType(tuple(x.shape[1:])),)))
    values = {name: torch.linspace(0.5, 1.5 + number, 6).view(-1, 1, 1) for number, name in enumerate(names)}
    if isinstance(norm, BatchNorm) and not training:
        y = (x - values["running_mean"]) / (values["running_var"] + norm.eps).sqrt()
    elif isinstance(norm, GroupNorm):
        y = standard(x.view(3, 2, 3, 5, 4), (2, 3, 4), norm.eps).view_as(x)
    else:
        axes = {BatchNorm: (0, 2, 3), LayerNorm: (1,), InstanceNorm: (2, 3)}[type(norm)]
        y = standard(x, axes, norm.eps)
    return y * values.get("weight", torch.ones(1)) + values.get("bias", torch.zeros(1))


def standard(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
    return (x - mean) / (variance + eps).sqrt()


def test_drop_path_drops_whole_samples_and_keeps_the_mean() -> None:
    lowering = DropPath(rate=0.25).lower((TensorType((3, 4)),))
    module = build(lowering)
    assert module is not None
    x = torch.ones(4000, 3, 4)
    torch.manual_seed(0)
    (noisy,) = run(lowering, module.train(), (x,))
    assert set(noisy.flatten(1).std(1).tolist()) == {0.0}
    torch.testing.assert_close(noisy.unique(), torch.tensor([0.0, 4 / 3]))
    assert noisy.mean() == pytest.approx(1, abs=0.03)
    assert run(lowering, module.eval(), (x,))[0] is x


def test_scale_starts_at_its_value() -> None:
    x = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(output(Scale(value=0.5), x), x * 0.5)


def test_attention_is_torchs_multi_head_attention() -> None:
    x = TensorType((9, 12), "last")
    ours = Interpreter(infer(Attention(heads=3).body((x,), DIALECTS["torch"]), (x,)))
    theirs = nn.MultiheadAttention(12, 3, batch_first=True)
    nn.init.normal_(theirs.in_proj_bias)
    names = {
        "qkv.weight": "in_proj_weight",
        "qkv.bias": "in_proj_bias",
        "proj.weight": "out_proj.weight",
        "proj.bias": "out_proj.bias",
    }
    ours.load_state_dict({name: theirs.state_dict()[their] for name, their in names.items()})
    (tokens,) = batch((x,))
    torch.testing.assert_close(ours(tokens), theirs(tokens, tokens, tokens)[0])


def test_attention_drops_weights_while_training_alone() -> None:
    """With queries of zero and values of one, a query's answer is the part of the keys that was kept, scaled up."""
    x = TensorType((400, 8), "last")
    op = Attend(heads=2, dropout=0.25)
    lowering = op.lower((x, x, x))
    module = build(lowering)
    assert module is not None
    zeros, ones = torch.zeros(2, 400, 8), torch.ones(2, 400, 8)
    torch.manual_seed(0)
    (noisy,) = run(lowering, module.train(), (zeros, zeros, ones))
    assert 0.02 < noisy.std() < 0.04 and abs(noisy.mean() - 1) < 0.01
    torch.testing.assert_close(run(lowering, module.eval(), (zeros, zeros, ones))[0], ones)


def test_squeeze_and_excitation_is_its_formula() -> None:
    x = TensorType((8, 5, 4))
    ours = Interpreter(infer(SqueezeExcite(squeeze=2).body((x,), DIALECTS["torch"]), (x,)))
    weights = ours.state_dict()
    assert list(weights) == ["reduce.weight", "reduce.bias", "expand.weight", "expand.bias"]
    (maps,) = batch((x,))
    gate = F.relu(F.conv2d(maps.mean((2, 3), keepdim=True), weights["reduce.weight"], weights["reduce.bias"]))
    gate = torch.sigmoid(F.conv2d(gate, weights["expand.weight"], weights["expand.bias"]))
    torch.testing.assert_close(ours(maps), maps * gate)


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ({}, ["depthwise", "pointwise"]),
        ({"between": "elu"}, ["depthwise", "between", "pointwise"]),
        ({"norm": True, "between": "relu"}, ["depthwise", "norm", "between", "pointwise"]),
        ({"order": "pointwise_first", "between": "relu"}, ["pointwise", "between", "depthwise"]),
    ],
)
def test_separable_convolution_is_spelt_in_order(args: dict[str, Any], names: list[str]) -> None:
    x = TensorType((16, 8, 8))
    body = SepConv(out=32, kernel=3, padding="same", **args).body((x,), DIALECTS["keras"])
    assert [node.name for node in body.nodes] == names
    biased = [node.name for node in body.nodes if node.op is not None and getattr(node.op, "bias", False)]
    assert [name for name in biased if name != "norm"] == names[-1:]


@pytest.mark.parametrize(("channels", "out", "expected"), [(16, 32, 656), (3, 64, 219)])
def test_a_separable_convolution_has_the_weights_that_documents_quote(channels: int, out: int, expected: int) -> None:
    x = TensorType((channels, 8, 8))
    typed = infer(SepConv(out=out, kernel=3, bias=False).body((x,), DIALECTS["torch"]), (x,))
    assert sum(tensor.numel() for tensor in Interpreter(typed).state_dict().values()) == expected
    plain = Conv(out=out, kernel=3, bias=False).weights((x,))
    assert sum(weight.size for weight in plain) == channels * out * 9


def test_keras_sets_norms_pools_and_initialisers() -> None:
    x = TensorType((16, 8, 8))
    body = SepConv(out=32, kernel=3, norm=True).body((x,), DIALECTS["keras"])
    norm, depthwise = body.by_name["norm"].op, body.by_name["depthwise"]
    assert isinstance(norm, BatchNorm) and (norm.eps, norm.momentum) == (1e-3, 0.01)
    assert depthwise.init["weight"].kind == "xavier_uniform" and depthwise.init["bias"].kind == "zeros"
    assert depthwise.written["kernel"] == "kernel" and "kernel" not in body.by_name["pointwise"].written


def test_what_torch_cannot_pad_alike_is_padded_with_minus_infinity() -> None:
    lowering = MaxPool(kernel=2, stride=1, padding="same").lower((TensorType((1, 8, 8)),))
    (result,) = lowering.results
    pad = getattr(result, "values")[0]  # noqa: B009
    assert isinstance(pad, Function) and pad.call.args[-1].value == float("-inf")


def test_a_crop_keeps_the_middle() -> None:
    x = torch.arange(7.0).view(1, 1, 7)
    assert output(Crop(size=4), x).flatten().tolist() == [1, 2, 3, 4]
