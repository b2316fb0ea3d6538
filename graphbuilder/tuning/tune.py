"""A network tuned: the plan read, remembered or found, and the module that runs by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python import write
from graphbuilder.backends.torch import build, build_optimised
from graphbuilder.backends.torch.chosen import DTYPES, device_named, dtype_named
from graphbuilder.backends.torch.engines import Engine, Layout, Way, extra, lacking
from graphbuilder.backends.torch.kernels.plans import Problem, probing, remember, remembered
from graphbuilder.backends.torch.machine import device_name
from graphbuilder.backends.torch.memory import memory_coded
from graphbuilder.backends.torch.trial import drawn as drawn_batch
from graphbuilder.backends.torch.tuned import Runner, Tuned, prepare, tuned
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import DeviceMissing, EngineMissing
from graphbuilder.files import write_whole
from graphbuilder.passes import optimise
from graphbuilder.tuning.choosing import Telling, Trial, apart, choose, outputs
from graphbuilder.tuning.keeping import keep, kept
from graphbuilder.tuning.plan import Case, Plan, demand_fit, read

ALLOWED = 1e-4  # of the largest answer, in single precision
_PACKAGES = ("graphbuilder", "torch", "triton", "onnxruntime", "openvino")


class Tuning(NamedTuple):
    """What came of it.

    Attributes:
        module: the network, to run by the plan.
        source: where the plan is from, in words.
        notes: what a person should know besides.
    """

    module: nn.Module
    plan: Plan
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What is to be tuned: a network and the weights that it is built with, as ``build`` takes them."""

    name: str
    typed: TypedGraph
    batch: int = 1
    device: str | torch.device = "cpu"
    dtype: str | torch.dtype | None = None
    seed: int = 0
    weights: Mapping[str, Tensor] | None = None
    drawn: Collection[str] = ()

    def module(self, layout: Layout, fused: bool) -> nn.Module:
        """The optimised module in one of its forms."""
        kind = device_named(self.device).type
        optimised = optimise(self.typed, "inference", "" if kind == "cuda" and not fused else kind)
        return build_optimised(self.typed, optimised, layout=layout, dtype=self.dtype, **self._given)

    def plain(self, dtype: torch.dtype) -> nn.Module:
        """The network as it is written, in evaluation."""
        return build(self.typed, dtype=dtype, **self._given).eval()

    @property
    def _given(self) -> dict[str, Any]:
        return {"device": self.device, "seed": self.seed, "weights": self.weights, "drawn": self.drawn}

    def inputs(self) -> list[Tensor]:
        """A batch that is drawn."""
        return drawn_batch(self.typed, self.batch, self.seed, device_named(self.device), self.numbers)

    @property
    def numbers(self) -> torch.dtype:
        return dtype_named(self.dtype or "float32")

    def case(self) -> Case:
        """What a plan must be for.

        Raises:
            CompileError: GB704 where it would run on neither a CPU nor a GPU.
            ValueError: the type of its numbers is none that networks are tuned in.
        """
        place, names = device_named(self.device), {each: name for name, each in DTYPES.items()}
        if place.type not in ("cpu", "cuda"):
            message = f"nothing can be timed on {place.type}"
            raise CompileError((DeviceMissing.at(None, message, help="tune on the CPU or on a GPU"),))
        if self.numbers not in names:
            raise ValueError(f"networks are tuned in {', '.join(DTYPES)}, not {self.numbers}")
        shapes = {
            name: (self.batch, *type_.shape)
            for name, type_ in zip(self.typed.graph.inputs, self.typed.inputs, strict=True)
        }
        return Case(
            self.name,
            sha256(write(optimise(self.typed, "inference").typed).encode()).hexdigest(),
            shapes,
            names[self.numbers],
            place.type,
            device_name(place),
            torch.get_num_threads(),
            {name: found for name in _PACKAGES if (found := _version(name))},
        )


def tune(
    wanted: Wanted,
    seconds: float | None,
    path: str | Path | None = None,
    tell: Telling = lambda doing: lambda done, rounds: None,
) -> Tuning:
    """``wanted`` as a module that runs by the plan at ``path``; where there is none, by one that is looked for.

    Args:
        seconds: for looking, unless one is remembered that was looked for as long; None to take what is at ``path``.

    Raises:
        CompileError: GB712 where the file is no plan, GB713 where it is for something else, GB714 where what it asks
            for is not installed; when it cannot be read or written, and what ``build`` raises.
    """
    case = wanted.case()
    if path is not None and (seconds is None or Path(path).exists()):
        plan, notes = _read(path, case)
        return _by(wanted, plan, f"read from {path}", notes)
    assert seconds is not None, "without a plan there is time"
    known = kept(case, seconds)
    tuning = _by(wanted, known, "remembered", ()) if known else _found(wanted, case, seconds, tell)
    if path is not None:
        write_whole(path, tuning.plan.toml().encode())
    return tuning


