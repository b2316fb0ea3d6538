"""The whole road on one page: from a spec to a network, and from that to a module, a table or source text.

Nothing here does a stage's work, and nothing is imported before the stage that needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

from graphbuilder.diagnostics import CompileError, Diagnostic, Enough, Sink
from graphbuilder.diagnostics.catalogue.limits import TooManyMistakes, TooManyWarnings

if TYPE_CHECKING:
    from torch import device as torch_device
    from torch import dtype as torch_dtype
    from torch import nn

    from graphbuilder.analysis.inference import TypedGraph
    from graphbuilder.backends.table import Summary
    from graphbuilder.document import Document
    from graphbuilder.elaborate import Limits
    from graphbuilder.ir import TensorType
    from graphbuilder.spec import Spec


@dataclass(frozen=True, eq=False)
class Network:
    """A checked network: what every backend reads.

    Attributes:
        spec: the file as written, what it extends merged in.
        typed: the graph with the types of all its values.
        params: every param with the value it has here.
        warnings: what was noticed and is no error.
    """

    spec: Spec
    typed: TypedGraph
    params: Mapping[str, Any]
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def title(self) -> str:
        return self.spec.title or self.spec.name

    @property
    def inputs(self) -> dict[str, TensorType]:
        """The inputs by name; shapes without the batch."""
        return dict(zip(self.typed.graph.inputs, self.typed.inputs, strict=True))

    @property
    def outputs(self) -> dict[str, TensorType]:
        """The outputs by name; shapes without the batch."""
        names = [name for name, _ in self.typed.graph.outputs]
        return dict(zip(names, self.typed.outputs, strict=True))

    @property
    def files(self) -> list[str]:
        """The file of the spec and those that it extends, the nearest first."""
        from graphbuilder.spec.merged import files

        return list(files(self.spec.place.document))

    def __repr__(self) -> str:
        def shapes(types: Mapping[str, TensorType]) -> str:
            return ", ".join(f"{name} {type_}" for name, type_ in types.items())

        return f"<Network {self.name}: {shapes(self.inputs)} -> {shapes(self.outputs)}>"

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What a notebook shows: the figure, or the line above; only kinds of ``include``, and none of ``exclude``."""
        kinds = {"image/svg+xml": self._repr_svg_, "text/plain": self.__repr__}
        return {
            kind: show()
            for kind, show in kinds.items()
            if (include is None or kind in include) and (exclude is None or kind not in exclude)
        }

    def _repr_svg_(self) -> str:
        from graphbuilder.rendering import render

        return render(self).decode()


@dataclass(frozen=True, eq=False)
class Checked:
    """The end of the road's first half: a network, or None, and every diagnostic of the run.

    ``spec`` is what could be read, stand-ins where the file is faulty; None where too little could. ``part`` gives what
    of a faulty network can be drawn, if any of it can.
    """

    network: Network | None
    diagnostics: tuple[Diagnostic, ...]
    spec: Spec | None = None
    part: Callable[[], TypedGraph | None] = lambda: None


def load(
    path: str | Path,
    params: Mapping[str, Any] | None = None,
    *,
    settings: Sequence[str] = (),
    strict: bool = False,
    limits: Limits | None = None,
) -> Network:
    """The network of the spec at ``path``.

    Args:
        params: values over the spec's ``[params]``, each of its default's type.
        settings: the same as texts, ``"classes=10"``, over those.
        strict: whether warnings are errors.
        limits: caps on what a spec may ask for.

    Raises:
        CompileError: with every mistake of the file.
    """
    checked = check(path, params, settings=settings, limits=limits)
    if checked.network is None or (strict and checked.diagnostics):
        raise CompileError(checked.diagnostics)
    return checked.network


def check(
    path: str | Path,
    params: Mapping[str, Any] | None = None,
    *,
    settings: Sequence[str] = (),
    limits: Limits | None = None,
) -> Checked:
    """The spec at ``path`` through parsing, elaboration and inference; mistakes are returned, not raised."""
    from graphbuilder import document
    from graphbuilder.elaborate import Limits

    limits = limits or Limits()
    read = partial(document.load, path, max_bytes=limits.bytes)
    return _checked(read, Path(path).parent, params or {}, settings, limits)


