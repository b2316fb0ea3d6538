"""GB4xx: weights files, mappings of names, and how the two fit a network. No spec alone can break these."""

from __future__ import annotations

from graphbuilder.diagnostics.example import TINY, Example
from graphbuilder.diagnostics.model import Rule

_RUN = "python save.py\ngraphbuilder weights tiny.toml tiny.pth"
_WEIGHT = '    "linear.weight": torch.ones(2, 4),\n'
_BOTH = f'{_WEIGHT}    "linear.bias": torch.ones(2),\n'
_SAVE = """\
import torch

tensors = {{
{}}}
torch.save(tensors, "tiny.pth")
"""
_TRAINED = f"import torch\n\ntensors = {{\n{_BOTH}}}\n"
_MODULE = """\
import torch
from torch import nn


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)


"""
_KERAS = """\
import json

import h5py
import numpy as np

layers = [
    {"class_name": "Rescaling", "config": {"name": "rescaling", "scale": 0.5}},
    {"class_name": "Dense", "config": {"name": "linear"}},
]
with h5py.File("tiny.h5", "w") as file:
    file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": layers}})
    weights = file.create_group("model_weights")
    weights.attrs["layer_names"] = ["linear"]
    weights["linear/kernel"] = np.ones((4, 2), np.float32)
    weights["linear/bias"] = np.ones(2, np.float32)
"""
_MAPPING = 'format = 1\nsource = "torch"\n\n[rules]\n{}\n'


def _saved(tensors: str, repaired: str, spec: str = TINY) -> Example:
    """A file of these tensors, and of those that the network wants."""
    return Example(_RUN, {"tiny.toml": spec, "save.py": _SAVE.format(tensors)}, {"save.py": _SAVE.format(repaired)})


def _mapped(rules: str, repaired: str) -> Example:
    """A mapping of these rules, and of those that lead from the file to the network."""
    files = {
        "tiny.toml": TINY,
        "save.py": _SAVE.format(_BOTH.replace("linear", "fc1")),
        "fc.toml": _MAPPING.format(rules),
    }
    return Example(f"{_RUN} --weights-map fc.toml", files, {"fc.toml": _MAPPING.format(repaired)})


class WeightsUnknown(Rule):
    """The file is none of the kinds that are read: Keras ``.keras`` and ``.h5``, safetensors, and torch's ``.pth``. The
    kind is told by what the file holds, not by its name."""

    code = "GB401"
    title = "not a weights file"
    example = Example(
        "graphbuilder weights tiny.toml tiny.toml",
        {"tiny.toml": TINY},
        rerun="graphbuilder compile tiny.toml -o tiny.safetensors\ngraphbuilder weights tiny.toml tiny.safetensors",
    )


class WeightsDamaged(Rule):
    """The file begins like a weights file and cannot be read to its end: it was cut short, or bytes of it are wrong. A
    download that broke off is the usual reason."""

    code = "GB402"
    title = "the weights file is damaged"
    example = Example(
        """\
graphbuilder compile tiny.toml -o whole.safetensors
head -c 90 whole.safetensors > cut.safetensors
graphbuilder weights tiny.toml cut.safetensors""",
        {"tiny.toml": TINY},
        rerun="graphbuilder weights tiny.toml whole.safetensors",
    )


class WeightsUnsafe(Rule):
    """The file asks for more than reading numbers: a pickle with code in it, a link to another file, a compressed or
    otherwise filtered tensor. Such files are refused; save the tensors alone, as safetensors or as a
    ``state_dict``."""

    code = "GB403"
    title = "the weights file holds more than tensors"
    advice = "save the tensors alone, as safetensors or as a `state_dict`"
    example = Example(
        _RUN,
        {"tiny.toml": TINY, "save.py": _MODULE + 'torch.save(Tiny(), "tiny.pth")\n'},
        mended={"save.py": _MODULE + 'torch.save(Tiny().state_dict(), "tiny.pth")\n'},
    )


class WeightsOversized(Rule):
    """A tensor is declared larger than the whole file that is said to hold it. Nothing of that size was reserved."""

    code = "GB404"
    title = "a tensor is larger than its file"
    advice = "save the tensor itself, not a view of fewer numbers: `.clone()` or `.contiguous()` in torch"
    example = _saved(_BOTH.replace("2, 4", "1).expand(2, 400"), _BOTH.replace("4", "400"), TINY.replace("4", "400"))


class MappingInvalid(Rule):
    """A mapping says in TOML whose names it renames (``source``), a rule a line under ``[rules]``, and what is left out
    on purpose (``ignore``). A placeholder stands for a number: ``"block{b:5..12}_conv" = "middle.{b-5}.conv"``."""

    code = "GB405"
    title = "not a mapping of weights"
    example = _mapped('"fc1" = "linear.{n}"', '"fc{n}" = "linear"')


class RuleIdle(Rule):
    """A rule of the mapping matches no name in the file, so either the rule or the file is not the one that was meant.
    A rule that an extended mapping brings along is dropped by setting it to ``false``."""

    code = "GB406"
    title = "a rule of the mapping matches nothing"
    example = _mapped('"fc1" = "linear"\n"conv{n}" = "linear"', '"fc1" = "linear"')


