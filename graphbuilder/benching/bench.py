"""Networks measured here: every case of network, batch and type, by us and by each that we are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from graphbuilder.analysis.roofline import Device, floors
from graphbuilder.backends.table.bench import OURS, Bench, Case, Measurement
from graphbuilder.backends.table.roofline import Roofline, roofline
from graphbuilder.backends.torch.chosen import DTYPES, device_named
from graphbuilder.backends.torch.clocking import clocked_module
from graphbuilder.backends.torch.machine import machine
from graphbuilder.backends.torch.memory import memory_coded
from graphbuilder.backends.torch.rounds import Tell, in_turns, ratio, timed
from graphbuilder.benching import training as learning
from graphbuilder.benching.contenders import CONTENDERS, ours, ours_module
from graphbuilder.benching.given import Given, Ready, given, settled
from graphbuilder.benching.libraries import NAMES, model_of
from graphbuilder.benching.measured import roof
from graphbuilder.benching.missing import theirs
from graphbuilder.benching.peak import peak_of
from graphbuilder.compiler import Network, load
from graphbuilder.passes import optimise

Telling = Callable[[str], Tell]
FUSION = "separable"  # what the floor takes for one kernel
_PACKAGES = ("timm", "torchvision", "keras", "onnxruntime", "openvino")


class _Runner(NamedTuple):
    name: str
    ready: Ready
    build: float
    first: float
    difference: float | None
    peak: int | None


def bench(
    *networks: Network | str | Path,
    batches: Sequence[int] = (1,),
    dtypes: Sequence[str] = ("float32",),
    device: str | torch.device = "auto",
    optimize: str | None = None,
    training: bool = False,
    recompute: bool = False,
    tune: float | None = None,
    versus: Sequence[str] = (),
    seconds: float = 10.0,
    threads: int | None = None,
    blocks: bool = False,
    tell: Telling = lambda doing: lambda done, rounds: None,
) -> Bench:
    """How fast networks run here, in evaluation or a step of training; prints as a table.

    Args:
        networks: networks, or paths of specs.
        batches: samples in a batch, each of them a case.
        dtypes: types of all numbers, each of them a case; in training, "float32" or "bfloat16" under autocast.
        device: where to run; "auto" is CUDA where there is one.
        optimize: how ours is compiled: "none", or for what is measured, "inference" or "training".
        training: whether to measure steps of training: forward, loss, backward and an update of weights.
        recompute: whether blocks of ours are run again in the backward pass, which needs less memory.
        tune: the seconds for finding what runs ours fastest in evaluation, case by case; no tuning unless given.
        versus: names in ``CONTENDERS``, those of libraries with a model behind a colon where the spec's is not known.
        seconds: the time for the rounds of a case, once the fewest are done.
        threads: of the CPU, for everybody; what torch has chosen unless given. They stay chosen.
        blocks: whether to time every call of ours as well, in evaluation.
        tell: called with what is being done; gives what to call with (rounds done, rounds in all).

    Raises:
        CompileError: GB709 where a contender is not installed, GB710 where it does not run a case; when a spec has
            mistakes; when the device or memory is missing.
        ValueError: when an argument is none of these.
    """
    place = device_named(device)
    kind = "training" if training else "inference"
    optimize = optimize or kind
    _checked(batches, dtypes, optimize, versus, training=training, blocks=blocks)
    if recompute and optimize != "training":
        raise ValueError('recompute is for training with optimize="training"')
    if tune is not None and (optimize != "inference" or not tune >= 0):
        raise ValueError('tune is in seconds, and for what optimize="inference" gives')
    if threads is not None:
        torch.set_num_threads(threads)
    loaded = [each if isinstance(each, Network) else load(each) for each in networks]
    for network, each in product(loaded, versus):
        _demand_known(network, each)
    own = partial(ours, optimize=optimize, seconds=tune)
    if training:
        own = partial(learning.ours, optimize=optimize, recompute=recompute)
    tell("measuring the device")(0, 1)
    found = roof(place)
    measurements: list[Measurement] = []
    rooflines: list[Roofline] = []
    for network in loaded:
        weights = settled(network)
        for batch, dtype in product(batches, dtypes):
            case = given(network, batch, dtype, place, weights, training=training)
            doing = f"{network.name}, {batch} in {dtype}"
            with memory_coded(f"run a batch of {batch}"):
                measurements += _measured(case, own, versus, found, seconds, tell, doing)
                if blocks:
                    rooflines.append(_by_block(case, optimize, found, tell(f"{doing}, by block")))
    names = [each.partition(":")[0] for each in versus]
    packages = [name for name in _PACKAGES if name in names]
    return Bench(machine(place, packages), found, tuple(measurements), tuple(rooflines), training)


def _checked(
    batches: Sequence[int],
    dtypes: Sequence[str],
    optimize: str,
    versus: Sequence[str],
    *,
    training: bool,
    blocks: bool,
) -> None:
    names = [each.partition(":")[0] for each in versus]
    types = learning.DTYPES if training else tuple(DTYPES)
    forms = ("none", "training" if training else "inference")
    if training and blocks:
        raise ValueError("blocks are timed in evaluation, not in training")
    for title, values, known in (("dtypes", dtypes, types), ("optimize", [optimize], forms)):
        if not values or not set(values) <= set(known):
            raise ValueError(f"{title} must be of {', '.join(known)}, not {', '.join(values) or 'none'}")
    if not batches or min(batches) < 1:
        raise ValueError("batches must be 1 or more each")
    if not set(names) <= set(CONTENDERS):
        raise ValueError(f"versus must be of {', '.join(CONTENDERS)}, not {', '.join(names)}")


def _demand_known(network: Network, written: str) -> None:
    """A library is asked for its model ahead of all that takes long."""
    name, _, model = written.partition(":")
    if name in NAMES:
        model_of(name, network.name, model)


def _measured(
    case: Given,
    own: Callable[[Given], Ready],
    versus: Sequence[str],
    device: Device,
    seconds: float,
    tell: Telling,
    doing: str,
) -> Iterator[Measurement]:
    """Ours and all others in turns."""
    makers = {OURS: partial(own, case), **{each: partial(_contender, case, each) for each in versus}}
    wanted = _numbers(learning.loss_of(case) if case.training else case.answers())
    runners: list[_Runner] = []
    for number, (name, make) in enumerate(makers.items()):
        tell(f"{doing}: preparing {name}")(number, len(makers))
        with nullcontext() if name == OURS else theirs(name):
            runners.append(_prepared(name, make, case, wanted))
    times = in_turns([each.ready.run for each in runners], case.place, seconds, tell(f"{doing}: timing"))
    least = _floor(case, device)
    for runner, found in zip(runners, times, strict=True):
        yield Measurement(
            Case(case.network.name, case.batch, case.dtype),
            runner.name.partition(":")[0],
            runner.ready.detail,
            found,
            runner.build,
            runner.first,
            runner.peak,
            ratio(found, times[0]),
            runner.difference,
            least,
        )


def _contender(case: Given, written: str) -> Ready:
    name, _, model = written.partition(":")
    return (learning.LEARNERS if case.training else CONTENDERS)[name](case, model)


def _prepared(name: str, make: Callable[[], Ready], case: Given, wanted: Sequence[Tensor]) -> _Runner:
    start = perf_counter()
    ready = make()
    build = perf_counter() - start
    answers: list[Any] = []
    first = timed(lambda: answers.append(ready.run()), case.place)
    difference = _apart(_numbers(answers[0]), wanted) if ready.same else None
    return _Runner(name, ready, build, first, difference, peak_of(ready.run, case.place))


def _numbers(answers: Any) -> list[Tensor]:
    """Answers in whatever form they are given, in single precision on the CPU."""
    if isinstance(answers, Mapping):
        answers = list(cast("Mapping[str, Any]", answers).values())
    each = list(cast("Sequence[Any]", answers)) if isinstance(answers, list | tuple) else [answers]
    return [torch.as_tensor(one).detach().float().cpu() for one in each]


def _apart(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> float:
    """The largest difference over the largest number, of any output."""
    pairs = zip(found, wanted, strict=True)
    return max(float((one - two).abs().max() / two.abs().max().clamp(min=1e-30)) for one, two in pairs)


def _floor(case: Given, device: Device) -> float | None:
    """The least time of the network; None where the device was not measured in this type."""
    if case.dtype not in device.matrix:
        return None
    typed, training = case.network.typed, case.training
    found = floors(typed, device, batch=case.batch, dtype=case.dtype, fusion=FUSION, training=training)
    return found.by_path[""].seconds


def _by_block(case: Given, optimize: str, device: Device, tell: Tell) -> Roofline:
    """The floor of every block, and what it takes as compiled."""
    optimised = optimise(case.network.typed, optimize, case.place.type)
    module = ours_module(case, optimised)
    found = roofline(optimised.typed, device, batch=case.batch, dtype=case.dtype, fusion=FUSION)
    return replace(found, seconds=clocked_module(module, optimised.typed, case.inputs, case.place, tell))
