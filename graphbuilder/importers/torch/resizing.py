"""Maps brought to another size, and which maps had that size: a spec then follows them, and no number is written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from graphbuilder.importers.sizes import short
from graphbuilder.importers.torch.standing import module_of
from graphbuilder.importers.torch.terms import Arguments, Made, Maker, Tensors
from graphbuilder.ir import Value


def resize(mode: str) -> Maker:
    """Maps brought to other sizes, by interpolation of that ``mode``."""

    def make(given: Arguments, tensors: Tensors, node: Any) -> Made:
        before = node.args[0].meta["val"].shape[2:]
        after = node.meta["val"].shape[2:]
        factors = [new // old for new, old in zip(after, before, strict=True)]
        whole = all(new % old == 0 for new, old in zip(after, before, strict=True))
        args: dict[str, Any] = {"factor": short(factors)} if whole else {"size": short(list(after))}
        corners = {"align_corners": True} if not mode.startswith("nearest") and given["align_corners"] else {}
        inputs = (tensors.value(node.args[0]),)
        if like := _sized_as(node, tensors) if given["scale_factors"] is None else None:
            args, inputs = {}, (*inputs, like)
        return Made("resize", {**args, "mode": mode, **corners}, inputs, {})

    return make


def _sized_as(node: Any, tensors: Tensors) -> Value | None:
    """What maps are brought back to the size of: an input of the model, or what they were made of.

    Of what they were made of it is what is read farthest from where it is made, such as a skip connection: a value
    within a block may have that size, too. Of several it is the nearest.
    """
    sizes = node.meta["val"].shape[2:]
    inputs = [each for each in tensors.values if each.op == "placeholder"]
    above = [each for each in _above(node.args[0]) if each in tensors.values]
    like = [each for each in (*inputs, *above) if each.meta["val"].shape[2:] == sizes]
    found = [each for each in like if each in inputs or len(each.users) > 1]
    return tensors.values[min(found, key=lambda each: (each not in inputs, _together(each)))] if found else None


def _together(node: Any) -> int:
    """How deep the module is in which ``node`` and all that read it stand."""
    ways = [module_of(each).split(".") for each in (node, *node.users)]
    return sum(1 for _ in takewhile(lambda words: len({*words}) == 1, zip(*ways, strict=False)))


def _above(node: Any) -> Iterator[Any]:
    """``node``, the first that it reads, the first that this reads, and so on."""
    while node is not None:
        if hasattr(node.meta.get("val"), "shape"):
            yield node
        node = next(iter(node.all_input_nodes), None)