def _read(path: str | Path, case: Case) -> tuple[Plan, list[str]]:
    plan, found = read(path)
    notes = demand_fit(plan, found, case)
    missing = lacking(plan.way.engine)
    if missing:
        message = f"the plan asks for {plan.way}, and {', '.join(missing)} cannot be found"
        help_ = f"pip install 'graphbuilder[{extra(plan.way.engine)}]', or remove the file and tune anew"
        raise CompileError((EngineMissing.at(found.span(("choice", "engine")), message, help=help_),))
    return plan, notes


def _by(wanted: Wanted, plan: Plan, source: str, notes: Sequence[str]) -> Tuning:
    """The module that runs by a plan that was found before."""
    unknown = remember(plan.kernels)
    told = (*notes, f"kernels of the plan that this version does not try: {unknown}") if unknown else tuple(notes)
    return Tuning(_module(wanted, plan.way), plan, source, told)


def _module(wanted: Wanted, way: Way) -> nn.Module:
    shapes = tuple(tuple(shape) for shape in wanted.case().inputs.values())
    place = wanted.inputs()[0].device
    return tuned(wanted.module(way.layout, way.fused), Tuned(way, shapes, wanted.numbers, place))


def _found(wanted: Wanted, case: Case, seconds: float, tell: Telling) -> Tuning:
    """The fastest way, timed here and now."""
    start = perf_counter()
    inputs, runners, met = wanted.inputs(), dict[Way, Runner](), dict[Way, set[Problem]]()
    module_of: Callable[[Layout, bool], nn.Module] = cache(wanted.module)

    def make(way: Way) -> Callable[..., object]:
        with probing() if way.fused else nullcontext(set[Problem]()) as met[way]:
            runners[way] = prepare(module_of(way.layout, way.fused), way, inputs)
        return runners[way].run

    with memory_coded(f"run a batch of {wanted.batch}"), torch.inference_mode(False), torch.no_grad():
        answers, allowed = _plain(wanted, inputs)
        trial = Trial(inputs, answers, allowed, inputs[0].device, seconds, perf_counter() - start)
        way, tried = choose(ways(case.kind, case.dtype), make, trial, tell)
    kernels = [{"problem": each["problem"], "plan": each["plan"]} for each in remembered(met.get(way, ()))]
    plan = Plan(case, seconds, way, tried, tuple(kernels))
    module = tuned(
        module_of(way.layout, way.fused),
        Tuned(way, tuple(tuple(each.shape) for each in inputs), wanted.numbers, inputs[0].device),
        runners.get(way),
    )
    why = keep(plan)
    took = perf_counter() - start
    return Tuning(module, plan, f"timed here in {took:.0f} s", (f"the choice is not remembered: {why}",) if why else ())


def _plain(wanted: Wanted, inputs: Sequence[Tensor]) -> tuple[list[Tensor], float]:
    """What the plain network answers in single precision, and how far from it others may be: in half precision twice
    as far as the plain network is in that."""

    def answered(dtype: torch.dtype) -> list[Tensor]:
        return outputs(wanted.plain(dtype)(*(each.to(dtype) for each in inputs)))

    exact = answered(torch.float32)
    if wanted.numbers == torch.float32:
        return exact, ALLOWED
    return exact, max(2 * apart(answered(wanted.numbers), exact), 2 * torch.finfo(wanted.numbers).eps)


def ways(kind: str, dtype: str) -> list[Way]:
    """What is worth trying on a kind of device: the choice that needs no tuning first, then what is likeliest to win,
    and what takes longest to make last."""
    if kind == "cpu":
        resting = [Way("onnxruntime-resting")] if torch.get_num_threads() > 1 else []
        runtimes = {"float32": [Way("onnxruntime"), Way("openvino"), *resting], "bfloat16": [Way("openvino")]}
        return [Way("eager", "last"), *runtimes.get(dtype, ()), Way("eager", "first"), Way("freezing"), Way("compile")]
    forms: list[tuple[Layout, bool]] = [("last", True), ("last", False), ("first", False)]
    engines: tuple[Engine, ...] = ("eager", "graph", "max-autotune")
    return [Way(engine, layout, fused) for engine in engines for layout, fused in forms]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
