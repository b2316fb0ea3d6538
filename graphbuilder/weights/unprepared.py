"""A warning where the model of a file does something else to images first than the network, with what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.catalogue.weights import PreparedOtherwise
from graphbuilder.document.writing import value as written
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.preparing import Numbers, Prepared, agree, by_file, by_network, unknown
from graphbuilder.weights.siblings import relatives
from graphbuilder.weights.variants import Suits, Variants

# The params by which a spec says what it prepares images with, of colours up to the second number of these.
_PARAMS = ("mean", "deviation")
_BRIGHTEST = (255.0, 1.0)


def unprepared(typed: TypedGraph, checkpoint: Checkpoint, variants: Variants) -> tuple[Diagnostic, ...]:
    """What is to be told of images where ``checkpoint`` fits the network ``typed``, whose ``variants`` are tried."""
    network = by_network(typed)
    file = by_file(checkpoint, len(network.scale)) if network else None
    if network and file is None and not network.layers and (layers := unknown(checkpoint)):
        return (_unknown(checkpoint, layers, variants),)
    if network is None or file is None or agree(file, network):
        return ()

    def suits(other: TypedGraph) -> bool:
        found = by_network(other)
        return found is not None and len(found.scale) == len(file.scale) and agree(file, found)

    message = f"the model of {checkpoint.path} begins with {_formula(file)}, and the network with {_formula(network)}"
    settings = (variants.by(each, suits) for each in _settings(file, variants.known))
    remedy = next((told for told in settings if told), None) or _relative(checkpoint, variants.specs, suits)
    return (PreparedOtherwise.at(None, message, help=remedy or _by_hand(file, network)),)


def _unknown(checkpoint: Checkpoint, layers: Sequence[str], variants: Variants) -> Diagnostic:
    """The warning of layers whose numbers are not in the file."""
    told = f"{' and '.join(layers)}, whose numbers it does not hold"
    message = f"the model of {checkpoint.path} has {told}, and the network begins with the image as it is"
    remedy = _relative(checkpoint, variants.specs, lambda other: bool((found := by_network(other)) and found.layers))
    by_hand = "prepare images as that model does, or save it whole, as .keras, which tells how"
    return PreparedOtherwise.at(None, message, help=remedy or by_hand)


def _settings(file: Prepared, known: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Values of the params that may say the same as ``file``."""
    if all(isinstance(known.get(name), list) for name in _PARAMS):
        for brightest in _BRIGHTEST if file.is_whole else (1.0,):
            numbers = (file.mean, file.deviation)
            yield {name: [_short(each / brightest) for each in row] for name, row in zip(_PARAMS, numbers, strict=True)}


def _relative(checkpoint: Checkpoint, specs: Sequence[str | Path], suits: Suits) -> str | None:
    """Another spec of the same names, whose network prepares images so."""
    found = (path for path in relatives(checkpoint, specs) if Variants([path], {}).by({}, suits) is not None)
    path = next(found, None)
    return f"take {path}, whose network does that" if path else None


def _by_hand(file: Prepared, network: Prepared) -> str:
    if network.layers:
        return f"leave out the steps {', '.join(network.layers)}, or give what they make this of"
    step = f'{{ op = "rescale", scale = {_listed(file.scale)}, offset = {_listed(file.offset)} }}'
    return f"give it images that are prepared so, or put a step in front of all others: {step}"


def _formula(prepared: Prepared) -> str:
    numbers = (prepared.mean, prepared.deviation)
    if _is_plain(prepared):
        return "the image as it is"
    by = "" if prepared.is_whole else " and a factor"
    return f"(image - {_listed(numbers[0])}) / {_listed(numbers[1])}{by}"


def _is_plain(prepared: Prepared) -> bool:
    return prepared.is_whole and {*prepared.scale} == {1.0} and not any(prepared.offset)


def _listed(numbers: Numbers) -> str:
    """A number for each channel, or one for all."""
    short = [_short(each) for each in numbers]
    return written(short[0] if len({*short}) == 1 else short)


def _short(number: float) -> float:
    # Without the sign that a zero may have.
    return float(f"{number:.6g}") + 0.0