class RuleClash(Rule):
    """Two rules match one name of the file, or two names lead to one weight. Rules have no order, so neither wins; a
    range such as ``{b:2..4}`` keeps them apart."""

    code = "GB407"
    title = "rules of the mapping contradict each other"
    example = _mapped('"fc1" = "linear"\n"fc{n}" = "linear"', '"fc1" = "linear"')


class WeightsMissing(Rule):
    """The network has weights that the file does not fill. Nothing was loaded: a network that is half trained and half
    random looks whole and answers wrongly."""

    code = "GB408"
    title = "weights that the file does not hold"
    example = _saved(_WEIGHT, _BOTH)


class WeightsUnused(Rule):
    """The file has tensors that the network has no place for. What is left out on purpose, such as the state of an
    optimizer, is named under ``ignore`` in the mapping."""

    code = "GB409"
    title = "tensors that the network does not use"
    example = _saved(_BOTH + '    "step": torch.ones(1),\n', _BOTH)


class WeightsMisfit(Rule):
    """A tensor of the file has the name of a weight, and another shape or another kind of number, also after its axes
    were put into our order. Another number of classes is the usual reason: ``--set classes=10`` for those of the file,
    or ``--weights-except logits`` to train a head of one's own."""

    code = "GB410"
    title = "tensors that do not fit their weights"
    example = Example(
        _RUN,
        {"tiny.toml": TINY, "save.py": _SAVE.format(_BOTH.replace("2", "10"))},
        rerun="graphbuilder weights tiny.toml tiny.pth --set classes=10",
    )


class MappingMissing(Rule):
    """The file's names are another program's, and no mapping says what they are here. A mapping lies in the folder
    ``weights`` beside the spec (``specs/weights/xception.keras.toml``) or is given by hand. Where the network is a part
    of a larger one in the file, a mapping of three lines extends the known one and says ``within`` what."""

    code = "GB411"
    title = "no mapping of the file's names"
    example = Example(
        _RUN,
        {"tiny.toml": TINY, "save.py": _SAVE.format(_BOTH.replace("linear", "fc1"))},
        mended={"weights/tiny.torch.toml": _MAPPING.format('"fc1" = "linear"')},
    )


class NothingExcepted(Rule):
    """A weight that should stay as it was drawn is named by no name of the network. ``--weights-except`` takes our
    names: a weight, or a block with all below it (``logits``, ``exit.block14``); ``*`` is any text. What the file calls
    ``fc`` or ``predictions`` is told by our name, and so is the head."""

    code = "GB412"
    title = "no weight to leave out"
    example = Example(
        "python save.py\ngraphbuilder weights tiny.toml tiny.pth --weights-except linaer",
        {"tiny.toml": TINY, "save.py": _SAVE.format(_WEIGHT)},
        rerun="graphbuilder weights tiny.toml tiny.pth --weights-except linear.bias",
    )


class WeightsNotFinite(Rule):
    """Tensors of the file hold infinities, or what is no number at all (NaN), as when a training diverged before it was
    saved. The network answers with NaN wherever they reach. The file was loaded as it is."""

    code = "GB413"
    title = "weights that are not finite"
    severity = "warning"
    example = Example(
        "python save.py\ngraphbuilder compile tiny.toml --weights tiny.pth -o tiny.safetensors",
        {
            "tiny.toml": TINY,
            "save.py": _SAVE.format(_BOTH.replace("torch.ones(2, 4)", "torch.full((2, 4), torch.nan)")),
        },
        mended={"save.py": _SAVE.format(_BOTH)},
    )


class WeightsTooMany(Rule):
    """A weights file may hold 100,000 tensors, as many as a network may have operations, and the name of one may have
    1,000 characters and its shape 64 axes. Of HDF5, 30,000 groups, tensors and attributes are read, and of what
    ``torch.save`` writes 30,000 tensors: larger networks are kept as safetensors."""

    code = "GB414"
    title = "tensors or names beyond the limit"
    advice = "save the tensors of one network alone, under its own names"
    example = _saved(_BOTH + '    "a" * 2000: torch.ones(1),\n', _BOTH)


class PreparedOtherwise(Rule):
    """The model in the file does something to images ahead of its first layer that learns (``Rescaling``,
    ``Normalization``), and the network does not do the same. The weights fit, and answers would be wrong. Of weights
    alone only what a normalisation was adapted to is known."""

    code = "GB415"
    title = "the file's model prepares its images otherwise"
    severity = "warning"
    example = Example(
        "python save.py\ngraphbuilder weights tiny.toml tiny.h5",
        {"tiny.toml": TINY, "save.py": _KERAS},
        mended={"tiny.toml": TINY.replace("[{", '[{ op = "rescale", scale = 0.5 }, {')},
    )


class WeightsBeside(Rule):
    """The file holds more weights than are read: an average of them (``model_ema``) that would fit as well, or layers
    around the one model in it that is the network. A model within another, and a prefix that all names have, are found
    by themselves where one reading alone fits."""

    code = "GB416"
    title = "weights beside those that are read"
    severity = "warning"
    example = Example(
        _RUN,
        {
            "tiny.toml": TINY,
            "save.py": f'{_TRAINED}torch.save({{"model": tensors, "model_ema": tensors}}, "tiny.pth")\n',
        },
        {"save.py": f'{_TRAINED}torch.save(tensors, "tiny.pth")\n'},
    )
