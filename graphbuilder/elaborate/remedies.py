"""Edits of the spec that may repair a shape that does not fit. Nothing is tried here: whoever has the whole text does.

Only the file itself is edited, never one that it extends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from graphbuilder.diagnostics import Remedy, Rule
from graphbuilder.diagnostics.catalogue.shapes import WrongLayout
from graphbuilder.document import Place
from graphbuilder.ir import Graph, Node, OpError, TensorType
from graphbuilder.ops.shape import Permute
from graphbuilder.spec.expressions import Expression
from graphbuilder.spec.merged import longer, own
from graphbuilder.spec.model import InputType, Spec

if TYPE_CHECKING:
    from graphbuilder.elaborate.builder import BodyBuilder

# Of the steps that stand before, and of the numbers of channels of values that meet, those that are tried.
_TRIED = 6
# Of two edits together, those that are tried.
_PAIRS = 6
# Channels of an image: grey, colours, colours and what shows through.
COLOURS = (1, 3, 4)
_BATCH_OF_IMAGES = 4


def of_step(error: OpError, step: Place, made: Sequence[Node]) -> Iterator[Remedy]:
    """What an op that refuses its inputs or arguments says may repair it, at the step that runs it.

    ``made`` are the nodes that made the inputs it blames. A step that would turn back what a `permute` of the file has
    turned is none: it fits, and is hardly what was meant.
    """
    for name, value in error.settings:
        yield from setting(step, name, value)
    for written in () if any(map(_permutes, made)) else error.ahead:
        yield from _put_ahead(step, written)


def of_inputs(spec: Spec, types: Mapping[str, TensorType | None]) -> Iterator[Remedy]:
    """Inputs that look as other frameworks write them, the batch first or the channels of an image last, as here."""
    for name, input_ in spec.inputs.items():
        yield from of_input(spec.place_of("inputs") / name, input_, types.get(name))


def of_input(place: Place, input_: InputType, type_: TensorType | None) -> Iterator[Remedy]:
    """That of the one at ``place``."""
    order = as_here(input_, type_)
    if order and isinstance(place.value, list):
        sizes = [input_.shape[index] for index in order]
        shape = json.dumps([size.text if isinstance(size, Expression) else size for size in sizes])
        yield from instead(place, shape, f"write {place.keys[-1]} = {shape}: channels first, without the batch")


def as_here(input_: InputType, type_: TensorType | None) -> Sequence[int] | None:
    """The order, as it is written here, of the sizes of an input that looks as other frameworks write it."""
    if type_ is None or input_.layout != "channels_first":
        return None
    sizes = type_.shape
    if len(sizes) != _BATCH_OF_IMAGES:
        return _channels_last(sizes)
    image = sizes[1:]
    order = _channels_last(image)
    if not order and (sizes[0] == 1 or (image[0] in COLOURS and min(image[1:]) > max(COLOURS))):
        order = (0, 1, 2)
    return [1 + index for index in order] if order else None


def _channels_last(sizes: Sequence[int]) -> Sequence[int] | None:
    """The order that brings the channels of an image to the front."""
    image = len(sizes) == _BATCH_OF_IMAGES - 1 and sizes[-1] in COLOURS and min(sizes[:-1]) > max(COLOURS)
    return (2, 0, 1) if image else None


def notes_on(rule: type[Rule], made: Sequence[Node]) -> tuple[str, ...]:
    """What is to be known of the nodes that made inputs with their channels at the wrong end."""
    if rule is not WrongLayout or not any(map(_permutes, made)):
        return ()
    return ("a `permute` takes the channels along; `reshape` with a `layout` makes another axis the channels",)


def _permutes(node: Node) -> bool:
    return node.op is not None and node.op.op == Permute.op


def of_paths(builder: BodyBuilder, types: Sequence[TensorType], last: Place) -> Iterator[Remedy]:
    """What may bring values that meet to one shape: padding that keeps sizes, axes that are kept, and channels as the
    others have them; then the same on two steps, and two of these on one.

    ``last`` is the step that reads them.
    """
    made = [node for node in _nodes(builder.nodes) if node.op is not None]
    steps = [(node.place, list(_words(node, types))) for node in made[-_TRIED:][::-1] if node.place is not None]
    singles = [(pair, remedy) for place, pairs in steps for pair in pairs for remedy in setting(place, *pair, last)]
    yield from (remedy for _, remedy in singles)
    yield from of_two((one, other) for (pair, one), (same, other) in combinations(singles, 2) if pair == same)
    both = ((place, dict(two)) for place, pairs in steps for two in combinations(pairs, 2))
    for place, words in islice(both, _PAIRS):
        yield from settings(place, words, last) if len(words) > 1 else ()


def _words(node: Node, types: Sequence[TensorType]) -> Iterator[tuple[str, object]]:
    """What of a step may be otherwise, so that it gives one of ``types``."""
    if getattr(node.op, "padding", "same") != "same":
        yield "padding", "same"
    if getattr(node.op, "keep", True) is False:
        yield "keep", True
    for channels in islice(dict.fromkeys(type_.channels for type_ in types), _TRIED):
        if getattr(node.op, "out", channels) != channels:
            yield "out", channels


def of_two(pairs: Iterable[tuple[Remedy, Remedy]]) -> Iterator[Remedy]:
    """The first of ``pairs`` as one remedy each, where both can be done."""
    apart = ((one, other) for one, other in pairs if not one.touches(other))
    for one, other in islice(apart, _PAIRS):
        yield one.together_with(other)


def of_side_paths(
    places: Sequence[Place], types: Sequence[TensorType], paths: Sequence[int], told: Place
) -> Iterator[Remedy]:
    """Strides of those side paths, one step each, that are larger than the smallest, so that they come to its size.

    ``told`` is the path that has the mistake.
    """
    known = [types[index].spatial for index in paths]
    if len({len(sizes) for sizes in known}) != 1 or not known[0]:
        return
    smallest = min(known)
    for index in paths:
        factors = {-(-size // other) for size, other in zip(types[index].spatial, smallest, strict=True)}
        steps = places[index].value
        if len(factors) == 1 and factors != {1} and isinstance(steps, list) and len(cast("list[Any]", steps)) == 1:
            yield from setting(places[index] / 0, "stride", factors.pop(), told / 0)


def _nodes(nodes: Sequence[Node]) -> Iterator[Node]:
    """The nodes of a body and of its branches."""
    for node in nodes:
        yield node
        if isinstance(node.callee, Graph) and node.callee.kind == "branch":
            yield from _nodes(node.callee.nodes)


def setting(step: Place, name: str, value: object, seen_from: Place | None = None) -> Iterator[Remedy]:
    """``name = value`` in the step at ``step``, which is named where another one, at ``seen_from``, has the mistake."""
    table = step.value
    there = isinstance(table, dict) and name in cast("dict[str, Any]", table)
    place = own(step / name if there else step)
    if place is None or not isinstance(table, dict):
        return
    written = json.dumps(value)
    where = "" if seen_from in (None, step) else f" at {(own(step) or place).span}"
    edited = written if there else longer(place.span.text, f"{name} = {written}")
    yield Remedy(f"write {name} = {written}{where}", place.span, edited)


def settings(step: Place, words: Mapping[str, object], seen_from: Place) -> Iterator[Remedy]:
    """Several words of one step, likewise; only of one in braces, which is edited as a whole."""
    place, table = own(step), step.value
    if place is None or not isinstance(table, dict) or not place.span.text.startswith("{"):
        return
    told = " and ".join(f"{name} = {json.dumps(value)}" for name, value in words.items())
    text, (start, _) = place.span.text, place.span.offsets
    there = [(own(step / name), value) for name, value in words.items() if name in cast("dict[str, Any]", table)]
    inner = [(found.span.offsets, value) for found, value in there if found is not None]
    if len(inner) < len(there):
        return
    for (begin, end), value in sorted(inner, key=itemgetter(0), reverse=True):
        text = f"{text[: begin - start]}{json.dumps(value)}{text[end - start :]}"
    added = [f"{name} = {json.dumps(value)}" for name, value in words.items() if name not in table]
    where = "" if seen_from == step else f" at {place.span}"
    yield Remedy(f"write {told}{where}", place.span, longer(text, ", ".join(added)) if added else text, len(words))


def _put_ahead(step: Place, written: str) -> Iterator[Remedy]:
    place = own(step)
    if place is not None and place.span.text.startswith("{"):
        yield Remedy(f"put {written} before it", place.span, f"{written}, {place.span.text}")


def instead(place: Place, written: str, help_: str) -> Iterator[Remedy]:
    """``written`` in place of the value at ``place``."""
    found = own(place)
    if found is not None:
        yield Remedy(help_, found.span, written)
