"""Which numbers of a model count classes: the widths of layers that give its answers.

An answer of several may be a box or an age, so among several only what is called so, or has a softmax, is of classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graphbuilder.importers.traced import Call, Traced
from graphbuilder.ir import Value

_LAYERS = ("linear", "conv")
# What may stand between a layer that tells classes apart and the answer.
_BEHIND = (
    *("softmax", "logsoftmax", "sigmoid", "relu", "dropout", "flatten", "reshape", "resize", "crop"),
    *("globalavgpool", "globalmaxpool", "add", "mean", "scale"),
)
_OF_CLASSES = re.compile(r"class|cls|logit|predict|label|categor|segment|species|kind", re.IGNORECASE)
_OF_OTHER = re.compile(
    r"box|regress|offset|coord|locat|landmark|keypoint|embed|feature|reconstruct|deltas?|angle|age\b", re.IGNORECASE
)


class _Head(NamedTuple):
    """The layers of one answer, whose widths are all ``width``.

    Attributes:
        name: what a person called it; "" where nobody did.
        certain: whether it says of itself that it is of classes.
    """

    calls: tuple[Call, ...]
    width: int
    name: str
    certain: bool


@dataclass
class Classes:
    """Params for numbers of classes, and for each layer of such a width the param that it has."""

    params: dict[str, int] = field(default_factory=dict[str, int])
    of: dict[str, str] = field(default_factory=dict[str, str])


def classes(model: Traced) -> Classes:
    """The numbers of classes of ``model``: one param, or one for each answer where several are of other numbers."""
    by_name = {call.name: call for call in model.calls}
    heads = [head for name, value in model.outputs.items() if (head := _head(name, value, by_name))]
    known = [head for head in heads if head.width > 1 and (head.certain or not _OF_OTHER.search(head.name))]
    certain = [head for head in known if head.certain]
    chosen = known if len(model.outputs) == 1 or len({head.width for head in known}) == 1 else certain
    found = Classes()
    for head in chosen:
        alone = len({head.width for head in chosen}) == 1 or not head.name
        param = "classes" if alone else f"{head.name}_classes"
        if found.params.setdefault(param, head.width) == head.width:
            found.of |= {call.name: param for call in head.calls}
    return found


def _head(output: str, value: Value, by_name: Mapping[str, Call]) -> _Head | None:
    way = list(_way(value, by_name))
    layers = tuple(call for call in way if call and call.op in _LAYERS)
    widths = {call.args["out"] for call in layers}
    if None in way or len(widths) != 1:
        return None
    names = [*(scope.name for call in layers for scope in call.scope), *(call.label for call in layers), output]
    certain = any(call and call.op in ("softmax", "logsoftmax") for call in way) or any(map(_OF_CLASSES.search, names))
    if not certain and any(call.op == "conv" for call in layers):
        return None  # an image or features, as well as a map of classes
    name = next((name for name in (layers[0].label, output) if name.isidentifier()), "")
    return _Head(layers, widths.pop(), name, certain)


def _way(value: Value, by_name: Mapping[str, Call]) -> Iterator[Call | None]:
    """The calls from an answer back to the layers that give it; None for anything else that it comes from."""
    waiting = [value]
    while waiting:
        call = by_name.get(waiting.pop().node)
        is_known = call is not None and call.op in (*_LAYERS, *_BEHIND)
        yield call if is_known else None
        read = call.inputs if call and call.op in _BEHIND else ()
        # What else it reads is only as large.
        waiting += read[:1] if call and call.op == "resize" else read
