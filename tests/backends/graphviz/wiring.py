"""Who reads whom: as the graph says it, whatever a figure folds, and as the lines of a drawing do.

Nothing here goes through the figure's own reading, but for what it put on which stack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import scene
from graphbuilder.backends.graphviz.lay.drawing import Drawing
from graphbuilder.backends.graphviz.read.scene import Card, Region
from graphbuilder.ir import Node, Value

Edges = Counter[tuple[str, str]]
Stack = tuple[int, int]
_NO_BOXES = ("top ", "bottom ", "badge ", "legend")


class Wiring:
    """The edges of a graph between the ``boxes`` that are drawn of it, blocks of which none is one seen through.

    ``stacks`` are as they are found in a scene. Steps that are not drawn are passed by: they read one value.
    """

    def __init__(self, typed: TypedGraph, boxes: Collection[str], stacks: Mapping[str, Stack]) -> None:
        self.edges: Edges = Counter()
        self._boxes, self._stacks = boxes, stacks
        given = self._body(typed, "", typed.graph.inputs)
        self.outputs = {f"output {name}": end for (name, _), end in zip(typed.graph.outputs, given, strict=True)}
        self.edges.update((end, output) for output, end in self.outputs.items())

    def _body(self, typed: TypedGraph, prefix: str, inputs: Sequence[str]) -> list[str]:
        values = dict(zip(map(Value, typed.graph.inputs), inputs, strict=True))
        for node in typed.graph.nodes:
            read = [values[value] for value in node.inputs]
            given = self._call(prefix + node.name, node, typed.bodies.get(node.name), read)
            values.update(zip((Value(node.name, port) for port in node.results), given, strict=True))
        return [values[value] for _, value in typed.graph.outputs]

    def _call(self, path: str, node: Node, body: TypedGraph | None, read: list[str]) -> list[str]:
        """Who gives what a call gives."""
        box = _unstacked(path, self._stacks)
        if box in self._boxes:
            self.edges.update((end, path) for end in read if path == box)
            return [box] * len(node.results)
        return self._body(body, f"{path}.", read) if body else read[:1] * len(node.results)


def _unstacked(path: str, stacks: Mapping[str, Stack]) -> str:
    """``path`` in those copies that are drawn."""
    found = ""
    for name in path.split("."):
        for first, (count, turns) in stacks.items():
            around, _, number = first.rpartition(".")
            if around == found and name.isdecimal() and int(number) <= int(name) < int(number) + count * turns:
                name = str(int(number) + (int(name) - int(number)) % turns)
                break
        found = f"{found}.{name}" if found else name
    return found


def stacks_of(region: Region) -> dict[str, Stack]:
    """The first copy on each stack, and how many there are of how many kinds."""
    found: dict[str, Stack] = {}
    for item in region.items.values():
        if item.count > 1:
            found[item.path.rstrip(".")] = item.count, item.turns if isinstance(item, Card) else 1
        if isinstance(item, Card):
            found |= stacks_of(item.region)
    return found


def drawn(figure: Drawing) -> Edges:
    """The edges that are drawn from box to box."""
    lines = Counter((line.tail, line.head) for line in figure.lines if line.kind != "passage")
    return joined(Counter({pair: count for pair, count in lines.items() if not pair[0].startswith("legend")}))


def joined(lines: Edges) -> Edges:
    """Edges without the boxes that stand for a value at the edge of a panel.

    ``bottom 2`` goes on at ``top 3``, ``bottom 2 A`` wherever there is an ``A``, and ``top 3 image`` is the input.
    """
    given: dict[str, str] = {}
    for tail, head in lines:
        if head.startswith("bottom "):
            _, number, *letter = head.split()
            given[letter[0] if letter else f"top {int(number) + 1}"] = tail
    whole: Edges = Counter()
    for (tail, head), count in lines.items():
        word, _, known = (*tail.split(), "", "")[:3]
        source = given.get(known or tail, known or tail) if word == "top" else tail
        if not head.startswith("bottom "):
            whole[source, head] += count
    return whole


def undrawn(typed: TypedGraph, figure: Drawing, options: Options) -> list[str]:
    """What ``missed`` says of a figure; nothing is known of one in which neighbours are gathered."""
    root = scene(typed, options).root
    if any("are gathered in" in words.text for words in figure.words):
        return []
    boxes = [shape.key for shape in figure.shapes if not shape.key.startswith(_NO_BOXES)]
    return list(missed(typed, stacks_of(root), drawn(figure), boxes))


def missed(typed: TypedGraph, stacks: Mapping[str, Stack], lines: Edges, boxes: Collection[str]) -> Iterator[str]:
    """Every edge of the graph that is not among the ``lines``, and every line that is no edge of it.

    Of copies side by side one is drawn, so that what reads them all reads it once.
    """
    named = {box.rstrip(".") for box in boxes}
    wiring, found = Wiring(typed, named, stacks), Edges()
    for (tail, head), count in lines.items():
        found[tail.rstrip("."), head.rstrip(".")] += count
    for tail, head in sorted(wiring.edges.keys() | found.keys()):
        count, wanted = found[tail, head], wiring.edges[tail, head]
        copied = any(tail == first or tail.startswith(f"{first}.") for first in stacks)
        if count != wanted and not (copied and count == 1 < wanted):
            yield f"{tail} -> {head}: {count} for {wanted}"
    yield from (f"{output} is not drawn" for output in wiring.outputs if output not in named)
