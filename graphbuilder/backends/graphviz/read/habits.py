"""What need not be drawn: what does nothing, and what follows every convolution of a kind, which a sentence says.

The sentence is made only where it is true, and names the few exceptions. Activations are said in it where all
convolutions have norms and one activation behind these; elsewhere they are drawn, since their place tells something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz.read.marks import Marks
from graphbuilder.ir import Copies, Graph, Node, Op, Value
from graphbuilder.ops.activation import Activation
from graphbuilder.ops.regularisation import Dropout, DropPath
from graphbuilder.ops.shape import Identity

_FOLLOWED = ("convolution", "separable")
_MOST_ALONE, _FOR_ONE = 3, 2
"""The most exceptions that are named, and how many convolutions must be as said for each."""


def title_of(op: Op) -> str:
    """What kind of op it is, to a reader: an activation that an argument chooses is that activation."""
    return op.detail() if isinstance(op, Activation) else op.title


def is_idle(op: Op) -> bool:
    """Whether ``op`` gives what it reads, in training too."""
    return isinstance(op, Identity) or (isinstance(op, Dropout | DropPath) and op.rate == 0)


@dataclass
class _Habit:
    """What follows the convolutions of one title, and the titles of the ops that each of them is made of.

    Some of what follows is ``drawn`` all the same, where something happened to it.
    """

    norms: set[str] = field(default_factory=set[str])
    activations: set[str] = field(default_factory=set[str])
    followed: int = 0
    alone: list[str] = field(default_factory=list[str])
    parts: set[str] = field(default_factory=set[str])
    drawn: bool = False

    @property
    def holds(self) -> bool:
        return len(self.norms) == 1 and len(self.alone) <= _MOST_ALONE and self.followed > _FOR_ONE * len(self.alone)


class Habits:
    """What is true of a whole network; what ``marks`` speaks of is drawn all the same."""

    def __init__(self, typed: TypedGraph, marks: Marks | None = None) -> None:
        self._marks = marks
        found: dict[str, _Habit] = {}
        for path, body, node, op in _convolutions(typed, "", set()):
            habit = found.setdefault(op.title, _Habit())
            inner = node.callee.nodes if isinstance(node.callee, Graph) else ()
            habit.parts.update(each.op.title for each in inner if each.op)
            norm = _behind(node, body, "normalisation")
            if norm is None or norm.op is None:
                habit.alone.append(path)
                continue
            activation = _behind(norm, body, "activation")
            habit.drawn |= any(self._is_marked(each, body) for each in (norm, activation) if each)
            habit.followed += 1
            habit.norms.add(title_of(norm.op))
            habit.activations.add(title_of(activation.op) if activation and activation.op else "")
        self._found = {title: habit for title, habit in found.items() if habit.holds}
        activations = {word for habit in found.values() for word in habit.activations}
        said = len(activations) == 1 and all(habit.holds for habit in found.values() if habit.followed)
        self._activation = activations.pop() if said else ""

    def hides(self, node: Node, body: TypedGraph, copies: Sequence[TypedGraph] = ()) -> bool:
        """Whether ``node`` of ``body``, the first of ``copies`` that are alike, is not drawn."""
        if node.op is None or self._is_marked(node, body):
            return False
        same = [op for copy in copies if (op := copy.graph.by_name[node.name].op)]
        if is_idle(node.op) and all(map(is_idle, same)):
            return True
        if node.op.family == "activation":
            norm = self._before(node, body) if self._activation else None
            return norm is not None and self._is_said(norm, body)
        return self._is_said(node, body)

    def shows(self, node: Node, body: TypedGraph) -> bool:
        """Whether something happened to ``node`` of ``body`` that shows on nothing in it."""
        return self._marks is not None and self._marks.is_alone(node.name, body)

    def sentences(self, drawn: Collection[str] | None = None) -> Iterator[str]:
        """``every Conv and SepConv is followed by BatchNorm``, of those titles that are ``drawn`` where not all are."""
        for norm in dict.fromkeys(norm for habit in self._found.values() for norm in habit.norms):
            kinds = [title for title, habit in self._found.items() if norm in habit.norms]
            words = {title: word for title in kinds if (word := self._word(title, drawn))}
            if not words:
                continue
            alone = [path for title in words for path in self._found[title].alone]
            but = f" but {_listed(alone)}" if alone else ""
            behind = [norm, self._activation] if self._activation else [norm]
            drawn_too = ", drawn only where it differs" if any(self._found[title].drawn for title in words) else ""
            yield f"every {_listed(list(words.values()))}{but} is followed by {_listed(behind)}{drawn_too}"

    def _word(self, title: str, drawn: Collection[str] | None) -> str:
        """How a sentence speaks of convolutions of ``title``; nothing where none is ``drawn``."""
        if drawn is None or title in drawn:
            return title
        parts = self._found[title].parts
        return f"{title} (drawn in its parts)" if parts and parts.issubset(drawn) else ""

    def _is_marked(self, node: Node, body: TypedGraph) -> bool:
        return self._marks is not None and self._marks.is_marked(node.name, body)

    def _is_said(self, node: Node, body: TypedGraph) -> bool:
        """Whether ``node`` is a norm that the sentence covers."""
        before = self._before(node, body) if node.op and node.op.family == "normalisation" else None
        if before is None or before.op is None or before.op.title not in self._found:
            return False
        return before.op.family in _FOLLOWED and _behind(before, body, "normalisation") is node

    def _before(self, node: Node, body: TypedGraph) -> Node | None:
        return body.graph.by_name.get(node.inputs[0].node)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _convolutions(typed: TypedGraph, prefix: str, seen: set[int]) -> Iterator[tuple[str, TypedGraph, Node, Op]]:
    """Every convolution that is drawn as one box, each distinct body once."""
    if id(typed) in seen:
        return
    seen.add(id(typed))
    nodes = typed.graph.nodes
    # Of equal copies so many are looked at as keep a sentence from being made.
    for node in nodes[: len(nodes.head) + _MOST_ALONE + 1] if isinstance(nodes, Copies) else nodes:
        path, op = prefix + node.name, node.op
        if op is not None and op.family in _FOLLOWED:
            yield path, typed, node, op
        elif op is None:
            yield from _convolutions(typed.bodies[node.name], f"{path}.", seen)


def _behind(node: Node, body: TypedGraph, family: str) -> Node | None:
    """The op of ``family`` that is the one reader of ``node``."""
    value = Value(node.name, node.results[0])
    readers = body.graph.readers.get(value, ())
    if len(readers) != 1 or any(given == value for _, given in body.graph.outputs):
        return None
    reader = body.graph.by_name[readers[0][0]]
    return reader if reader.op is not None and reader.op.family == family else None
