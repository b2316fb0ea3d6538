"""Bodies of one form are one block: found from the innermost outwards, with what differs between them as arguments.

Calls of one block in a row become a repeat. A shortcut that is the identity in some copies and a projection in others
is ``"project"``; one that only some copies have depends on a condition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod
from typing import Any

from graphbuilder.importers.columns import WHEN, Column, Resolved, Slot, resolved
from graphbuilder.importers.optional import merged
from graphbuilder.importers.sizes import is_one, listed, plain
from graphbuilder.importers.tree import CONTAINERS, Body, Group, Item, Leaf, Sub, bodies, leaves, step_of, subs
from graphbuilder.ir import TensorType, Value

Types = Mapping[Value, TensorType]

_CHANNELS = ("out", "groups", "squeeze")
_SORTS = ((bool, "flag"), (int, "sizes"), (float, "number"), (str, "word"))
# Arguments in which the first copy of a repeat may differ from the others.
_FIRST = ("stride",)
# Those that may change from copy to copy.
_LISTED = ("shift",)


@dataclass(eq=False)
class Template:
    """A block: its copies, and how it is written.

    Attributes:
        members: the bodies that it stands for.
        said: what each argument of each step is.
        shortcut: the word that is written, where it is one.
        when: the condition of the shortcut.
        name: the block's, once all are known.
    """

    members: list[Body]
    said: Resolved = field(default_factory=Resolved)
    shortcut: str | None = None
    when: str | None = None
    name: str = ""

    @property
    def first(self) -> Body:
        return self.members[0]


# Whether a block's own shortcut is there; what it uses may have an argument of that name.
_RESIDUAL = Slot(("shortcut", -1), "residual", False)


def templates(model: Body, types: Types, norm: Mapping[str, Any]) -> Template:
    """The template of the model; those of its parts hang on their calls.

    Args:
        types: of every value.
        norm: the arguments of the file's commonest batch norm, which a projection has.
    """
    maker = _Maker(types, norm)
    levels: dict[int, list[Body]] = defaultdict(list)
    for body in bodies(model):
        levels[_height(body)].append(body)
    for height in sorted(levels):
        maker.level([body for body in levels[height] if body is not model])
    maker.rows(model)
    return maker.template([model])


def _height(body: Body) -> int:
    inner = [sub.body for items in body.lists.values() for item in items for sub in subs(item)]
    return max((_height(each) + (each.kind not in CONTAINERS) for each in inner), default=0)


class _Maker:
    def __init__(self, types: Types, norm: Mapping[str, Any]) -> None:
        self._types = types
        self._norm = norm
        self._calls: dict[int, tuple[Template, int]] = {}

    def level(self, level: list[Body]) -> None:
        """Make templates of bodies whose parts have theirs."""
        alike: dict[Any, list[Body]] = defaultdict(list)
        for body in level:
            self._know(body)
            alike[self._form(body), body.kind in CONTAINERS].append(body)
        for members in alike.values():
            _gather(members)
        alike = defaultdict(list)
        for body in level:
            if body.kind not in CONTAINERS:
                alike[self._form(body)].append(body)
        groups = merged([*alike.values()], self._form, {id(body): number for number, body in enumerate(level)})
        made = [self.template(part) for members in groups for part in self._parts(members)]
        calls = {id(body): (template, number) for template in made
                 for number, body in enumerate(template.members)}  # fmt: skip
        self._calls |= calls

    def rows(self, body: Body) -> None:
        """Prepare one body for its template."""
        self._know(body)
        _gather([body])

    def _know(self, body: Body) -> None:
        """Give the calls in ``body`` their templates, and write out lists of modules."""
        for items in body.lists.values():
            items[:] = [piece for item in items for piece in self._known(item)]

    def _known(self, item: Item) -> list[Item]:
        if not isinstance(item, Sub):
            return [item]
        if item.body.kind in CONTAINERS and item.body.is_plain:
            inner = item.body.main
            if len(inner) == 1 and isinstance(inner[0], Group):
                inner[0].name = item.body.name
            return inner
        item.template, number = self._calls[id(item.body)]
        item.row = item.template.said.row(number)
        return [item]

    def template(self, members: list[Body]) -> Template:
        made = Template(members)
        forms = {self._shortcut(body) for body in members}
        if forms in ({"identity", "project"}, {"project"}):
            made.shortcut = "project"
        elif forms & {"identity", "none"} and "identity" in forms:
            made.shortcut = "identity"
        columns: dict[Slot, Column] = {}
        if forms == {"identity", "none"}:
            columns[_RESIDUAL] = tuple(not body.is_plain for body in members)
        columns |= self._columns(made)
        channels = [self._types[body.source].channels if body.source else 0 for body in members]
        made.said = resolved(columns, channels, ())
        self._condition(made, channels)
        return made

    def _condition(self, made: Template, channels: list[int]) -> None:
        """Say when a shortcut is there: by stride and channels where they tell, as by an argument where not."""
        slot = _RESIDUAL
        if slot not in made.said.written:
            return
        column = made.said.arguments["residual"].column
        out, stride = (made.said.arguments.get(name) for name in ("out", "stride"))
        same = out and [wide == narrow for wide, narrow in zip(out.column, channels, strict=True)]
        still = stride and [is_one(step, 1) for step in stride.column]
        tests: dict[str, list[bool]] = {}
        if same and still:
            tests["=stride == 1 and out == in_channels"] = [a and b for a, b in zip(same, still, strict=True)]
        if same:
            tests["=out == in_channels"] = same
        if still:
            tests["=stride == 1"] = still
        made.when = next((text for text, holds in tests.items() if holds == list(column)), None)
        if made.when:
            del made.said.arguments["residual"]
            written = {each: made.when for each, value in made.said.written.items() if value == "=residual"}
            made.said.written |= written
        else:
            made.when = "=residual"
        del made.said.written[slot]

    def _columns(self, made: Template) -> dict[Slot, Column]:
        lists = [{where: items for where, items in body.lists.items() if where != "shortcut" or not made.shortcut}
                 for body in made.members]  # fmt: skip
        columns: dict[Slot, Column] = {}
        for where, items in lists[0].items():
            for number in range(len(items)):
                each = [other[where][number] for other in lists]
                for (name, channels), column in _columns_of(each).items():
                    columns[Slot((where, number), name, channels)] = column
                there = tuple(not (isinstance(item, Leaf) and item.after) for item in each)
                if not all(there):
                    columns[Slot((where, number), f"{WHEN}{_op_of(each[0])}", False)] = there
        return columns

    def _parts(self, members: list[Body]) -> list[list[Body]]:
        """Bodies of one form apart by their shortcuts, where these cannot be said as one."""
        forms = {id(body): self._shortcut(body) for body in members}
        if {"none", "project"} <= set(forms.values()):
            plain = [body for body in members if forms[id(body)] == "none"]
            return [[body for body in members if body not in plain], plain]
        return [members]

    def _form(self, body: Body) -> Any:
        shortcut = self._shortcut(body)
        side = _form(body.shortcut or []) if shortcut == "steps" else "simple"
        join = body.join.op if body.join else "add"
        branched = bool(body.branches)
        return (_form(body.main), _form(body.after), tuple((name, _form(each)) for name, each in body.branches.items()),
                join, side, branched)  # fmt: skip

    def _shortcut(self, body: Body) -> str:
        if body.is_plain:
            return "none"
        if body.shortcut is None:
            return "branches"
        if not body.shortcut:
            return "identity"
        return "project" if self._projects(body) else "steps"

    def _projects(self, body: Body) -> bool:
        """Whether the steps of a shortcut are those that ``"project"`` means."""
        steps = body.shortcut or []
        if [item.call.op if isinstance(item, Leaf) else "" for item in steps] != ["conv", "batchnorm"]:
            return False
        conv, norm = (item for item in steps if isinstance(item, Leaf))
        stride = _total_stride(body.main, self._types)
        if stride is None or body.join is None or body.join.op != "add":
            return False
        args = dict(conv.op)
        source, out = self._types[conv.reads[0]].channels, self._types[Value(conv.key)].channels
        is_plain = (
            not args["bias"] and args["groups"] == 1 and is_one(args["kernel"], 1) and is_one(args["stride"], stride)
        )
        unpadded = args["padding"] in ("valid", "half", "same", 0)
        return is_plain and unpadded and dict(norm.op) == self._norm and (stride > 1 or source != out)


def _total_stride(items: Sequence[Item], types: Types) -> int | None:
    """By how much steps reduce sizes in all, where every axis is reduced alike."""
    strides = [leaf.op.strides(tuple(types[value] for value in leaf.reads)) for leaf in leaves(list(items))]
    if any(len(set(each)) > 1 for each in strides):
        return None
    return prod(each[0] for each in strides if each)


def _gather(members: Sequence[Body]) -> None:
    """Make repeats of what is in a row, where it is in every one of bodies of one form."""
    rows = [{where: _joined(items) for where, items in body.lists.items()} for body in members]
    for body in members:
        for where, items in body.lists.items():
            common = [row[where] for row in rows if where in row]
            items[:] = _gathered(items, set[int].intersection(*common))


def _joined(items: Sequence[Item]) -> set[int]:
    """The numbers of the items that continue the row before them."""
    read = [value.node for item in items for value in item.reads]
    found: set[int] = set()
    row: list[Sub] = []
    for number, item in enumerate(items):
        chained = bool(row) and item.reads == (Value(row[-1].key),) and read.count(row[-1].key) == 1
        if chained and isinstance(item, Sub) and _joins(row, item) and _is_row(items, row[0].owner, item.owner):
            found.add(number)
            row.append(item)
        else:
            row = [item] if isinstance(item, Sub) else []
    return found


def _is_row(items: Sequence[Item], first: str | None, again: str | None) -> bool:
    """Whether steps next to each other have weights each of their own, or all that share theirs are one row."""
    if first is None or first != again:
        return first is again
    row = [item for item in items if item.owner == first]
    at = items.index(row[0])
    chained = all(below.reads == (Value(above.key),) for above, below in pairwise(row))
    return chained and list(items[at : at + len(row)]) == row


def _gathered(items: Sequence[Item], joined: set[int]) -> list[Item]:
    found: list[Item] = []
    for number, item in enumerate(items):
        if number in joined and isinstance(item, Sub):
            found[-1] = Group([*subs(found[-1]), item])
        else:
            found.append(item)
    return found


def _joins(row: Sequence[Sub], item: Sub) -> bool:
    """Whether ``item`` continues a row: the same block with the same arguments.

    The first may have another stride, and one argument may grow by equal steps. Blocks of branches may differ in one
    argument, which is then listed, and windows that are moved in how far they are.
    """
    if row[0].template is not item.template:
        return False
    differing = {name for name, value in item.row.items() for sub in row if sub.row[name] != value}
    joined = any(not body.is_plain for body in item.template.members)
    ramps = {name for name in differing if step_of([*(sub.row[name] for sub in row), item.row[name]])}
    if differing == ramps and len(ramps) < 2:
        return True
    differing -= ramps
    if item.template.first.branches or differing <= set(_LISTED):
        return len(differing) == 1
    later = any(sub.row[name] != item.row[name] for sub in row[1:] for name in differing)
    first = differing <= set(_FIRST) and all(is_one(item.row[name]) for name in differing)
    return joined and not later and first and len(ramps) < 2


def _columns_of(each: Sequence[Item]) -> dict[tuple[str, bool], Column]:
    """The arguments of one step in every copy, by name; whether they count channels."""
    first = each[0]
    if isinstance(first, Leaf):
        rows = [_arguments(leaf) for leaf in each if isinstance(leaf, Leaf)]
        return {(name, name in _CHANNELS): tuple(row[name] for row in rows) for name in rows[0]}
    known = first.template.said.arguments
    if isinstance(first, Sub):
        return {(name, argument.channels): tuple(sub.row[name] for sub in each if isinstance(sub, Sub))
                for name, argument in known.items()}  # fmt: skip
    groups = [group for group in each if isinstance(group, Group)]
    item = groups[0].item
    repeat = tuple(group.values(item) if item else len(group.subs) for group in groups)
    columns: dict[tuple[str, bool], Column] = {("repeat", False): repeat}
    for name, argument in known.items():
        if name == item:
            continue
        rows = [group.values(name) for group in groups]
        if name == groups[0].ramp:
            columns[name, False] = tuple(row[0] for row in rows)
            columns[f"step {name}", False] = tuple(step_of(row) for row in rows)
            continue
        columns[name, argument.channels] = tuple(row[-1] for row in rows)
        if any(row[0] != row[-1] for row in rows):
            columns[f"first {name}", argument.channels] = tuple(row[0] for row in rows)
    return columns


def _op_of(item: Item) -> str:
    return item.call.op if isinstance(item, Leaf) else ""


def _arguments(leaf: Leaf) -> dict[str, Any]:
    return {name: _whole(plain(value)) if name == "factor" else plain(value) for name, value in leaf.op}


def _whole(factor: Any) -> Any:
    """A factor of sizes as people write it: 2, and not 2.0."""
    return int(factor) if isinstance(factor, float) and factor.is_integer() else factor


def _form(items: list[Item]) -> Any:
    """Steps without their arguments, and by their numbers what each reads, and which of them it runs again."""
    place: dict[str, int] = {}
    found: list[Any] = []
    for number, item in enumerate(items):
        reads = tuple((place.get(value.node, -1) - number, value.port) for value in item.reads)
        found.append((_kind(item), place.get(item.owner or "", number) - number, reads))
        place[item.key] = number
        if isinstance(item, Leaf) and item.after:
            place[item.after.node] = number
    return tuple(found)


def _sort(value: Any) -> str:
    """What an argument of one type can hold: numbers and lists of them are one sort."""
    if isinstance(value, tuple):
        return "pairs" if any(listed(item) for item in listed(value)) else "sizes"
    return next((sort for kind, sort in _SORTS if isinstance(value, kind)), "nothing")


def _kind(item: Item) -> Any:
    if isinstance(item, Leaf):
        return (item.call.op, *(_sort(value) for _, value in item.op))
    if isinstance(item, Sub):
        return ("use", id(item.template))
    firsts = [name for name in item.subs[0].row if item.values(name)[0] != item.values(name)[-1]]
    return ("group", id(item.template), item.item, item.owner is None, *firsts)
