"""Receptive fields against brute force (gradients of the real torch modules) and against published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.analysis.receptive_field import Field, fields_within, receptive_fields
from graphbuilder.backends.torch import build
from graphbuilder.ir import Composite, Example, Op, Span, TensorType
from graphbuilder.ops import catalogue
from tests.clock import cost, least
from tests.ops.interpret import batch, run
from tests.ops.interpret import build as build_op

SPECS = Path(__file__).parents[2] / "specs"
DEFAULTS = "[defaults]\nconv = { out = 4, kernel = 3 }"
Extent = tuple[int, int]


def network(model: str, shape: Sequence[int] = (2, 63, 63), blocks: str = "") -> gb.Network:
    head = f'format = 1\nname = "case"\n[inputs]\nx = {list(shape)}\n{DEFAULTS}'
    checked = gb.check_text(f"{head}\n[model]\nbody = [{model}]\n{dedent(blocks)}")
    assert checked.network is not None, checked.diagnostics
    return checked.network


def field(found: gb.Network) -> Field:
    (fields,) = receptive_fields(found.typed).values()
    (only,) = fields.values()
    return only


def touched(gradient: Tensor, axes: int, first: bool) -> tuple[Extent, ...] | None:
    """Where any sample's gradient is not zero, as (first, last) along each spatial axis."""
    spatial = range(2, 2 + axes) if first else range(1, 1 + axes)
    found: list[Extent] = []
    for axis in spatial:
        others = [each for each in range(gradient.ndim) if each != axis]
        places = gradient.abs().amax(others).nonzero().flatten().tolist()
        if not places:
            return None
        found.append((places[0], places[-1]))
    return tuple(found)


