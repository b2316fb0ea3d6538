"""GB7xx: what a backend cannot write."""

from __future__ import annotations

from graphbuilder.diagnostics.example import TINY, Example
from graphbuilder.diagnostics.model import Rule

_TWINS = """\
from graphbuilder.analysis.inference import infer
from graphbuilder.backends.python import write
from graphbuilder.ir import Graph, Node, TensorType, Value
from graphbuilder.ops import find

arguments = {{"out": 4, "kernel": 3, "stride": 2, "padding": "same"}}
conv = find("conv").model_validate(arguments)
first = Node("a", conv, (Value("x"),), "a")
second = Node("b", conv, (Value("y"),), "a")
outputs = (("a", Value("a")), ("b", Value("b")))
graph = Graph("model", "twins", ("x", "y"), (first, second), outputs)
shapes = (3, 8, 8), (3, {0}, {0})
write(infer(graph, tuple(map(TensorType, shapes))))
"""
_BUILD = """\
import graphbuilder as gb
from graphbuilder.backends.torch import build

two, ten = gb.load("tiny.toml"), gb.load("tiny.toml", params={{"classes": 10}})
weights = build(two.typed).state_dict()
build({}.typed, weights=weights)
"""
_TRAIN = """\
import graphbuilder as gb

gb.compile("tiny.toml"{}).train()
"""
_READ = "graphbuilder compile tiny.toml --device cpu --plan tiny.plan.toml"
_PLANNED = f"{_READ} --tune 1"


def _on(where: str, line: str, repaired: str) -> Example:
    """A command on a small spec, on such a machine, and one that does there."""
    return Example(f"graphbuilder {line}", {"tiny.toml": TINY}, rerun=repaired, where=where)


class SharedDiffer(Rule):
    """Two calls share one module, and would need it constructed in two ways: the "same" padding of a convolution, say,
    comes to other numbers on another size. A module is constructed once, so the calls must agree. Of a spec this is
    GB317; here the graph was made by hand."""

    code = "GB701"
    title = "shared weights in two forms"
    example = Example("python twins.py", {"twins.py": _TWINS.format(9)}, {"twins.py": _TWINS.format(8)})


class NotTheTree(Rule):
    """The written Python was loaded and its weights are not those of the graph, by name or shape. A fault of
    GraphBuilder, never of a spec: the module is not given out."""

    code = "GB702"
    title = "a module that is not its graph"
    advice = "please report it, with the spec"
    example = _on(
        "Where the written Python is not what the graph says:",
        "compile tiny.toml",
        "pip install --upgrade graphbuilder\ngraphbuilder compile tiny.toml",
    )


class WeightsUnfit(Rule):
    """The weights given to a module are not, by name and shape, those that it has. Nothing is loaded."""

    code = "GB703"
    title = "weights of another network"
    advice = "give weights that were made for this network, with these params"
    example = Example(
        "python build.py",
        {"tiny.toml": TINY, "build.py": _BUILD.format("ten")},
        mended={"build.py": _BUILD.format("two")},
    )


class DeviceMissing(Rule):
    """A network was to be put on a CUDA device, and torch finds none: the machine has no such card, its driver is
    missing, or this torch was built without CUDA."""

    code = "GB704"
    title = "no such device"
    example = _on(
        "On a machine without a CUDA device:",
        "compile tiny.toml --device cuda",
        "graphbuilder compile tiny.toml --device auto",
    )


class NoGraphviz(Rule):
    """A figure is drawn by the `dot` of the machine or, without one, by the `graphviz-pure` package. Neither is there,
    or neither could. A `.dot` file needs none of them, and any Graphviz draws it."""

    code = "GB705"
    title = "no Graphviz to draw with"
    example = _on(
        "On a machine without any Graphviz:",
        "render tiny.toml -o tiny.svg",
        "graphbuilder render tiny.toml -o tiny.dot",
    )


class TorchMissing(Rule):
    """A network is built by torch, and torch is not installed. Checking, counting and drawing do without it."""

    code = "GB706"
    title = "torch is not installed"
    example = _on(
        "Where torch is not installed:", "compile tiny.toml", "pip install torch\ngraphbuilder compile tiny.toml"
    )


class MemoryShort(Rule):
    """The network, or the values of one forward, need more memory than the device can give. Half as wide numbers take
    half the memory, and so does half the batch; half the size of an image takes a quarter."""

    code = "GB707"
    title = "not enough memory"
    example = _on("", "compile tiny.toml --batch 100000000000000", "graphbuilder compile tiny.toml --batch 64")


