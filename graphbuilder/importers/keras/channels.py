"""Where a Keras model has its channels: behind the places or, throughout, before them; and what an axis is here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from graphbuilder.importers.keras.terms import FIRST, RANK, Config, Unknown, inner
from graphbuilder.importers.sizes import listed, short

_FIRST, _LAST = "channels_first", "channels_last"
# Functions that take axes away.
_REDUCING = ("Max", "Mean")
# What leaves no places.
_POOLS = tuple(f"Global{kind}Pooling{axes}D" for kind in ("Average", "Max") for axes in (1, 2, 3))
# Layers that take the last axis for the channels', whatever the others do.
_LAST_ALONE = ("LayerScale", "MultiHeadAttention", "Normalization", "Permute", "Reshape")


def has_first(config: Config) -> bool:
    """Whether all layers of a model that say where channels are have them first."""
    return set(_formats(inner(config))) == {_FIRST}


def refuse_other(kind: str, config: Config) -> None:
    """Refuse a layer that has its channels elsewhere than its model.

    Raises:
        Unknown: it has.
    """
    wanted = _FIRST if config[FIRST] else _LAST
    if config.get("data_format") not in (None, wanted):
        raise Unknown(f"`{kind}` with {config['data_format']} beside others with {wanted}")
    softmax = kind == "Activation" and str(config.get("activation")).endswith("softmax")
    if config[FIRST] and (kind in _LAST_ALONE or ((kind == "Dense" or softmax) and config[RANK] > 2)):
        raise Unknown(f"`{kind}`, which acts on the last axis, in a model with channels first")


def place(config: Config, axis: Any) -> int | None:
    """The axis here that is ``axis`` of what a layer reads, the batch counted; None for that of the channels.

    Raises:
        Unknown: there are several, or it is the batch's.
    """
    axis, rank = short(axis), config[RANK]
    if not isinstance(axis, int):
        raise Unknown(f"axis = {axis}, which are several")
    found = axis % rank
    if not found:
        raise Unknown(f"axis = {axis}, which is that of the batch")
    channels = 1 if config[FIRST] else rank - 1
    if found == channels:
        return None
    return found - 1 if config[FIRST] and found > channels else found


def rank_behind(kind: str, config: Config, rank: int) -> int:
    """How many axes a layer gives that reads ``rank`` of them, the batch counted: a file of Keras 2 has no shapes."""
    if kind in _REDUCING and not config.get("keepdims"):
        return rank - len(listed(config.get("axis")) or [1])
    if kind == "Flatten" or (kind in _POOLS and not config.get("keepdims")):
        return 2
    if kind == "Reshape":
        return len(listed(config.get("newshape"))) or len(listed(config["target_shape"])) + 1
    return rank


def _formats(config: Config) -> Iterator[str]:
    for layer in cast("list[Config]", config.get("layers") or []):
        found = inner(layer).get("data_format")
        if found is not None:
            yield str(found)
        yield from _formats(inner(layer))
