"""Networks, or variants of them, side by side: every spec in every combination of settings, each through the road."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphbuilder.compiler import Checked, Network, check, compile
from graphbuilder.diagnostics import CompileError, Diagnostic

if TYPE_CHECKING:
    from torch import device as torch_device

    from graphbuilder.backends.table.comparison import Comparison, Timing


def compare(
    *networks: Network | str | Path,
    params: Mapping[str, Any] | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    timed: bool = False,
    batch: int = 1,
    device: str | torch_device = "auto",
    tell: Callable[[int, int], None] = lambda done, rounds: None,
) -> Comparison:
    """Networks, or variants of them, side by side; prints as a table, and as Markdown in a notebook.

    Args:
        networks: networks, or paths of specs.
        params: values over the ``[params]`` of each of the paths.
        grid: several values for a param; each of the paths is taken in every combination of them.
        timed: whether to measure a forward of each, in rounds that run them all.
        batch: the samples in the batch that is timed.
        device: where it is timed; "auto" is CUDA where there is one.
        tell: called while timing with the rounds done, and the rounds in all.

    Raises:
        CompileError: when a spec has mistakes, with every mistake of every variant; when torch, the device or memory is
            missing.
        TypeError: when there is nothing to compare, or ``params`` or ``grid`` stand beside a network.
    """
    from graphbuilder.backends.table.comparison import Comparison, variant

    if not networks:
        raise TypeError("there is nothing to compare: give networks, or paths of specs")
    found = gather(_variants(networks, params or {}, grid or {}))
    timing, seconds = _measured(found, batch, device, tell) if timed else (None, [None] * len(found))
    rows = zip(found, _told(found), seconds, strict=True)
    return Comparison(tuple(variant(network.typed, settings, took) for network, settings, took in rows), timing)


def gather(variants: Iterable[tuple[str, Checked]], strict: bool = False) -> list[Network]:
    """The networks of variants, each with the settings that it was checked with, as a text ("" for none).

    Raises:
        CompileError: with every mistake of every variant once, and the settings that lead to it; warnings are mistakes
            where ``strict``.
    """
    networks: list[Network] = []
    mistakes: dict[str, tuple[Diagnostic, list[str]]] = {}
    for settings, checked in variants:
        if checked.network and not (strict and checked.diagnostics):
            networks.append(checked.network)
            continue
        for each in (each.as_error() if strict else each for each in checked.diagnostics):
            mistakes.setdefault(str(each), (each, []))[1].append(settings)
    if mistakes:
        raise CompileError(tuple(each.with_notes(*_variants_note(settings)) for each, settings in mistakes.values()))
    return networks


def told_of(settings: str, spec: object, specs: Sequence[object]) -> str:
    """``settings`` of a variant, and the spec that they are for where there are several."""
    return f"{settings} for {spec}" if settings and len(specs) > 1 else settings


def _variants_note(settings: Sequence[str]) -> tuple[str, ...]:
    told = [each for each in settings if each]
    if not told:
        return ()
    others = {1: "", 2: ", and in another variant"}.get(len(told), f", and in {len(told) - 1} other variants")
    return (f"with {told[0]}{others}",)


def _variants(
    networks: Sequence[Network | str | Path], params: Mapping[str, Any], grid: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, Checked]]:
    """Every spec in every combination of the grid's values; what is a network already, as it is."""
    from itertools import product

    for network in networks:
        if isinstance(network, Network):
            if params or grid:
                raise TypeError("params and grid are for paths of specs: a Network has its params already")
            yield "", Checked(network, ())
            continue
        for values in product(*({repr(each): each for each in axis}.values() for axis in grid.values())):
            chosen = dict(zip(grid, values, strict=True))
            settings = ", ".join(f"{name}={each}" for name, each in chosen.items())
            yield told_of(settings, network, networks), check(network, {**params, **chosen})


def _told(networks: Sequence[Network]) -> Iterator[dict[str, Any]]:
    """For each network the params in which it, or another of the same spec, is not as the spec has it."""
    changed = {
        (each.name, name)
        for each in networks
        for name, value in each.params.items()
        if value != each.spec.params.get(name)
    }
    for each in networks:
        yield {name: value for name, value in each.params.items() if (each.name, name) in changed}


def _measured(
    networks: Sequence[Network], batch: int, device: str | torch_device, tell: Callable[[int, int], None]
) -> tuple[Timing, list[float]]:
    from graphbuilder.backends.table.comparison import Timing
    from graphbuilder.backends.torch.chosen import device_named
    from graphbuilder.backends.torch.timing import medians

    place = device_named(device)
    modules = [compile(network, device=place) for network in networks]
    graphs = [network.typed for network in networks]
    return Timing(str(place), batch), medians(modules, graphs, batch=batch, device=place, tell=tell)