class NotTrained(Rule):
    """A module that was compiled with ``optimize="inference"`` has no batch norms, dropout or outputs of training left:
    a step of training would be another network's. Compile without ``optimize``, train that, and load its weights into
    the optimised module, which takes their names."""

    code = "GB708"
    title = "an optimised module is not trained"
    example = Example(
        "python train.py",
        {"tiny.toml": TINY, "train.py": _TRAIN.format(', optimize="inference"')},
        mended={"train.py": _TRAIN.format("")},
    )


class PeerMissing(Rule):
    """``bench --vs`` measures a network beside what else would run it, each only where it is installed: `timm`,
    `torchvision`, `keras`, `onnxruntime` (with `onnx` and `onnxscript`), `openvino`. Nothing else needs any of them."""

    code = "GB709"
    title = "a library to compare with is missing"
    example = _on(
        "Where OpenVINO is not installed:",
        "bench tiny.toml --device cpu --vs openvino",
        "graphbuilder bench tiny.toml --device cpu --vs torch",
    )


class PeerUnfit(Rule):
    """A contender of ``bench --vs`` does not run this network, this batch or this type of numbers, or has no model of
    that name. A model is named behind a colon, ``--vs timm:legacy_xception``, where it is not known which is meant."""

    code = "GB710"
    title = "a contender that cannot run this"
    example = _on(
        "",
        "bench tiny.toml --device cpu --training --vs onnxruntime",
        "graphbuilder bench tiny.toml --device cpu --training",
    )


class SignsLost(Rule):
    """A title has characters that the format cannot show, and each is a question mark there. The fonts that pdfLaTeX
    takes have Latin and Greek letters; those that a PDF embeds which is written without Graphviz have Cyrillic ones,
    too. LuaLaTeX and XeLaTeX take others from the fonts of the machine, as Graphviz does."""

    code = "GB711"
    title = "characters that a figure lacks"
    severity = "warning"
    example = Example(
        "graphbuilder render tiny.toml -o tiny.tex",
        {"tiny.toml": TINY.replace('tiny"', 'tiny"\ntitle = "微小"')},
        mended={"tiny.toml": TINY.replace('tiny"', 'tiny"\ntitle = "Légère"')},
    )


class PlanInvalid(Rule):
    """A plan says by which engine a network runs and for which inputs that was found: ``compile --tune 30 --plan
    x.plan.toml`` writes one, and ``--plan x.plan.toml`` reads it. It has ``format = 1``, ``network``, ``graph``,
    ``dtype``, ``device``, ``threads``, ``seconds``, and the tables ``inputs``, ``versions``, ``choice`` and ``tried``.
    Remove the file, and tune anew."""

    code = "GB712"
    title = "not a plan"
    example = Example(
        f'{_PLANNED}\nsed -i \'s/"eager"/"eagre"/\' tiny.plan.toml\n{_READ}',
        {"tiny.toml": TINY},
        rerun=f"rm tiny.plan.toml\n{_PLANNED}",
    )


class PlanForeign(Rule):
    """A plan holds for one network, for the shapes and the type of its inputs, and for a kind of device. Another
    processor or other versions are only warned of: the choice stands, though another might be faster there."""

    code = "GB713"
    title = "a plan for something else"
    example = Example(
        f"{_PLANNED}\n{_READ} --batch 8", {"tiny.toml": TINY}, rerun=f"rm tiny.plan.toml\n{_PLANNED} --batch 8"
    )


class EngineMissing(Rule):
    """A plan asks for an engine that is an extra, and that is not installed here: ONNX Runtime or OpenVINO."""

    code = "GB714"
    title = "the engine of a plan is missing"
    example = Example(
        f'{_PLANNED}\nsed -i \'s/"eager"/"openvino"/\' tiny.plan.toml\n{_READ}',
        {"tiny.toml": TINY},
        rerun=f"rm tiny.plan.toml\n{_PLANNED}",
        where="Where OpenVINO is not installed:",
    )


class RunFails(Rule):
    """A module that was built raises an error of torch's while its time is taken: the device has no kernel for it, or a
    caller's own op does not do what it says. The last line of what torch says is told, and which module it was."""

    code = "GB715"
    title = "a module that fails while it runs"
    example = _on(
        "Where torch has no kernels for the device:",
        "render tiny.toml -o tiny.svg --heat time",
        "graphbuilder render tiny.toml -o tiny.svg --heat macs",
    )