def centre(value: Tensor, type_: TensorType) -> tuple[Tensor, tuple[int, ...]]:
    """The sum over batch and channels at the middle place, and that place."""
    middle = tuple(size // 2 for size in type_.spatial)
    index = (slice(None), slice(None), *middle) if type_.layout == "first" else (slice(None), *middle)
    return (value[index] * torch.randn_like(value[index])).sum(), middle


def brute_force(found: gb.Network) -> tuple[int, ...]:
    """The size of the field of the middle place, over a batch that makes every path of a pool or rectifier count."""
    torch.manual_seed(0)
    module = build(found.typed)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(32, *found.typed.inputs[0].shape, requires_grad=True)
    value, _ = centre(module.eval()(x), found.typed.outputs[0])
    value.backward()
    assert x.grad is not None
    extents = touched(x.grad, len(found.typed.inputs[0].spatial), True)
    assert extents is not None
    return tuple(last - first + 1 for first, last in extents)


def widest(found: gb.Network) -> tuple[int, ...]:
    """The largest size of a field along each axis, over the places of a diagonal in the middle, far from the edges."""
    torch.manual_seed(0)
    module = build(found.typed).eval()
    x = torch.randn(2, *found.typed.inputs[0].shape, requires_grad=True)
    value = module(x)
    first = found.typed.outputs[0].layout == "first"
    side = found.typed.outputs[0].spatial[0]
    sizes: list[tuple[int, ...]] = []
    for place in range(side // 3, side - side // 3):
        one = value[:, :, place, place] if first else value[:, place, place]
        (gradient,) = torch.autograd.grad((one * torch.randn_like(one)).sum(), x, retain_graph=True)
        extents = touched(gradient, 2, True)
        assert extents is not None
        sizes.append(tuple(last - first + 1 for first, last in extents))
    return tuple(map(max, *sizes))


WINDOWS = {
    "one convolution": '{ op = "conv", kernel = 5 }',
    "a chain": '{ op = "conv" }, { op = "conv" }',
    "strides": '{ op = "conv", stride = 2 }, { op = "conv", kernel = 5, stride = 3 }',
    "dilation": '{ op = "conv", dilation = 4 }, { op = "dwconv", kernel = 3, dilation = 2 }',
    "rectangles": '{ op = "conv", kernel = [1, 7], stride = [1, 2] }, { op = "conv", kernel = [3, 1] }',
    "padding": '{ op = "conv", kernel = 4, padding = "same", stride = 2 }, { op = "conv", padding = "half" }',
    "pools": '{ op = "maxpool", kernel = 3, stride = 2, padding = "same" }, { op = "avgpool", kernel = 2 }',
    "norms": '{ op = "conv" }, { op = "batchnorm" }, { op = "relu" }, { op = "maxpool", kernel = 2 }',
    "separable": '{ op = "sepconv", out = 4, kernel = 3, stride = 2 }, { op = "sepconv", out = 2, kernel = 3 }',
    "apart by more than they reach": '{ op = "conv", kernel = 1, stride = 4 }, { op = "conv" }',
    "shuffled": '{ op = "pixelunshuffle", factor = 3 }, { op = "conv" }',
    "cut": '{ op = "pad", sides = 2 }, { op = "conv" }, { op = "crop", sides = 4 }',
}  # fmt: skip


@pytest.mark.parametrize("model", WINDOWS.values(), ids=WINDOWS)
def test_chains_are_exact(model: str) -> None:
    found = network(model)
    assert field(found) == Field(brute_force(found), False)


@pytest.mark.parametrize(
    "tail",
    [
        '{ op = "resize", factor = 2 }, { op = "conv" }',
        '{ op = "resize", factor = 2, mode = "bilinear" }',
        '{ op = "convtranspose", out = 2, kernel = 4, stride = 2, padding = 1 }',
        '{ op = "convtranspose", out = 2, kernel = 3, stride = 2, padding = 1 }, { op = "conv", kernel = 5 }',
        '{ op = "pixelshuffle", factor = 2 }',
    ],
)
def test_growing_maps_read_at_most_so_much(tail: str) -> None:
    """Places differ in what they read; the field is that of the widest, by at most one place of the coarse map."""
    found = network(f'{{ op = "conv", stride = 2 }}, {tail}')
    for ours, real in zip(field(found).size, brute_force(found), strict=True):
        assert real <= ours <= real + 4
    assert field(found).most and str(field(found)).startswith("at most ")


def test_maps_that_shrink_again_have_grown() -> None:
    grown = network('{ op = "resize", factor = 2 }, { op = "conv", stride = 2 }, { op = "conv" }')
    assert field(grown).most


RESIDUAL = """
[blocks.unit]
body = [{ op = "conv", padding = "half", stride = 2 }, { op = "conv", padding = "half" }]
shortcut = "project"
[blocks.wide]
branches.one = [{ op = "conv", kernel = 1 }]
branches.five = [{ op = "conv", kernel = 5, padding = "half" }]
branches.odd = [{ op = "conv", kernel = 4, padding = "same" }]
merge = "concat"
"""


def test_joins_take_the_union_of_their_paths() -> None:
    found = network('{ use = "unit", repeat = 2 }, { use = "wide", repeat = 3 }', (2, 95, 95), RESIDUAL)
    assert field(found) == Field(brute_force(found), False)


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ('{ op = "conv", kernel = 7 }, { op = "globalavgpool" }, { op = "linear", out = 2 }', "7x7, then all"),
        ('{ op = "conv", kernel = 7 }, { op = "flatten" }, { op = "linear", out = 2 }', "7x7, then all"),
        ('{ op = "conv", kernel = 63 }, { op = "flatten" }, { op = "linear", out = 2 }', "63x63"),
        ('{ op = "flatten" }, { op = "linear", out = 2 }', "all"),
        ('{ op = "relu" }', "1x1"),
        ('{ op = "conv", kernel = 7, stride = 7 }, { op = "tokens" }, { op = "attention", heads = 2 }',
         "7x7, then all"),
        ('{ op = "conv" }, { op = "squeezeexcite", squeeze = 2 }, '
         '{ op = "conv" }', "5x5, then all"),
        ('{ op = "conv" }, { op = "groupnorm", groups = 2 }, '
         '{ op = "conv" }', "5x5, then all"),
        ('{ op = "conv" }, { op = "tokens" }, { op = "maps", size = 61 }, '
         '{ op = "conv" }', "5x5"),
    ],
)  # fmt: skip
def test_what_reads_everything_is_said_beside_the_windows(model: str, shown: str) -> None:
    assert str(field(network(model))) == shown


