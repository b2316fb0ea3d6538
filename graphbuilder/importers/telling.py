"""What an imported spec does otherwise than the model that it came from: said at its head, and where it is imported."""

from __future__ import annotations

import re

from graphbuilder.importers.traced import Traced
from graphbuilder.ir import TensorType

_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")
# As many names as still read well.
_MANY = 6


def without(model: Traced) -> str:
    """What the model does in training alone, and the spec not at all."""
    if not model.dropped:
        return ""
    larger = [_shape(type_, model.trained_at) for type_ in model.inputs.values()] if model.trained_at else []
    needed = f", which needs larger images: {' '.join(larger)}" if larger else ""
    return f"without what it does in training alone: {', '.join(model.dropped)}{needed}"


def uncalled(model: Traced) -> str:
    """What the model has and does not use."""
    return f"without what it never calls: {', '.join(_few([*model.uncalled]))}" if model.uncalled else ""


def otherwise(model: Traced) -> str:
    """What the spec does in training that the model does not."""
    return f"in training otherwise than the model: {'; '.join(_few([*model.otherwise]))}" if model.otherwise else ""


def _shape(type_: TensorType, size: int) -> str:
    """The option that gives an input that ``size``."""
    sizes = (type_.channels, size, size) if type_.layout == "first" else (size, size, type_.channels)
    return f"--input {','.join(map(str, sizes))}"


def folded(model: Traced) -> str:
    """The tensors that were computed of others, and of which others: these are no longer learnt, and they are."""
    found: dict[str, str] = {}
    for name, each in model.folded.items():
        made = [f"`{_several(source)}`" for source in each.sources]
        found[_several(name)] = f" of {' and '.join(_few(made))}" if made else ""
    if not found:
        return ""
    names = ", ".join(_few([f"`{name}`{of}" for name, of in found.items()]))
    return f"computed once, and learnt from here on in place of what they were computed of: {names}"


def fixed(model: Traced) -> str:
    """Why the size of its images is no param."""
    return f"its size is fixed: {model.fixed}" if model.fixed else ""


def _several(name: str) -> str:
    """``name`` for all of a list of modules: `blocks.*.attn.table`."""
    return _NUMBER.sub("*", name)


def _few(names: list[str]) -> list[str]:
    """Each once, and of many how many more there are."""
    once = list(dict.fromkeys(names))
    return once if len(once) <= _MANY else [*once[:_MANY], f"{len(once) - _MANY} more"]
