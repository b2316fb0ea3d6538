"""What an imported spec answers beside the live Keras model that it came from, on random numbers, layer by layer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from graphbuilder.backends.torch import build
from graphbuilder.compiler import Network
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import ImportDiffers
from graphbuilder.importers.keras.channels import has_first
from graphbuilder.importers.torch.answers import CLOSE, distance

Weights = Mapping[str, Tensor]

_SAMPLES = 2


def difference(
    model: Any, network: Network, weights: Weights, again: Callable[[Any], tuple[Network, Weights]]
) -> float:
    """How far the answers of ``network`` with its ``weights`` are from those of ``model``, of their scale.

    Args:
        again: imports another model, the same with every layer's value given out.

    Raises:
        CompileError: GB805 where they differ, with the first layer that does.
    """
    apart = max(_apart(model, network, weights), default=0.0)
    if apart <= CLOSE:
        return apart
    keras: Any = sys.modules["keras"]
    layers = [*_single(model)]
    layered = keras.Model(model.inputs, [layer.output for layer in layers])
    found = zip(layers, _apart(layered, *again(layered)), strict=False)
    name, far = next(((layer.name, far) for layer, far in found if far > CLOSE), (model.name, apart))
    message = (
        f"`{name}` answers otherwise here than in Keras on {keras.backend.backend()}: {far:.1e} of its scale apart"
    )
    remedy = (
        "where Keras's backends differ, as in averages at edges, a spec does as TensorFlow does: compare there, or "
        "import the saved file, which is compared with nothing; else please report the layer"
    )
    raise CompileError((ImportDiffers.at(None, message, help=remedy),))


def _single(model: Any) -> Iterator[Any]:
    """The layers of one call and one value, in order; of others Keras does not say which is meant."""
    for layer in model.layers:
        nodes = cast("Sequence[Any]", getattr(layer, "_inbound_nodes", ()))
        if type(layer).__name__ != "InputLayer" and len(nodes) == 1 and len(nodes[0].output_tensors) == 1:
            yield layer


def _apart(model: Any, network: Network, weights: Weights) -> list[float]:
    """For each output in order, how far the two are apart."""
    draws = torch.Generator().manual_seed(0)
    batch = [torch.randn(_SAMPLES, *type_.shape, generator=draws) for type_ in network.inputs.values()]
    is_first = has_first({"config": model.get_config()})
    given = [each.numpy() if is_first else each.movedim(1, -1).numpy() for each in batch]
    answered = model.predict(given if len(given) > 1 else given[0], verbose=0)
    module = build(network.typed, weights=weights).eval()
    with torch.no_grad():
        ours = module(*batch)
    theirs = _named(answered, [*network.outputs])
    found = _named(ours, [*network.outputs])
    names = zip(theirs, theirs if theirs.keys() == found.keys() else found, strict=True)
    return [distance([found[our]], [_turned(torch.as_tensor(theirs[their]), is_first)]) for their, our in names]


def _named(answer: Any, names: Sequence[str]) -> dict[str, Any]:
    """An answer's values by name: a table has its own."""
    if isinstance(answer, Mapping):
        return dict(cast("Mapping[str, Any]", answer))
    values = cast("Sequence[Any]", answer) if isinstance(answer, list | tuple) else [answer]
    return dict(zip(names, values, strict=True))


def _turned(answer: Tensor, is_first: bool) -> Tensor:
    return answer if is_first else answer.movedim(-1, 1)