IN_BLOCKS = """
[blocks.attending]
body = [{ op = "layernorm" }, { op = "attention", heads = 1 }]
shortcut = "identity"
[blocks.rows]
body = [
  { op = "layernorm" },
  { id = "q", op = "splitheads", heads = 2 },
  { id = "scores", op = "matmul", transpose = true, from = { x = "q", y = "q" } },
  { op = "softmax", axis = -1 },
  { op = "matmul", from = { x = "softmax", y = "q" } },
  { op = "mergeheads" },
]
"""
LAST, FIRST = '{ op = "channelslast" }', '{ op = "channelsfirst" }'
WINDOWED = {
    "one": f'{LAST}, {{ op = "windowattention", heads = 1, window = 4 }}',
    "behind strides and before": f'{{ op = "conv", kernel = 4, stride = 4 }}, {LAST}, '
    f'{{ op = "windowattention", heads = 2, window = 4 }}, {FIRST}, {{ op = "conv", kernel = 2, stride = 2 }}',
    "moved": f'{LAST}, {{ op = "windowattention", heads = 1, window = 4 }}, '
    f'{{ op = "windowattention", heads = 1, window = 4, shift = 2 }}, {FIRST}, {{ op = "conv" }}',
    "cut, attended and joined": f'{{ op = "conv", padding = "half" }}, {{ op = "roll", shift = 8 }}, '
    f'{{ op = "windows", size = 8 }}, {{ op = "attention", heads = 2 }}, '
    f'{{ op = "unwindows", size = 64, window = 8 }}, {FIRST}, {{ op = "conv" }}',
    "cut and joined": f'{{ op = "windows", size = [8, 4] }}, {{ op = "layernorm" }}, '
    f'{{ op = "unwindows", size = 64, window = [8, 4] }}, {FIRST}, {{ op = "conv" }}',
    "in blocks": f'{{ op = "windows", size = 4 }}, {{ use = "attending", repeat = 2 }}, '
    f'{{ op = "unwindows", size = 64, window = 4 }}, {FIRST}, {{ op = "conv" }}',
    "spelt out": f'{{ op = "windows", size = 8 }}, {{ use = "rows" }}, '
    f'{{ op = "unwindows", size = 64, window = 8 }}, {FIRST}, {{ op = "conv", stride = 3 }}',
    "along a window": f'{{ op = "windows", size = 4 }}, {{ op = "linear", out = 16, axis = 1 }}, '
    f'{{ op = "unwindows", size = 64, window = 4 }}, {FIRST}',
    "one way around": f'{{ op = "conv" }}, {{ op = "conv" }}, {LAST}, {{ id = "seen", op = "windowattention", '
    f'heads = 1, window = 3 }}, {{ op = "add", from = ["seen", "channelslast"] }}, {FIRST}, {{ op = "conv" }}',
}  # fmt: skip


@pytest.mark.parametrize("model", WINDOWED.values(), ids=WINDOWED)
def test_windows_of_attention_are_windows(model: str) -> None:
    """The widest of all places, since those at the edge of a window look into the next with what comes behind."""
    found = network(model, (2, 64, 64), IN_BLOCKS)
    assert field(found) == Field(widest(found), False)


@pytest.mark.parametrize(
    "model",
    [
        '{ op = "windows", size = 4 }, { op = "linear", out = 256, axis = 0 }, '
        '{ op = "unwindows", size = 64, window = 4 }',
        '{ op = "channelslast" }, { op = "attention", heads = 1 }',
        '{ op = "permute", axes = [0, 2, 1] }, { op = "conv" }',
        '{ op = "windows", size = 4 }, { op = "reshape", shape = [64, 64, 2], layout = "channels_last" }',
        '{ op = "flip", axis = 2 }',
    ],
)
def test_what_cuts_axes_otherwise_is_not_known(model: str) -> None:
    assert str(field(network(model, (2, 64, 64)))) == "not known"


