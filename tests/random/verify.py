"""What must hold of any network: asked of one spec, stage by stage, in the order of the road."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from xml.etree import ElementTree

import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.weights import walk
from graphbuilder.backends.table import summarise
from graphbuilder.compiler import Network, check_text
from graphbuilder.ir import Graph, TensorType
from tests.ops.interpret import Interpreter, batch

# What leaves the numbers of single precision when several stand behind one another: at zero an L2 norm has a slope of
# 10^12, and six squares of 3 are 10^30.
LARGE = ('"l2norm"', '"mul"')
SVG = "{http://www.w3.org/2000/svg}svg"


class Failure(NamedTuple):
    """A stage that did not hold, and what was seen."""

    stage: str
    message: str


class Case:
    """One spec on its way through the stages; what one has made, the next ones use."""

    def __init__(self, text: str, outputs: Mapping[str, TensorType]) -> None:
        self.text, self.outputs = text, outputs
        self.network: Network
        self.module: nn.Module

    @property
    def typed(self) -> TypedGraph:
        return self.network.typed


def failure(text: str, outputs: Mapping[str, TensorType]) -> Failure | None:
    """The first stage that does not hold for a valid spec which gives ``outputs``; None where all do."""
    case = Case(text, outputs)
    for stage in STAGES:
        try:
            stage(case)
        except Exception as error:  # whatever it is, it is a finding
            return Failure(stage.__name__, f"{type(error).__name__}: {error}")
    return None


def checks(case: Case) -> None:
    checked = check_text(case.text)
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    case.network = checked.network


def shapes(case: Case) -> None:
    assert dict(case.network.outputs) == dict(case.outputs), (case.network.outputs, case.outputs)


def names_and_counts(case: Case) -> None:
    case.module = gb.compile(case.network, seed=3)
    found = {path: tuple(tensor.shape) for path, tensor in case.module.state_dict().items()}
    assert found == {path: weight.shape for path, weight in walk(case.typed)}
    learnt = sum(parameter.numel() for parameter in case.module.parameters() if parameter.requires_grad)
    assert learnt == summarise(case.typed).costs.trainable


def gradients(case: Case) -> None:
    """One step of training: everything finite, and a gradient wherever an output needs the weight."""
    answers, found = step(case, case.module, torch.float32)
    large = any(word in case.text for word in LARGE)
    if large and not all(map(_is_finite, (*answers.values(), *found.values()))):
        answers, found = step(case, deepcopy(case.module), torch.float64)
    assert all(map(_is_finite, answers.values())), "an output is not finite"
    wanted = needed(case.typed, case.outputs).weights
    for path, slope in found.items():
        assert slope is not None or path not in wanted, f"{path} has no gradient"
        assert _is_finite(slope), f"the gradient of {path} is not finite"


def step(case: Case, module: nn.Module, dtype: torch.dtype) -> tuple[dict[str, Tensor], dict[str, Tensor | None]]:
    """The outputs, and the gradients of all parameters, of one step in ``dtype``; None for what nothing reads."""
    torch.manual_seed(7)
    module.to(dtype).train()
    # So that there is something to derive by where nothing is learnt.
    inputs = [each.to(dtype).requires_grad_() for each in batch(case.typed.inputs, 3)]
    with without_onednn():
        outputs = by_name(case, module(*inputs))
        sum((output.square().mean() for output in outputs.values()), torch.zeros(())).backward()
    return outputs, {path: parameter.grad for path, parameter in module.named_parameters()}


def _is_finite(tensor: Tensor | None) -> bool:
    return tensor is None or bool(tensor.isfinite().all())


@contextmanager
def without_onednn() -> Iterator[None]:
    """Without the library that writes beyond its memory in the gradient of a strided 1x1 convolution of few channels
    that stand last (its issue 6035), which ends the process."""
    before = torch.backends.mkldnn.set_flags(False)
    try:
        yield
    finally:
        torch.backends.mkldnn.set_flags(before[0])


def values(case: Case) -> None:
    """In evaluation, the shapes that were inferred and the values of the flat interpreter."""
    case.module.eval()
    inputs = batch(case.typed.inputs)
    interpreter = Interpreter(case.typed).eval()
    interpreter.load_state_dict(case.module.state_dict())
    with torch.no_grad():
        ours, theirs = (by_name(case, each(*inputs)) for each in (case.module, interpreter))
    for name, output in ours.items():
        assert tuple(output.shape[1:]) == case.outputs[name].shape, name
    same(ours, theirs)


def expansion(case: Case) -> None:
    """Expanded it is the same network, and expands to itself."""
    text = gb.expand(case.network)
    again = check_text(text).network
    assert again is not None, f"refused when expanded:\n{text}\n" + "\n".join(map(str, check_text(text).diagnostics))
    assert gb.expand(again) == text, "not a fixed point"
    module = gb.compile(again)
    assert set(module.state_dict()) == set(case.module.state_dict())
    module.load_state_dict(case.module.state_dict())
    same(answers(case, case.module), answers(case, module))


def emitted_file(case: Case) -> None:
    """The file that is written, imported as anyone would."""
    with TemporaryDirectory(prefix="made-") as folder:
        path = Path(folder) / "made.py"
        path.write_text(gb.source(case.network))
        spec = importlib.util.spec_from_file_location("made_at_random", path)
        assert spec is not None and spec.loader is not None
        file = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = file
        try:
            spec.loader.exec_module(file)
            module = getattr(file, type(case.module).__name__)()
        finally:
            del sys.modules[spec.name]
    module.load_state_dict(case.module.state_dict())
    same(answers(case, case.module), answers(case, module))


def figure(case: Case) -> None:
    root = ElementTree.fromstring(gb.render(case.network, format="svg"))
    assert root.tag == SVG
    assert "".join(root.itertext()).strip()


def answers(case: Case, module: nn.Module) -> dict[str, Tensor]:
    with torch.no_grad():
        return by_name(case, module.eval()(*batch(case.typed.inputs)))


def by_name(case: Case, outputs: Any) -> dict[str, Tensor]:
    """What a module gives, by the names of its outputs, and the very ones that it should."""
    if not isinstance(outputs, dict):
        return {next(iter(case.outputs)): outputs}
    training = case.typed.graph.training
    assert set(outputs) in (set(case.outputs), set(case.outputs) - training)
    return outputs


def same(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    assert list(ours) == list(theirs)
    for name, output in ours.items():
        torch.testing.assert_close(output, theirs[name], rtol=1e-4, atol=1e-5, equal_nan=True, msg=lambda text: text)


class Needed(NamedTuple):
    """What some outputs of a body need: learnt weights by their paths, and inputs of the body."""

    weights: set[str]
    inputs: set[str]


def needed(typed: TypedGraph, wanted: Collection[str], prefix: str = "") -> Needed:
    """What the outputs ``wanted`` need; a block is built whole, so not everything in it need be."""
    read: dict[str, set[str]] = {}
    for name, value in typed.graph.outputs:
        if name in wanted:
            read.setdefault(value.node, set()).add(value.port)
    weights: set[str] = set()
    for node in reversed(typed.graph.nodes):
        if node.name not in read:
            continue
        inputs = set(node.inputs)
        path = f"{prefix}{node.module}."
        if isinstance(node.callee, Graph):
            inside = needed(typed.bodies[node.name], read[node.name], path)
            weights |= inside.weights
            ports = zip(node.callee.inputs, node.inputs, strict=True)
            inputs = {value for name, value in ports if name in inside.inputs}
        else:
            types = typed.inputs_of(node)
            weights |= {f"{path}{weight.name}" for weight in node.callee.weights(types) if weight.trainable}
            reads = zip(node.callee.reads(types), node.inputs, strict=True)
            inputs = {value for reach, value in reads if reach is not None}  # of others, the shape alone is asked
        for value in inputs:
            read.setdefault(value.node, set()).add(value.port)
    return Needed(weights, set(typed.graph.inputs) & set(read))


STAGES: tuple[Callable[[Case], None], ...] = (
    checks,
    shapes,
    names_and_counts,
    gradients,
    values,
    expansion,
    emitted_file,
    figure,
)
