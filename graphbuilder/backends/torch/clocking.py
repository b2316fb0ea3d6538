"""The time of every call in a forward, taken by hooks on the modules while the whole network runs.

What is no module (an addition, a concatenation) has no hook: it shares, by the elements that it writes, what the block
around it takes beyond its modules. Calls of one module share its time evenly. On a GPU the times are those of its own
clock, from event to event, so nothing waits that would not have waited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import cast

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from graphbuilder.analysis.costs import call_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.torch.building import build
from graphbuilder.backends.torch.chosen import device_named
from graphbuilder.backends.torch.memory import is_of_memory, memory_coded
from graphbuilder.backends.torch.trial import drawn
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import RunFails

WARM_UP, FEWEST, MOST = 3, 5, 50
SELDOM = 2
BUDGET = 5.0  # seconds, once the fewest rounds are done

Tell = Callable[[int, int], None]
Moment = float | torch.cuda.Event


def clocked(typed: TypedGraph, *, device: str, batch: int, tell: Tell) -> tuple[dict[str, float], str]:
    """The seconds of every call by its dotted path, "" being the whole, and what that was measured on.

    They are medians over forwards in evaluation, on weights and a batch that are drawn, in float32.

    Args:
        device: "auto" is CUDA where there is one.
        tell: called with (rounds done, rounds in all).

    Raises:
        CompileError: GB704 where the device is missing, GB707 where memory runs out, GB715 where a module fails.
    """
    place = device_named(device)
    module = build(typed, device=place).eval()
    with memory_coded(f"run a batch of {batch}"):
        inputs = drawn(typed, batch, 0, place, torch.float32)
        seconds = clocked_module(module, typed, inputs, place, tell)
    return seconds, f"a batch of {batch} on {_named(place)}"


def clocked_module(
    module: nn.Module, typed: TypedGraph, inputs: list[torch.Tensor], place: torch.device, tell: Tell
) -> dict[str, float]:
    """The seconds of every call of ``module``, which is ``typed`` in evaluation, by its path; "" is the whole."""
    with torch.inference_mode():
        rounds = list(paced(lambda: _round(module, inputs, place), tell))
    totals = {path: median(each[path] for each in rounds) for path in rounds[0]}
    seconds = {"": totals[""]}
    _share(typed, "", "", totals[""], totals, Counter(owner for _, owner in _calls(typed, "", "")), seconds)
    return seconds


def paced(run: Callable[[], dict[str, float]], tell: Tell) -> Iterator[dict[str, float]]:
    """What ``run`` gives, as often as the budget of time allows; what takes far longer is run as seldom as can be."""
    warm = [run()[""]]
    while len(warm) < WARM_UP and sum(warm) < BUDGET:
        warm.append(run()[""])
    fewest = FEWEST if FEWEST * warm[-1] < 2 * BUDGET else SELDOM
    count = min(max(int(BUDGET / warm[-1]), fewest), MOST)
    for number in range(count):
        tell(number, count)
        yield run()
    tell(count, count)


def _round(module: nn.Module, inputs: list[torch.Tensor], device: torch.device) -> dict[str, float]:
    """The seconds of every module in one forward, by its path."""
    spans: list[tuple[str, Moment, Moment]] = []
    begun: list[str] = []
    with _coded(begun), _hooks(module, device, spans, begun):
        module(*inputs)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    totals: dict[str, float] = {}
    for path, start, end in spans:
        totals[path] = totals.get(path, 0.0) + _between(start, end)
    return totals


@contextmanager
def _coded(begun: list[str]) -> Generator[None]:
    """Raise ``CompileError`` GB715 where a module fails, the last that has ``begun``."""
    try:
        yield
    except Exception as error:  # what a module raises is its own affair
        if is_of_memory(error):
            raise
        where = f"`{begun[-1]}`" if begun and begun[-1] else "the network"
        said = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        remedy = "take another --device, or colour by macs, which runs nothing"
        raise CompileError((RunFails.at(None, f"{where} fails while it runs: {said}", help=remedy),)) from error


@contextmanager
def _hooks(
    module: nn.Module, device: torch.device, spans: list[tuple[str, Moment, Moment]], begun: list[str]
) -> Generator[None]:
    """Note when each module begins and ends while this is open; in ``begun`` are the paths of those that run."""
    open_: list[Moment] = []

    def begin(path: str) -> Callable[..., None]:
        def note(*_: object) -> None:
            begun.append(path)
            open_.append(_now(device))

        return note

    def end(path: str) -> Callable[..., None]:
        def note(*_: object) -> None:
            spans.append((path, open_.pop(), _now(device)))
            begun.pop()

        return note

    handles: list[RemovableHandle] = []
    named = cast("Iterable[tuple[str, nn.Module]]", module.named_modules())  # torch annotates it in part
    for path, each in named:
        handles += (each.register_forward_pre_hook(begin(path)), each.register_forward_hook(end(path)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _now(device: torch.device) -> Moment:
    if device.type != "cuda":
        return perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record(torch.cuda.current_stream(device))
    return event


def _between(start: Moment, end: Moment) -> float:
    if isinstance(start, torch.cuda.Event) and isinstance(end, torch.cuda.Event):
        return start.elapsed_time(end) / 1000
    assert isinstance(start, float) and isinstance(end, float), "one clock takes both ends"
    return end - start


def _calls(typed: TypedGraph, path: str, owner: str) -> Iterator[tuple[str, str]]:
    """Every call, by its path and by that of the module that it runs."""
    for node in typed.graph.nodes:
        inner = f"{path}{node.name}", f"{owner}{node.module}"
        yield inner
        if node.name in typed.bodies:
            yield from _calls(typed.bodies[node.name], f"{inner[0]}.", f"{inner[1]}.")


def _share(
    typed: TypedGraph,
    path: str,
    owner: str,
    whole: float,
    totals: Mapping[str, float],
    calls: Mapping[str, int],
    seconds: dict[str, float],
) -> None:
    """Give every call of a body, which takes ``whole``, its part of what was measured."""
    known = {node.name: _known(typed, node.name, f"{owner}{node.module}", totals, calls) for node in typed.graph.nodes}
    left = max(0.0, whole - sum(time for time in known.values() if time is not None))
    plain = [node for node in typed.graph.nodes if known[node.name] is None and node.name not in typed.graph.auxiliary]
    written = {node.name: call_costs(node, typed).activations for node in plain}
    for node in typed.graph.nodes:
        time = known[node.name]
        if time is None:
            time = left * written.get(node.name, 0) / (sum(written.values()) or 1)
        seconds[f"{path}{node.name}"] = time
        if node.name in typed.bodies:
            inner = f"{path}{node.name}.", f"{owner}{node.module}."
            _share(typed.bodies[node.name], *inner, time, totals, calls, seconds)


def _known(
    typed: TypedGraph, name: str, owner: str, totals: Mapping[str, float], calls: Mapping[str, int]
) -> float | None:
    """What was measured of a call, or of all that is in it; None where nothing was."""
    if owner in totals:
        return totals[owner] / calls[owner]
    if name not in typed.bodies:
        return None
    body = typed.bodies[name]
    inner = [_known(body, node.name, f"{owner}.{node.module}", totals, calls) for node in body.graph.nodes]
    measured = [time for time in inner if time is not None]
    return sum(measured) if measured else None


def _named(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
