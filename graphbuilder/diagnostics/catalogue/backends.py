"""GB7xx: what a backend cannot write."""

from __future__ import annotations

from graphbuilder.diagnostics.model import Rule


class SharedDiffer(Rule):
    """Two calls share one module, and would need it constructed in two ways: the "same" padding of a convolution, say,
    comes to other numbers on another size. A module is constructed once, so the calls must agree."""

    code = "GB701"
    title = "shared weights in two forms"


class NotTheTree(Rule):
    """The written Python was loaded and its weights are not those of the graph, by name or shape. A fault of
    GraphBuilder, never of a spec: the module is not given out."""

    code = "GB702"
    title = "a module that is not its graph"


class WeightsUnfit(Rule):
    """The weights given to a module are not, by name and shape, those that it has. Nothing is loaded."""

    code = "GB703"
    title = "weights of another network"


class DeviceMissing(Rule):
    """A network was to be put on a CUDA device, and torch finds none: the machine has no such card, its driver is
    missing, or this torch was built without CUDA."""

    code = "GB704"
    title = "no such device"


class NoGraphviz(Rule):
    """A figure is drawn by the `dot` of the machine or, without one, by the `graphviz-pure` package. Neither is there,
    or neither could. A `.dot` file needs none of them, and any Graphviz draws it."""

    code = "GB705"
    title = "no Graphviz to draw with"


class TorchMissing(Rule):
    """A network is built by torch, and torch is not installed. Checking, counting and drawing do without it."""

    code = "GB706"
    title = "torch is not installed"


class MemoryShort(Rule):
    """The network, or the values of one forward, need more memory than the device can give. Half as wide numbers take
    half the memory, and so does half the batch; half the size of an image takes a quarter."""

    code = "GB707"
    title = "not enough memory"


class NotTrained(Rule):
    """A module that was compiled with ``optimize="inference"`` has no batch norms, dropout or outputs of training left:
    a step of training would be another network's. Compile without ``optimize``, train that, and load its weights into
    the optimised module, which takes their names."""

    code = "GB708"
    title = "an optimised module is not trained"


class PeerMissing(Rule):
    """``bench --vs`` measures a network beside what else would run it, each only where it is installed: `timm`,
    `torchvision`, `keras`, `onnxruntime` (with `onnx` and `onnxscript`), `openvino`. Nothing else needs any of them."""

    code = "GB709"
    title = "a library to compare with is missing"


class PeerUnfit(Rule):
    """A contender of ``bench --vs`` does not run this network, this batch or this type of numbers, or has no model of
    that name. A model is named behind a colon, ``--vs timm:legacy_xception``, where it is not known which is meant."""

    code = "GB710"
    title = "a contender that cannot run this"


class SignsLost(Rule):
    """A title has characters that the format cannot show, and each is a question mark there. The fonts that pdfLaTeX
    takes have Latin and Greek letters, and so have those of a PDF that is written without Graphviz. LuaLaTeX and
    XeLaTeX take others from the fonts of the machine, as Graphviz does."""

    code = "GB711"
    title = "characters that a figure lacks"
    severity = "warning"


class PlanInvalid(Rule):
    """A plan says by which engine a network runs and for which inputs that was found: ``compile --tune 30 --plan
    x.plan.toml`` writes one, and ``--plan x.plan.toml`` reads it. It has ``format = 1``, ``network``, ``graph``,
    ``dtype``, ``device``, ``threads``, ``seconds``, and the tables ``inputs``, ``versions``, ``choice`` and ``tried``.
    Remove the file, and tune anew."""

    code = "GB712"
    title = "not a plan"


class PlanForeign(Rule):
    """A plan holds for one network, for the shapes and the type of its inputs, and for a kind of device. Another
    processor or other versions are only warned of: the choice stands, though another might be faster there."""

    code = "GB713"
    title = "a plan for something else"


class EngineMissing(Rule):
    """A plan asks for an engine that is an extra, and that is not installed here: ONNX Runtime or OpenVINO."""

    code = "GB714"
    title = "the engine of a plan is missing"
