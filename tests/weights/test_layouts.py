"""Axes: a reordered kernel computes what it computed before."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from graphbuilder.weights import layouts
from tests.weights.helpers import numbers


def test_a_kernel_is_a_convolution_still() -> None:
    kernel, image = numbers(3, 2, 5, 4), numbers(1, 6, 6, 5)
    windows = np.lib.stride_tricks.sliding_window_view(image[0], (3, 2), (0, 1))
    expected = np.einsum("yxchw,hwco->oyx", windows, kernel)
    weight = torch.from_numpy(layouts.KERNEL.apply(kernel).copy())
    found = functional.conv2d(torch.from_numpy(image).permute(0, 3, 1, 2), weight)[0]
    np.testing.assert_allclose(found.numpy(), expected)


def test_a_depthwise_kernel_with_a_multiplier() -> None:
    kernel, image = numbers(3, 3, 2, 4), numbers(1, 5, 5, 2)
    windows = np.lib.stride_tricks.sliding_window_view(image[0], (3, 3), (0, 1))
    expected = np.einsum("yxchw,hwcm->cmyx", windows, kernel).reshape(8, 3, 3)
    weight = torch.from_numpy(layouts.DEPTHWISE.apply(kernel).copy())
    found = functional.conv2d(torch.from_numpy(image).permute(0, 3, 1, 2), weight, groups=2)[0]
    np.testing.assert_allclose(found.numpy(), expected)


@pytest.mark.parametrize(
    ("leaf", "theirs", "wanted", "name"),
    [
        ("kernel", (3, 3, 8, 16), (16, 8, 3, 3), "channels first"),
        ("kernel", (3, 3, 8, 2), (16, 1, 3, 3), "depthwise"),
        ("kernel", (5, 8, 16), (16, 8, 5), "channels first"),
        ("kernel", (8, 16), (16, 8), "channels first"),
        ("kernel", (8, 8), (8, 8), "channels first"),
        ("kernel", (8, 16), (8, 16), None),
        ("kernel", (8,), (8,), None),
        ("depthwise_kernel", (3, 3, 8, 1), (8, 1, 3, 3), "depthwise"),
        ("depthwise_kernel", (3, 3, 8, 1), (1, 8, 3, 3), None),
        ("pointwise_kernel", (1, 1, 8, 16), (16, 8, 1, 1), "channels first"),
        ("gamma", (8,), (8,), "as it is"),
        ("gamma", (8,), (9,), None),
        ("embeddings", (8, 16), (16, 8), None),
        ("kernel", (12, 3, 4), (12, 12), "heads side by side, channels first"),
        ("kernel", (2, 7, 6), (6, 14), "heads side by side, channels first"),
        ("kernel", (2, 7, 6), (14, 6), None),
        ("bias", (3, 4), (12,), "heads side by side"),
        ("gamma", (3, 4), (12,), None),
    ],
)
def test_the_name_decides_what_is_tried(
    leaf: str, theirs: tuple[int, ...], wanted: tuple[int, ...], name: str | None
) -> None:
    found = layouts.layout("keras", leaf, theirs, wanted)
    assert (found and found.name) == name
    assert found is None or found.shape(theirs) == found.apply(numbers(*theirs)).shape == wanted


def test_torch_keeps_its_axes() -> None:
    assert layouts.layout("torch", "kernel", (8, 16), (16, 8)) is None
    assert layouts.layout("torch", "weight", (8, 16), (8, 16)) is layouts.SAME


@pytest.mark.parametrize(
    ("theirs", "wanted", "fits"),
    [
        ((1, 1, 768), (1, 768), True),  # a class token
        ((1, 197, 768), (197, 768), True),
        ((96, 1, 1), (96,), True),  # a layer scale
        ((10, 768), (10, 768, 1, 1), True),  # a linear layer where ours is a 1x1 convolution
        ((768, 197), (197, 768), False),
        ((64, 1, 3, 3), (64, 3, 3), False),  # depthwise, and three channels in one dimension
        ((96, 1, 1), (97,), False),
    ],
)
def test_axes_of_1_come_and_go(theirs: tuple[int, ...], wanted: tuple[int, ...], fits: bool) -> None:
    assert (layouts.layout("torch", "weight", theirs, wanted) is layouts.RESHAPED) is fits
    # In Keras two axes may stand the other way round.
    is_vector = sum(size > 1 for size in theirs) == 1
    assert (layouts.layout("keras", "gamma", theirs, wanted) is layouts.RESHAPED) is (fits and is_vector)
    assert layouts.layout("keras", "kernel", theirs, wanted) is not layouts.RESHAPED


@pytest.mark.parametrize(
    ("leaf", "theirs", "wanted", "fits"),
    [
        ("weight", (24, 3, 7, 7), (24, 3, 1, 7, 7), True),  # a convolution within each window
        ("weight", (24, 3, 7), (24, 3, 7, 1), True),
        ("weight", (24, 1, 7, 7), (24, 7, 1, 7), False),
        ("weight", (24, 3, 7, 7), (24, 3, 7, 5), False),
        ("weight", (1, 24, 4, 4), (24, 1, 4, 4), False),  # one output, or depthwise
        ("pixel_pos", (1, 24, 4, 4), (24, 1, 4, 4), True),  # learnt by itself, to be stretched
        ("pixel_pos", (1, 24, 4, 4), (24, 1, 4, 5), False),
    ],
)
def test_axes_of_1_in_the_middle(leaf: str, theirs: tuple[int, ...], wanted: tuple[int, ...], fits: bool) -> None:
    assert (layouts.layout("torch", leaf, theirs, wanted) is layouts.RESHAPED) is fits


def test_a_convolution_over_a_whole_map_is_a_linear_layer() -> None:
    kernel, image = torch.randn(5, 2, 3, 4), torch.randn(1, 2, 3, 4)
    weight = torch.from_numpy(layouts.FLATTENED.apply(kernel.numpy()))
    assert weight.shape == layouts.FLATTENED.shape((5, 2, 3, 4))
    torch.testing.assert_close(functional.linear(image.flatten(1), weight), functional.conv2d(image, kernel).flatten(1))
