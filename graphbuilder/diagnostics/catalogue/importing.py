"""GB8xx: models of other frameworks, and what of them the language cannot say. No spec can break these."""

from __future__ import annotations

from graphbuilder.diagnostics.example import Example
from graphbuilder.diagnostics.model import Rule

_MODELS = """\
from torch import nn


class Tiny(nn.Module):
    def forward(self, x):
        {}


def tiny():
    return Tiny()
"""
_IMPORT = "graphbuilder import models:tiny --input 3,8,8 -o tiny.toml"


def _imported(line: str, repaired: str) -> Example:
    """A torch module that computes this, and one that can be imported."""
    return Example(_IMPORT, {"models.py": _MODELS.format(line)}, {"models.py": _MODELS.format(repaired)})


class NotExpressible(Rule):
    """A layer or call of the model is no op of the catalogue, or has arguments that ours does not know. Every such
    place is listed, by the layer's name and, for torch, the line of code. Nothing is written: a spec that leaves
    something out is another network."""

    code = "GB801"
    title = "not expressible as a spec"
    advice = "write it in other words in the model, or make the spec by hand with an op of your own"
    example = _imported("return x.sort().values", "return x.relu()")


class ModelUnreadable(Rule):
    """A model is imported from a Keras file (``.keras``, or the JSON of its config), or from Python, as
    ``package.module:function``. A file of weights alone does not say what is computed."""

    code = "GB802"
    title = "not a model that can be imported"
    example = Example(
        "graphbuilder import tiny.txt -o tiny.toml",
        {"tiny.txt": "conv 3x3, 64\n"},
        mended={"models.py": _MODELS.format("return x.relu()")},
        rerun="graphbuilder import models:tiny --input 3,8,8 -o tiny.toml",
    )


class FunctionFailed(Rule):
    """The function named on the command line is imported and called without arguments, and gives the module. It could
    not be imported, raised an error, or gave something else."""

    code = "GB803"
    title = "no module from the function"
    example = Example(
        "graphbuilder import models:tyni --input 3,8,8 -o tiny.toml",
        {"models.py": _MODELS.format("return x.relu()")},
        rerun="graphbuilder import models:tiny --input 3,8,8 -o tiny.toml",
    )


class TraceFailed(Rule):
    """A torch module is read by ``torch.export``, which runs it once on an example. It refused: most often the module
    decides by the content of its input what to compute, or the example has another shape than it wants."""

    code = "GB804"
    title = "the module cannot be traced"
    example = Example(
        _IMPORT,
        {"models.py": _MODELS.format("return x + y").replace("x):", "x, y):")},
        rerun=f"{_IMPORT} --input 3,8,8",
    )


class ImportDiffers(Rule):
    """The spec was built, given the model's weights and run beside it, and they disagree. A fault of GraphBuilder,
    or what one of Keras's backends does otherwise than TensorFlow; nothing was written."""

    code = "GB805"
    title = "the imported network is another"
    example = Example(
        _IMPORT,
        {"models.py": _MODELS.format("return x.relu()")},
        rerun=f"pip install --upgrade graphbuilder\n{_IMPORT}",
        where="Where a call of the model is read wrongly:",
    )


class InputLayout(Rule):
    """A torch module's inputs have their channels first unless said otherwise: ``layout="channels_last"``, or
    ``--layout channels_last``, for images (N, H, W, C) and tokens (N, L, C). It is said once for all inputs, or once
    for each, and only of inputs that have places besides their channels. A Keras file says by itself how it is laid
    out."""

    code = "GB806"
    title = "an input that is not laid out so"
    example = Example(
        "graphbuilder import models:tiny --input 8 --layout channels_last -o tiny.toml",
        {"models.py": _MODELS.format("return x.relu()")},
        rerun="graphbuilder import models:tiny --input 8,8,3 --layout channels_last -o tiny.toml",
    )


class BatchCounted(Rule):
    """A spec computes each sample by itself, however many there are. The module was run with other numbers of samples
    than its example has, and computes something else for these: a number of it comes of the size of the batch, or is
    written for one size. The message names the first call that is another, with its line of code."""

    code = "GB807"
    title = "another network for another number of samples"
    example = _imported("return x * len(x)", "return x * 2")
