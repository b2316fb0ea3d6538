"""What Keras and torch call things: every other name leads to an op or an argument that is there."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Meant
from graphbuilder.ops import catalogue
from graphbuilder.ops.other_names import ARGUMENTS, OPS, op_remedy
from graphbuilder.spec.names import STEP_WORDS

SPEC = 'format = 1\nname = "n"\n[inputs]\nx = [8, 16, 16]\n[model]\nbody = [{}]\n'


def test_every_other_name_leads_somewhere_and_is_not_ours() -> None:
    words = {*STEP_WORDS, *(field for cls in catalogue().values() for field in cls.model_fields)}
    assert {*OPS.values()} <= catalogue().keys()
    assert OPS.keys().isdisjoint(catalogue())
    assert {*ARGUMENTS.values()} <= words


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dense", "linear"),
        ("Dense", "linear"),
        ("Conv2D", "conv"),
        ("Conv2DTranspose", "convtranspose"),
        ("ConvTranspose2d", "convtranspose"),
        ("DepthwiseConv2D", "dwconv"),
        ("SeparableConv2D", "sepconv"),
        ("BatchNormalization", "batchnorm"),
        ("GlobalAveragePooling2D", "globalavgpool"),
        ("AveragePooling2D", "avgpool"),
        ("AdaptiveAvgPool2d", "adaptiveavgpool"),
        ("concatenate", "concat"),
        ("cat", "concat"),
        ("UpSampling2D", "resize"),
        ("swish", "silu"),
        ("MultiHeadAttention", "attention"),
        ("ZeroPadding2D", "pad"),
        ("nn.Conv2d", "conv"),
        ("torch.nn.ReLU", "relu"),
        ("keras.layers.Dense", "linear"),
    ],
)
def test_ops(name: str, meant: str) -> None:
    assert op_remedy(name, catalogue()) == Meant((meant,))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unfold", "What cannot be said"),
        ("DeformConv2d", "What cannot be said"),
        ("grid_sample", "What cannot be said"),
        ("rfft2", "What cannot be said"),
        ("sum", "`add`"),
        ("gather", "`select`"),
        ("repeat", "a word of a step"),
        ("tile", "`stretch = true`"),
    ],
)
def test_what_no_op_is_called_is_told_by_its_name(name: str, said: str) -> None:
    remedy = op_remedy(name, catalogue())
    assert isinstance(remedy, str) and said in remedy


@pytest.mark.parametrize(
    ("step", "code", "remedy"),
    [
        ('op = "dropout", p = 0.5', "GB305", "did you mean `rate`?"),
        ('op = "linear", units = 10', "GB305", "did you mean `out`?"),
        ('op = "conv", filters = 8, kernel = 1', "GB305", "did you mean `out`?"),
        ('op = "conv", out = 8, kernel_size = 1', "GB305", "did you mean `kernel`?"),
        ('op = "conv", out = 8, kernel = 1, strides = 2', "GB305", "did you mean `stride`?"),
        ('op = "maxpool", pool_size = 2', "GB305", "did you mean `kernel`?"),
        ('op = "batchnorm", epsilon = 1e-3', "GB305", "did you mean `eps`?"),
        ('op = "leakyrelu", negative_slope = 0.1', "GB305", "did you mean `slope`?"),
        ('op = "softmax", dim = 1', "GB305", "write axis = 0: the axes of `softmax` do not count the batch"),
        ('op = "relu", name = "act"', "GB305", "did you mean `id`?"),
        ('op = "batchnorm", num_features = 8', "GB305", "leave it out: it follows from what the step reads"),
        ('op = "conv", out = 8, kernel = 1, activation = "relu"', "GB305", "an activation is a step of its own"),
        ('op = "linear", out = 8, activation = "softmax"', "GB305", 'a step of its own: { op = "softmax" }'),
        ('op = "linear", out = 8, activation = "none"', "GB305", 'a step of its own: { op = "relu" }, say'),
        ('op = "elu", p = 1', "GB305", "`elu` takes alpha"),
    ],
)
def test_arguments(step: str, code: str, remedy: str) -> None:
    (found,) = check_text(SPEC.replace("[{}]", f"[{{ {step} }}]"), "case.toml").diagnostics
    assert found.code == code
    assert found.help and remedy in found.help


@pytest.mark.parametrize(("given", "remedy"), [("p", "did you mean `rate`?"), ("dim", "the block `b` takes rate")])
def test_arguments_of_a_block(given: str, remedy: str) -> None:
    """Its author has chosen their names, among which a name from elsewhere may be meant."""
    block = '[blocks.b]\nargs = { rate = 0.5 }\nbody = [{ op = "dropout", rate = "=rate" }]\n'
    (found,) = check_text(SPEC.replace("[{}]", f'[{{ use = "b", {given} = 0.1 }}]') + block, "case.toml").diagnostics
    assert found.help == remedy