def check_text(
    text: str,
    path: str = "<text>",
    params: Mapping[str, Any] | None = None,
    *,
    settings: Sequence[str] = (),
    folder: Path | None = None,
    limits: Limits | None = None,
) -> Checked:
    """A spec given as text; ``path`` is what errors call it, ``folder`` what it may extend files of (else none)."""
    from graphbuilder import document
    from graphbuilder.elaborate import Limits

    limits = limits or Limits()
    read = partial(document.parse, text, path, max_bytes=limits.bytes)
    return _checked(read, folder, params or {}, settings, limits)


def _checked(
    read: Callable[..., Document],
    folder: Path | None,
    params: Mapping[str, Any],
    settings: Sequence[str],
    limits: Limits,
) -> Checked:
    """The whole road; what is sound goes on where something is faulty."""
    from graphbuilder.elaborate import blamed, drawable, elaborate, tried
    from graphbuilder.spec import sound_part
    from graphbuilder.spec.settings import chosen as chosen_settings

    sink, spec, chosen = Sink(limits.mistakes), None, dict[str, Any]()
    try:
        document = read(sink=sink)
    except Enough as error:
        return Checked(None, (*error.diagnostics, TooManyMistakes.after(error.diagnostics)))
    except CompileError as error:
        return Checked(None, _tried_on_text(error.diagnostics, folder, limits))
    try:
        spec = sound_part(document, sink, folder=folder, max_bytes=limits.bytes)
        if spec is None:
            found = tried(sink.diagnostics, document, folder, chosen, limits)
            return Checked(None, found, part=partial(drawable, None, chosen, found, limits))
        chosen = chosen_settings(spec, params, settings, sink)
        typed = elaborate(spec, chosen, sink, limits)
    except Enough as error:
        found = (*error.diagnostics, TooManyMistakes.after(error.diagnostics))
        return Checked(None, found, spec, partial(drawable, spec, chosen, found, limits))
    if typed is None:
        found = blamed(spec, chosen, sink.diagnostics, limits)
        found = tried(found, document, folder, chosen, limits, spec.place.document)
        return Checked(None, found, spec, partial(drawable, spec, chosen, found, limits))
    told = sink.diagnostics
    if any(each.untried for each in told):
        found = tried(told, document, folder, chosen, limits, spec.place.document)
        told = tuple(each for each in found if not each.untried)
    warnings = (*told, *([TooManyWarnings.beyond(told, sink.beyond)] if sink.beyond else ()))
    return Checked(Network(spec, typed, {**spec.params, **chosen}, warnings), warnings, spec)


def _tried_on_text(diagnostics: tuple[Diagnostic, ...], folder: Path | None, limits: Limits) -> tuple[Diagnostic, ...]:
    """What is wrong with a text of which nothing but that is known, with the remedies that the network takes."""
    from graphbuilder.document import Document
    from graphbuilder.elaborate import tried

    sources = [each.span.source for each in diagnostics if each.span and each.untried]
    return tried(diagnostics, Document(sources[0], {}), folder, {}, limits) if sources else diagnostics


def source(network: Network) -> str:
    """The network as a Python file that needs only torch: what ``compile`` runs."""
    from graphbuilder.backends.python import write

    return write(network.typed)


def expand(network: Network) -> str:
    """The network as a spec with everything resolved, which expands to itself.

    Raises:
        CompileError: when copies of a repeated op differ in what the language cannot list.
    """
    from graphbuilder.backends.toml import expand

    return expand(network.typed)


