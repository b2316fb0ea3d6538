"""What ops refuse, with which code, at which argument, and that torch would refuse it too."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from graphbuilder import ops
from graphbuilder.analysis.inference import infer
from graphbuilder.ir import Composite, Op, OpError, TensorType
from graphbuilder.ops import Catalogue, catalogue, find, register
from graphbuilder.ops.convolution import Conv
from graphbuilder.ops.dialects import DIALECTS
from graphbuilder.ops.normalisation import GroupNorm
from graphbuilder.ops.separable import SepConv
from graphbuilder.ops.shape import Reshape
from tests.ops.interpret import batch, build, run

MAP = TensorType((16, 8, 8))
TOKENS = TensorType((64, 12), "last")
VECTOR = TensorType((16,))


@pytest.mark.parametrize(
    ("name", "args", "inputs", "code", "message", "field"),
    [
        ("conv", {"out": 8, "kernel": 9}, (MAP,), "GB201", "a window of 9×9 does not fit into 8×8", "kernel"),
        (
            "maxpool",
            {"kernel": 3, "dilation": 5, "padding": 1},
            (MAP,),
            "GB201",
            "a window of 11×11 (dilated from 3×3) does not fit into 8×8, padded to 10×10",
            "kernel",
        ),
        (
            "conv",
            {"out": 8, "kernel": 3, "groups": 3},
            (MAP,),
            "GB202",
            "conv: groups = 3 does not divide 16 input channels",
            "groups",
        ),
        (
            "conv",
            {"out": 9, "kernel": 3, "groups": 4},
            (MAP,),
            "GB202",
            "conv: groups = 4 does not divide 9 output channels",
            "groups",
        ),
        (
            "pixelshuffle",
            {"factor": 3},
            (MAP,),
            "GB202",
            "pixelshuffle: factor * factor = 9 does not divide 16 input channels",
            None,
        ),
        ("concat", {}, (MAP, MAP, TensorType((16, 8, 9))), "GB203", "cannot concatenate 16x8x8 and 16x8x9", None),
        ("add", {"stretch": True}, (MAP, TensorType((8, 1, 1))), "GB204", "cannot add 16x8x8 and 8x1x1", None),
        ("clamp", {}, (MAP,), "GB211", "clamp: neither `min` nor `max` is said", "min"),
        ("clamp", {"min": 1, "max": 0}, (MAP,), "GB211", "clamp: min is 1, above max, 0", "min"),
        ("flip", {"axis": 3}, (MAP,), "GB210", "16x8x8 has no axis 3: axes are 0 to 2, the batch not counted", "axis"),
        ("add", {}, (MAP, TensorType((32, 8, 8))), "GB204", "cannot add 16x8x8 and 32x8x8", None),
        ("mul", {}, (TensorType((1, 4, 1)), MAP), "GB204", "cannot multiply 1x4x1 and 16x8x8", None),
        (
            "mul",
            {},
            (TensorType((16, 8, 1)), TensorType((16, 1, 8))),
            "GB204",
            "cannot multiply 16x8x1 and 16x1x8",
            None,
        ),
        (
            "matmul",
            {},
            (TOKENS, TOKENS),
            "GB204",
            "cannot multiply 64x12 as matrices by 64x12",
            None,
        ),
        (
            "attend",
            {"heads": 2},
            (TOKENS, TOKENS, TOKENS, TensorType((3, 64, 64))),
            "GB204",
            "attend: scores are 2x64x64, and the bias is 3x64x64",
            None,
        ),
        (
            "windows",
            {"size": 3},
            (MAP,),
            "GB202",
            "windows: size = 3 does not divide 8 places of an axis",
            "size",
        ),
        (
            "windowattention",
            {"heads": 4, "window": 4, "shift": 4},
            (TensorType((8, 8, 16), "last"),),
            "GB211",
            "relativebias: the shift is smaller than the window",
            None,
        ),
        (
            "rescale",
            {"scale": [1.0, 2.0]},
            (MAP,),
            "GB207",
            "rescale: scale lists 2 for 16 channels",
            "scale",
        ),
        (
            "conv",
            {"out": 4, "kernel": 17, "padding": "half", "padding_mode": "reflect"},
            (MAP,),
            "GB212",
            'conv: 8×8 is too small for so large a "reflect"',
            "padding",
        ),
        (
            "avgpool",
            {"kernel": 2**30, "padding": 2**29},
            (MAP,),
            "GB212",
            "avgpool: 16x8x8 would grow to 1073741832×1073741832 places on the way, more than can be held",
            "padding",
        ),
        (
            "conv",
            {"out": 8, "kernel": 3},
            (TOKENS,),
            "GB205",
            "conv reads channels first, and 64x12 has its channels last",
            None,
        ),
        (
            "attend",
            {},
            (MAP, TOKENS, TOKENS),
            "GB205",
            "attend reads tokens, channels last, and 16x8x8 has 3 axes, channels first",
            None,
        ),
        ("rotary", {"heads": 2}, (TOKENS,), "GB202", "rotary: a head of 6 channels is no multiple of 4", "heads"),
        (
            "rotary",
            {"step": 2, "grid": "centred"},
            (TOKENS,),
            "GB211",
            "rotary: places that are centred have no `step`",
            "step",
        ),
        ("rotary", {"size": [3, 20]}, (TOKENS,), "GB209", "rotary: 64 tokens are not 3×20 places with 0 ahead", "size"),
        (
            "rotary",
            {"size": 8, "ahead": 1},
            (TOKENS,),
            "GB209",
            "rotary: 64 tokens are not 8×8 places with 1 ahead",
            "size",
        ),
        ("select", {"axis": 0, "index": 0}, (MAP,), "GB205", "select would take the channels away from 16x8x8", "axis"),
        (
            "maxpool",
            {"kernel": 2},
            (VECTOR,),
            "GB206",
            "maxpool reads maps, and 16 is a vector",
            None,
        ),
        ("globalavgpool", {}, (VECTOR,), "GB206", "globalavgpool reads maps or tokens, and 16 is a vector", None),
        ("conv", {"out": 8, "kernel": [3, 3, 3]}, (MAP,), "GB207", "kernel lists 3 for 2 axes", "kernel"),
        ("crop", {"sides": 4}, (MAP,), "GB208", "crop: nothing is left of 16x8x8", "sides"),
        ("slice", {"start": 5, "stop": 2}, (MAP,), "GB208", "slice: 5:2 leaves nothing of 16 elements", None),
        ("resize", {"factor": 0.1}, (MAP,), "GB208", "resize: nothing is left of 16x8x8", "factor"),
        ("reshape", {"shape": [-1, 60]}, (MAP,), "GB209", "cannot reshape 16x8x8, 1024 elements, to -1×60", "shape"),
        ("reshape", {"shape": [0, -1]}, (MAP,), "GB209", "cannot reshape 16x8x8, 1024 elements, to 0×-1", "shape"),
        (
            "reshape",
            {"shape": [-4, -256]},
            (MAP,),
            "GB209",
            "cannot reshape 16x8x8, 1024 elements, to -4×-256",
            "shape",
        ),
        ("maps", {"size": 7}, (TOKENS,), "GB209", "64 tokens are not 7×7 places", "size"),
        ("slice", {"axis": 3}, (MAP,), "GB210", "16x8x8 has no axis 3: axes are 0 to 2, the batch not counted", "axis"),
        (
            "permute",
            {"axes": [0, 1]},
            (MAP,),
            "GB210",
            "permute: the axes of 16x8x8 are 0, 1, 2, each to be named once",
            "axes",
        ),
        ("select", {"axis": 1, "index": 8}, (MAP,), "GB210", "select: axis 1 of 16x8x8 has no element 8", "index"),
        (
            "resize",
            {"factor": 2, "size": 9},
            (MAP,),
            "GB211",
            "resize takes one of `factor`, `size`, `like`; it has `factor` and `size`",
            None,
        ),
        ("split", {}, (MAP,), "GB211", "split takes one of `count`, `sizes`; it has none", None),
        (
            "maxpool",
            {"kernel": 3, "padding": 2},
            (MAP,),
            "GB212",
            "maxpool: a window of 3×3 may be padded by at most 1×1",
            "padding",
        ),
        (
            "pad",
            {"sides": 8, "mode": "reflect"},
            (MAP,),
            "GB212",
            'pad: 8×8 is too small for so large a "reflect"',
            "sides",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    name: str, args: dict[str, Any], inputs: tuple[TensorType, ...], code: str, message: str, field: str | None
) -> None:
    op = catalogue()[name](**args)
    with pytest.raises(OpError) as caught:
        if isinstance(op, Composite):
            infer(op.body(inputs, DIALECTS["torch"]), inputs)
        else:
            op.infer(inputs)
    assert (caught.value.rule.code, caught.value.message) == (code, message)
    assert field is None or caught.value.field == field
    assert caught.value.field is None or caught.value.field in type(op).model_fields


@pytest.mark.parametrize(
    ("shape", "help_"),
    [
        ([-1, 7], "1024 is not a multiple of 7"),
        ([-1, 6, 10], "1024 is not a multiple of 6 * 10 = 60"),
        ([16, 60], "16 * 60 = 960 is not 1024; one size may be -1 and is then computed"),
        ([100], "100 is not 1024; one size may be -1 and is then computed"),
        ([-1, -1, 7], "only one size may be -1: it is computed from the others"),
        ([0, -1], "a size is positive, or -1 where it is to be computed"),
    ],
)
def test_why_a_shape_does_not_hold_a_value(shape: list[int], help_: str) -> None:
    with pytest.raises(OpError) as caught:
        Reshape(shape=tuple(shape)).infer((MAP,))
    assert caught.value.help == help_


def test_a_disagreement_names_the_two_that_disagree() -> None:
    with pytest.raises(OpError) as caught:
        catalogue()["add"]().infer((MAP, MAP, VECTOR, MAP))
    assert caught.value.inputs == (0, 2)
    with pytest.raises(OpError) as caught:
        catalogue()["add"]().infer((TensorType((8, 8), "first"), TensorType((8, 8), "last")))
    assert caught.value.message == "cannot add 8x8 (channels first) and 8x8 (channels last)"


@pytest.mark.parametrize(
    ("groups", "out", "help_", "tried"),
    [
        (3, 16, "1, 2, 4, 8 and 16 divide 16", [2, 4]),
        (17, 16, "1, 2, 4, 8 and 16 divide 16", [16]),
        (3, 24, "1, 2, 4 and 8 divide 16 and 24", [2, 4]),
        (4, 9, "1 divides 9 and 16", [1]),
    ],
)
def test_what_divides_both_is_the_remedy(groups: int, out: int, help_: str, tried: list[int]) -> None:
    with pytest.raises(OpError) as caught:
        Conv(out=out, kernel=3, groups=groups).infer((MAP,))
    assert (caught.value.help, [value for _, value in caught.value.settings]) == (help_, tried)


def test_of_many_divisors_the_nearest_are_told() -> None:
    with pytest.raises(OpError) as caught:
        GroupNorm(groups=7).infer((TensorType((720, 4, 4)),))
    assert caught.value.help == "6 and 8 divide 720"


def test_the_divisors_of_a_large_number_are_soon_found() -> None:
    with pytest.raises(OpError) as caught:
        GroupNorm(groups=16).infer((TensorType((2**31 - 1, 1, 1)),))
    assert caught.value.help == "1 and 2147483647 divide 2147483647"


def test_pointwise_first_leaves_no_room_for_a_multiplier() -> None:
    with pytest.raises(OpError, match="multiplier needs the depthwise part first"):
        SepConv(out=8, kernel=3, multiplier=2, order="pointwise_first").body((MAP,), DIALECTS["torch"])


@pytest.mark.parametrize(
    ("name", "args", "field", "message"),
    [
        ("conv", {"out": True, "kernel": 3}, "out", "must be a positive integer"),
        ("conv", {"out": "64", "kernel": 3}, "out", "must be a positive integer"),
        ("conv", {"out": 0, "kernel": 3}, "out", "must be a positive integer"),
        ("conv", {"out": 8, "kernel": [3, True]}, "kernel", "must be a positive integer, or a list of one an axis"),
        ("conv", {"out": 8, "kernel": 3.0}, "kernel", "must be a positive integer, or a list of one an axis"),
        (
            "conv",
            {"out": 8, "kernel": 3, "padding": -1},
            "padding",
            'must be "valid", "half", "same", an integer not below 0',
        ),
        ("conv", {"out": 8, "kernel": 3, "padding": [[1, 2, 3]]}, "padding", 'must be "valid", "half", "same"'),
        ("dropout", {"rate": 1}, "rate", "must be at least 0 and less than 1"),
        ("dropout", {"rate": True}, "rate", "must be at least 0 and less than 1"),
        ("batchnorm", {"eps": 0}, "eps", "must be a positive number"),
        ("batchnorm", {"eps": float("nan")}, "eps", "must be a positive number"),
        ("split", {"sizes": []}, "sizes", "must be a list of at most 1024 positive integers"),
        ("reshape", {"shape": []}, "shape", "must be a list of integers"),
        ("crop", {"size": []}, "size", "must be a positive integer, or a list of one an axis"),
        ("resize", {"factor": []}, "factor", "must be a positive number, or a list of one an axis"),
        ("pad", {"sides": []}, "sides", "must be an integer not below 0, a list of one an axis"),
        ("conv", {"out": 1, "kernel": 1, "padding": []}, "padding", 'must be "valid", "half", "same"'),
    ],
)
def test_arguments_are_refused_in_one_sentence(name: str, args: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        catalogue()[name](**args)
    (error,) = caught.value.errors()
    assert error["loc"][0] == field
    assert error["msg"].startswith(message)


SIDES = st.one_of(
    st.sampled_from(["valid", "half", "same"]),
    st.integers(0, 4),
    st.lists(st.integers(0, 4), min_size=1, max_size=3),
    st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=1, max_size=3),
)
PER_AXIS = st.one_of(st.integers(1, 4), st.lists(st.integers(1, 4), min_size=1, max_size=3))
WINDOWED = st.sampled_from(["conv", "dwconv", "maxpool", "avgpool", "convtranspose"])


@settings(max_examples=200)
@given(WINDOWED, st.data())
def test_windows_come_out_as_in_torch_or_are_refused(name: str, data: st.DataObject) -> None:
    """Whatever the arguments: the very shape of torch, or an error before torch sees them."""
    spatial = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    x = TensorType((4, *spatial))
    args: dict[str, Any] = {"kernel": data.draw(PER_AXIS), "stride": data.draw(PER_AXIS), "padding": data.draw(SIDES)}
    if name != "avgpool":
        args["dilation"] = data.draw(PER_AXIS)
    if name.endswith("pool"):
        args["ceil"] = data.draw(st.booleans())
    if name in ("conv", "convtranspose"):
        args["out"] = data.draw(st.integers(1, 4))
        args["groups"] = data.draw(st.sampled_from([1, 2, 4]))
    op = catalogue()[name](**args)
    try:
        (inferred,) = op.infer((x,))
    except OpError:
        return
    assert torch_shape(op, x) == inferred.shape


def torch_shape(op: Op, x: TensorType) -> tuple[int, ...]:
    lowering = op.lower((x,))
    with torch.no_grad():
        (result,) = run(lowering, build(lowering), batch((x,), size=1))
    return tuple(result.shape[1:])


def test_the_registry_takes_a_callers_op_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "_CATALOGUE", Catalogue())
    relu = catalogue()["relu"]
    mine = type("Mine", (relu,), {"op": "tests_mine", "__module__": __name__})
    assert register(mine) is mine and register(mine) is mine
    assert find("tests_mine") is mine and "tests_mine" in catalogue() and find("tests_other") is None
    with pytest.raises(ValueError, match="already"):
        register(type("Other", (relu,), {"op": "tests_mine", "__module__": __name__}))
    with pytest.raises(ValueError, match="already"):
        register(relu)
    with pytest.raises(ValueError, match="lower case"):
        register(type("Bad", (relu,), {"op": "Bad-Name", "__module__": __name__}))
