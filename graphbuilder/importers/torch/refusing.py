"""What a call does that its op would not: it writes into memory that others show, drops in evaluation, counts whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from graphbuilder.importers.torch.fixed import Fixed
from graphbuilder.importers.torch.rewriting import Stale
from graphbuilder.importers.torch.standing import line_of
from graphbuilder.importers.torch.terms import Made, Unknown, kind_of

# Where calls say whether they train, by kind.
_TRAINING = {"dropout": 2, "feature_dropout": 2, "alpha_dropout": 2, "feature_alpha_dropout": 2, "batch_norm": 5}
# What gives an index beside a value: where the largest stands.
_INDEXED = ("max", "min", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
# Ops that move numbers, whatever these are.
_MOVING = ("reshape", "flatten", "permute", "channelslast", "channelsfirst", "slice", "select", "concat", "flip")


def refuse_stale(node: Any, stale: Mapping[Any, Sequence[Stale]], fixed: Fixed) -> None:
    """Raises:
    Unknown: ``node`` reads under an older name what was written into in part.
    """
    for each in stale.get(node, ()):
        if not all(map(fixed.holds, each.by.all_input_nodes)):
            raise Unknown(
                f"a value is read that {each.by.target} wrote a part of in place, or more than it ({line_of(each.by)})"
            )


def refuse_training(node: Any) -> None:
    """Raises:
    Unknown: ``node`` does in evaluation what its op does in training alone.
    """
    place = _TRAINING.get(kind_of(node))
    if place is not None and len(node.args) > place and node.args[place] and node.args[1] != 0:
        raise Unknown(f"{node.target} that is in training always, also in evaluation")


def refuse_whole(node: Any, made: Sequence[Made] | None) -> None:
    """Raises:
    Unknown: ``node`` computes with whole numbers or truths, which no value of a spec is.
    """
    value = node.meta.get("val")
    if made and isinstance(value, Tensor) and not value.is_floating_point() and made[-1].op not in _MOVING:
        raise Unknown(f"{node.target} of {str(value.dtype).removeprefix('torch.')}")


def is_first_of_two(node: Any) -> bool:
    """Whether ``node``, an item, is the values of a call that gives indices, too.

    Raises:
        Unknown: it is the indices.
    """
    if kind_of(node.args[0]) not in _INDEXED:
        return False
    if node.args[1] and node.users:
        raise Unknown(f"the indices that {node.args[0].target} gives")
    return True