def compile(
    network: Network | str | Path,
    *,
    device: str | torch_device = "cpu",
    dtype: str | torch_dtype | None = None,
    seed: int = 0,
    weights: str | Path | None = None,
    weights_map: str | Path | None = None,
    weights_except: str | Sequence[str] = (),
    optimize: str | None = None,
    recompute: bool = False,
    tune: float | None = None,
    plan: str | Path | None = None,
    batch: int = 1,
) -> nn.Module:
    """The network as an ``nn.Module``: its source run, its weights drawn from ``seed`` or read from a file.

    On the CPU, weights are drawn when something of the module is first asked for; ``load_state_dict`` of all of them
    before that draws none.

    A network that declares one output returns it; one that declares several returns a dict of them by name, in
    training and in evaluation alike. Outputs of training only (auxiliary classifiers) are in that dict in training,
    and in evaluation neither there nor computed; so ``module(x)["logits"]`` is right in both.

    Args:
        network: a network, or the path of a spec.
        device: where the weights are; "auto" is CUDA where there is one, "meta" makes none.
        dtype: "float32" unless given, "bfloat16", "float16", or another floating type of torch.
        seed: with a weight's name, what it is drawn from; from 0 to 2^63 - 1.
        weights: a Keras, safetensors or torch file; every tensor must fit.
        weights_map: the rules from its names to ours, where it does not use ours and no known rules stand beside the
            spec.
        weights_except: what of the network is not read but drawn, by our names: "logits", or several,
            ["exit.block14", "*.bias"].
        optimize: "inference" for a module that only evaluates, and faster: batch norms are taken into the layers
            ahead of them, what training alone needs is left out. It is made of the same weights, and its
            ``load_state_dict`` takes the plain network's names; its ``state_dict`` holds its own tensors, which it
            takes too. Asked to train, it raises. "training" for one that trains faster: maps have channels last in
            memory, weights and answers are the plain network's. "none" unless given, "inference" where it is tuned,
            "training" with ``recompute``.
        recompute: whether blocks keep only what they read for the backward pass, in which they are run again: a step
            needs less memory and takes longer. Its numbers are the same, and evaluation is as it was.
        tune: the seconds for finding what runs it fastest here: layouts, torch's compiler, CUDA graphs, ONNX Runtime
            and OpenVINO where they are installed. What was found is remembered.
        plan: the file of what was found: read where it exists, else written.
        batch: the samples in a batch that it is tuned for; others run as they would without tuning.

    Raises:
        CompileError: when the spec, the weights or the plan do not fit, or torch, the device or memory is missing.
        TypeError, ValueError: when ``dtype``, ``seed``, ``optimize`` or ``batch`` is none, or ``recompute`` is asked of
            what is not to be trained.

    Warns:
        UserWarning: when weights of the file are NaN or infinite or its model prepares images otherwise, when a plan is
            from elsewhere or cannot be kept.
    """
    from graphbuilder.backends.torch import build, build_optimised
    from graphbuilder.backends.torch.chosen import device_named
    from graphbuilder.passes import optimise

    known = _network(network)
    if tune is not None or plan is not None:
        built = _tuning(known, tune, plan, batch, "training" if recompute else optimize)
    else:
        form = optimize or ("training" if recompute else "none")
        optimised = optimise(known.typed, form, device_named(device).type, recomputed=recompute)
        built = partial(build_optimised, known.typed, optimised) if optimised.steps else partial(build, known.typed)
        built = partial(built, late=True)
    if weights is None:
        return built(device=device, dtype=dtype, seed=seed)
    from graphbuilder.weights.load import fitting
    from graphbuilder.weights.report import not_finite

    excepted = [weights_except] if isinstance(weights_except, str) else weights_except
    with fitting(known.typed, known.files, weights, weights_map, excepted, known.params) as fit:
        tensors, drawn = fit.tensors(), fit.match.left
    for warning in (*fit.warnings, *not_finite(str(weights), tensors)):
        warn(f"{warning}\n  = help: {warning.help}", stacklevel=2)
    return built(device=device, dtype=dtype, seed=seed, weights=tensors, drawn=drawn)


def _tuning(
    network: Network, seconds: float | None, plan: str | Path | None, batch: int, optimize: str | None
) -> Callable[..., nn.Module]:
    """What builds the tuned module of the same arguments as others are built of."""
    from graphbuilder.tuning.tune import Wanted, tune

    if optimize not in (None, "inference"):
        raise ValueError(f'what is tuned answers: optimize must be "inference", not {optimize!r}')
    if batch < 1 or (seconds is not None and not seconds >= 0):
        raise ValueError(f"batch must be at least 1 and tune no less than 0, not {batch} and {seconds}")

    def built(**given: Any) -> nn.Module:
        tuning = tune(Wanted(network.name, network.typed, batch, **given), seconds, plan)
        for note in tuning.notes:
            warn(note, stacklevel=4)
        return tuning.module

    return built


def _network(network: Network | str | Path) -> Network:
    return network if isinstance(network, Network) else load(network)


def summary(network: Network | str | Path, *, batch: int | None = None) -> Summary:
    """What the network costs, by block and in all; prints as a table, and as Markdown in a notebook.

    Args:
        batch: the samples of a forward and backward pass whose memory is told as well.

    Raises:
        CompileError: when the spec has mistakes.
        ValueError: when ``batch`` is less than 1.
    """
    from graphbuilder.backends.table import summarise

    if batch is not None and batch < 1:
        raise ValueError(f"batch must be at least 1, not {batch}")
    return summarise(_network(network).typed, batch)