@pytest.mark.parametrize(
    ("spec", "size"),
    # Araujo et al., table in the section "Computing receptive fields for modern networks"; ResNets with their strides
    # in the 3x3 convolutions, as in torchvision.
    [("alexnet", 195), ("vgg16", 212), ("mobilenet_v1", 315), ("resnet50", 427)],
)
def test_published_sizes(spec: str, size: int) -> None:
    assert field(gb.load(SPECS / f"{spec}.toml")) == Field((size, size), True)


def test_every_output_has_a_field_in_every_input_that_it_reads() -> None:
    text = """
        format = 1
        name = "two"
        [inputs]
        left = [2, 16, 16]
        right = [2, 16, 16]
        [model]
        body = [
          { id = "a", op = "conv", out = 2, kernel = 3, padding = "half", from = "left" },
          { id = "b", op = "conv", out = 2, kernel = 5, padding = "half", from = "right" },
          { id = "both", op = "add", from = ["a", "b"] },
        ]
        [outputs]
        both = "both"
        one = "a"
    """
    checked = gb.check_text(dedent(text))
    assert checked.network is not None, checked.diagnostics
    three, five = Field((3, 3), False), Field((5, 5), False)
    assert receptive_fields(checked.network.typed) == {"both": {"left": three, "right": five}, "one": {"left": three}}


def test_many_copies_are_no_work() -> None:
    def finding() -> float:
        found = network('{ op = "conv", padding = "half", repeat = 30001 }')
        fields: list[Field] = []
        spent = cost(lambda: fields.append(field(found)))
        assert fields[0].size == (60_003, 60_003)
        return spent

    assert least(finding, 1) < 1


# Their places are counted anew: from where a part or the tokens given begin, row by row, or behind an axis of heads.
MOVED = ("split", "classtoken", "tokens", "maps", "splitheads", "mergeheads", "windows", "unwindows")


def rows() -> list[object]:
    return [
        pytest.param(op(**example.args), example, id=f"{op.op}-{number}")
        for op in catalogue().values()
        if not issubclass(op, Composite)
        for number, example in enumerate(op.examples)
    ]


@pytest.mark.parametrize(("op", "example"), rows())
def test_no_op_reads_beyond_what_it_declares(op: Op, example: Example) -> None:
    """Every op of the catalogue, by the gradient of the middle place of each output."""
    torch.manual_seed(0)
    lowering = op.lower(example.inputs)
    module = build_op(lowering)
    # Above 0, since of others there is no root.
    inputs = tuple(x.abs().requires_grad_() for x in batch(example.inputs, size=16))
    values = run(lowering, module and module.eval(), inputs)
    for value, type_ in zip(values, op.infer(example.inputs), strict=True):
        total, middle = centre(value, type_)
        gradients = torch.autograd.grad(total, inputs, retain_graph=True, allow_unused=True)
        for given, gradient, reach in zip(example.inputs, gradients, op.reads(example.inputs), strict=True):
            seen = None if gradient is None else touched(gradient, len(given.spatial), given.layout == "first")
            if reach is None:
                assert seen is None
            elif seen and not (reach.whole or reach.along) and reach.placed and op.op not in MOVED:
                spans = reach.spans or (Span(),) * len(given.spatial)
                for place, span, (low, high) in zip(middle, spans, seen, strict=True):
                    assert span.stride * place + span.first <= low and high <= span.stride * place + span.last


@pytest.mark.parametrize("name", ["xception", "unet", "densenet121"])
def test_the_field_of_the_last_call_is_that_of_the_network(name: str) -> None:
    typed = gb.load(SPECS / f"{name}.toml").typed
    (output,) = receptive_fields(typed).values()
    assert list(fields_within(typed))[-1][1] == output


def test_every_copy_of_a_repeat_has_a_field_of_its_own() -> None:
    found = network('{ use = "pair", repeat = 5 }', blocks="[blocks.pair]\nbody = [{ op = 'conv' }, { op = 'relu' }]")
    fields = {path: str(inner["x"]) for path, inner in fields_within(found.typed)}
    assert [fields[f"pair.{copy}.conv"] for copy in range(5)] == ["3x3", "5x5", "7x7", "9x9", "11x11"]
    assert fields["pair.4"] == fields["pair"] == "11x11"
