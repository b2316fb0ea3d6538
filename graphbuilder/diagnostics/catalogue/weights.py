"""GB4xx: weights files, mappings of names, and how the two fit a network. No spec alone can break these."""

from __future__ import annotations

from graphbuilder.diagnostics.model import Rule


class WeightsUnknown(Rule):
    """The file is none of the kinds that are read: Keras ``.keras`` and ``.h5``, safetensors, and torch's ``.pth``. The
    kind is told by what the file holds, not by its name."""

    code = "GB401"
    title = "not a weights file"


class WeightsDamaged(Rule):
    """The file begins like a weights file and cannot be read to its end: it was cut short, or bytes of it are wrong. A
    download that broke off is the usual reason."""

    code = "GB402"
    title = "the weights file is damaged"


class WeightsUnsafe(Rule):
    """The file asks for more than reading numbers: a pickle with code in it, a link to another file, a compressed or
    otherwise filtered tensor. Such files are refused; save the tensors alone, as safetensors or as a
    ``state_dict``."""

    code = "GB403"
    title = "the weights file holds more than tensors"


class WeightsOversized(Rule):
    """A tensor is declared larger than the whole file that is said to hold it. Nothing of that size was reserved."""

    code = "GB404"
    title = "a tensor is larger than its file"


class MappingInvalid(Rule):
    """A mapping says in TOML whose names it renames (``source``), a rule a line under ``[rules]``, and what is left out
    on purpose (``ignore``). A placeholder stands for a number: ``"block{b:5..12}_conv" = "middle.{b-5}.conv"``."""

    code = "GB405"
    title = "not a mapping of weights"


class RuleIdle(Rule):
    """A rule of the mapping matches no name in the file, so either the rule or the file is not the one that was meant.
    A rule that an extended mapping brings along is dropped by setting it to ``false``."""

    code = "GB406"
    title = "a rule of the mapping matches nothing"


class RuleClash(Rule):
    """Two rules match one name of the file, or two names lead to one weight. Rules have no order, so neither wins; a
    range such as ``{b:2..4}`` keeps them apart."""

    code = "GB407"
    title = "rules of the mapping contradict each other"


class WeightsMissing(Rule):
    """The network has weights that the file does not fill. Nothing was loaded: a network that is half trained and half
    random looks whole and answers wrongly."""

    code = "GB408"
    title = "weights that the file does not hold"


class WeightsUnused(Rule):
    """The file has tensors that the network has no place for. What is left out on purpose, such as the state of an
    optimizer, is named under ``ignore`` in the mapping."""

    code = "GB409"
    title = "tensors that the network does not use"


class WeightsMisfit(Rule):
    """A tensor of the file has the name of a weight, and another shape or another kind of number, also after its axes
    were put into our order. Another number of classes is the usual reason: ``--set classes=10``."""

    code = "GB410"
    title = "tensors that do not fit their weights"


class MappingMissing(Rule):
    """The file's names are another program's, and no mapping says what they are here. A mapping lies in the folder
    ``weights`` beside the spec (``specs/weights/xception.keras.toml``) or is given by hand. Where the network is a part
    of a larger one in the file, a mapping of three lines extends the known one and says ``within`` what."""

    code = "GB411"
    title = "no mapping of the file's names"


class NothingExcepted(Rule):
    """A weight that should stay as it was drawn is named by no name of the network. ``--weights-except`` takes our
    names: a weight, or a block with all below it (``logits``, ``exit.block14``); ``*`` is any text."""

    code = "GB412"
    title = "no weight to leave out"


class WeightsNotFinite(Rule):
    """Tensors of the file hold infinities, or what is no number at all (NaN), as when a training diverged before it was
    saved. The network answers with NaN wherever they reach. The file was loaded as it is."""

    code = "GB413"
    title = "weights that are not finite"
    severity = "warning"


class WeightsTooMany(Rule):
    """A weights file may hold 100,000 tensors, as many as a network may have operations, and the name of one may have
    1,000 characters."""

    code = "GB414"
    title = "tensors or names beyond the limit"
