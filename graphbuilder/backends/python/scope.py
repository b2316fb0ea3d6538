"""What the arguments inside one class print: a name, a channel expression, a literal, or a new parameter.

All instances of a class are looked at together: a column has the value of one slot in each of them, and what a slot
prints must equal its column. The first of these that does is printed: what the spec wrote; for channels, the
expression of the value that is read; a literal; a declared argument; a new parameter. Equality alone never chooses
between names, so a column is only compared with an argument that nothing else explains.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from graphbuilder.backends.python.expressions import (
    Expr,
    NotComputable,
    constant,
    evaluate,
    name,
    names,
    parse,
    substitute,
)
from graphbuilder.backends.python.names import identifier, unused
from graphbuilder.ir.lowering import NO_DEFAULT


class Absent:
    """The entry of a column where an instance lacks the step."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()
Column = tuple[object, ...]


class Parameter(NamedTuple):
    """A parameter of a constructor.

    Attributes:
        column: its value in each instance.
        channels: the input whose number of channels it is, if it is one.
        declared: whether it is an argument of the block, so that a spec may have written something for it.
    """

    name: str
    column: Column
    default: object = NO_DEFAULT
    channels: int | None = None
    declared: bool = False
    keyword_only: bool = False

    @property
    def has_default(self) -> bool:
        return self.default is not NO_DEFAULT

    def value(self, instance: int) -> object:
        value = self.column[instance]
        return self.default if value is ABSENT else value


class Declared(NamedTuple):
    """The arguments that a template declares.

    Attributes:
        columns: their values in each instance.
        defaults: of those that may be left out.
        quiet: whether an argument with a default that never varies is printed as a literal (the fields of ops).
        keyword_only: whether a caller has to name them.
    """

    columns: Mapping[str, Column]
    defaults: Mapping[str, object]
    quiet: bool = False
    keyword_only: bool = False


def same(left: object, right: object) -> bool:
    """Equal and of one type: ``1`` is not ``True``."""
    return type(left) is type(right) and left == right


def settled(column: Column) -> object:
    """The one value of a column, or ABSENT where it varies."""
    present = [value for value in column if value is not ABSENT]
    return present[0] if all(same(value, present[0]) for value in present[1:]) else ABSENT


def commonest(column: Column) -> object:
    """The value that most instances have."""
    counts = Counter((type(value), value) for value in column if value is not ABSENT)
    (_, value), _ = counts.most_common(1)[0]
    return value


class Scope:
    """The parameters of one class while it is written."""

    def __init__(
        self, instances: int, declared: Declared, channels: Mapping[str, Column], free: Collection[str] = ()
    ) -> None:
        """``free`` are the names of arguments and channels that nothing prints, which new parameters may have."""
        self._declared = declared
        self._channels = channels
        self._created: dict[str, tuple[str, Column]] = {}
        self._used: set[str] = set()
        self._wanted: set[str] = set()
        columns = {each: column for each, column in {**channels, **declared.columns}.items() if each not in free}
        self._values: list[dict[str, object]] = [{each: columns[each][i] for each in columns} for i in range(instances)]

    def input(self, channels: str) -> Expr:
        """The number of channels of an input: a literal where it never varies."""
        value = settled(self._channels[channels])
        return name(channels) if value is ABSENT else constant(value)

    def holds(self, expr: Expr, column: Column) -> bool:
        """Whether ``expr`` has the value of ``column`` in every instance."""
        pairs = zip(self._values, column, strict=True)
        return all(value is ABSENT or same(self._evaluate(expr, scope), value) for scope, value in pairs)

    def column(self, expr: Expr) -> Column:
        """The value of ``expr`` in each instance, ABSENT where it has none."""
        return tuple(self._evaluate(expr, scope) for scope in self._values)

    @staticmethod
    def _evaluate(expr: Expr, scope: Mapping[str, object]) -> object:
        try:
            return evaluate(expr, scope)
        except NotComputable:
            return ABSENT

    def slot(
        self,
        column: Column,
        role: str,
        step: str,
        *,
        written: str | None = None,
        read: Expr | None = None,
        derived: Sequence[Expr] = (),
    ) -> Expr:
        """What a slot prints.

        Args:
            column: its value in each instance.
            role: what torch or the child calls it; a new parameter is named so.
            step: the step that it belongs to; it tells two new parameters of one role apart.
            written: what the spec wrote.
            read: for channels, the expression of the value that is read.
            derived: what the structure says that it should equal, tried before a new parameter is made.
        """
        literal = settled(column)
        explained = self._written(column, written, literal) or self._read(column, read)
        if explained is not None:
            return self.use(explained)
        if literal is not ABSENT:
            return constant(literal)
        found = next((each for each in derived if self.holds(each, column)), None) or self._argument(column)
        return self.use(found or name(self._new(column, _role(written, role), step)))

    def computed_from(self, written: str | None) -> str | None:
        """The argument of the template that an expression reads, where it is the only one."""
        read = {*re.findall(r"[A-Za-z_]\w*", written or "")} & self._declared.columns.keys()
        return read.pop() if len(read) == 1 else None

    def use(self, expr: Expr) -> Expr:
        """``expr``, whose names now count as read."""
        self._used |= names(expr)
        return expr

    def _written(self, column: Column, written: str | None, literal: object) -> Expr | None:
        expr = parse(written) if written else None
        if expr is None or not names(expr) or not names(expr) <= {*self._declared.columns, *self._channels}:
            return None
        if literal is not ABSENT and self._is_quiet(names(expr)):
            return None
        return expr if self.holds(expr, column) else None

    def _is_quiet(self, read: frozenset[str]) -> bool:
        """Whether a literal says it better: for channels that were given, and fields of ops that have defaults."""
        quiet = {*self._channels, *(self._declared.defaults if self._declared.quiet else ())}
        return bool(read & self._channels.keys()) or read <= quiet

    def _read(self, column: Column, read: Expr | None) -> Expr | None:
        return read if read is not None and self.holds(read, column) else None

    def _argument(self, column: Column) -> Expr | None:
        return next((name(each) for each in self._declared.columns if self.holds(name(each), column)), None)

    def _new(self, column: Column, role: str, step: str) -> str:
        for known, (same_role, theirs) in self._created.items():
            if same_role == role and _agree(column, theirs):
                self._create(known, role, tuple(b if a is ABSENT else a for a, b in zip(column, theirs, strict=True)))
                return known
        taken = {*self._values[0], *self._channels}
        self._wanted.add(role)
        chosen = role if unused(role, taken) == role else unused(f"{identifier(step)}_{role}", taken)
        self._create(chosen, role, column)
        return chosen

    def _create(self, chosen: str, role: str, column: Column) -> None:
        self._created[chosen] = (role, column)
        default = commonest(column)
        for scope, value in zip(self._values, column, strict=True):
            scope[chosen] = default if value is ABSENT else value

    @property
    def free(self) -> frozenset[str]:
        """The names of arguments and channels that nothing printed."""
        return frozenset({*self._channels, *self._declared.columns} - self._used)

    def crowded(self, names: Collection[str]) -> bool:
        """Whether something new would rather have had one of ``names``."""
        return not self._wanted.isdisjoint(names)

    def variable(self, wanted: str, taken: Collection[str]) -> str:
        """The name of a loop's variable beside others."""
        self._wanted.add(wanted)
        return unused(wanted, {*self._values[0], *taken})

    @property
    def taken(self) -> Mapping[str, object]:
        """Every name that stands for something."""
        return self._values[0]

    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters as the signature has them: channels, what must be given, what has a default, what is new."""
        defaults = self._declared.defaults
        channels = [Parameter(each, self._channels[each], channels=i) for i, each in enumerate(self._channels)]
        declared = [
            Parameter(
                each,
                column,
                defaults.get(each, NO_DEFAULT),
                declared=True,
                keyword_only=self._declared.keyword_only,
            )
            for each, column in self._declared.columns.items()
        ]
        known = [each for each in (*channels, *declared) if each.name in self._used or each.name in self._created]
        merged = [self._instead(each) if each.name in self._created else each for each in known]
        given = sorted(merged, key=lambda parameter: parameter.has_default)
        names = {each.name for each in known}
        created = [
            Parameter(each, column, commonest(column), keyword_only=True)
            for each, (_, column) in self._created.items()
            if each not in names
        ]
        return (*given, *created)

    def _instead(self, argument: Parameter) -> Parameter:
        """The new parameter that has the name of an argument, in its place."""
        _, column = self._created[argument.name]
        optional = argument.has_default or ABSENT in column
        return argument._replace(column=column, default=commonest(column) if optional else NO_DEFAULT)


def _role(written: str | None, role: str) -> str:
    return written if written and written.isidentifier() else role


def _agree(left: Column, right: Column) -> bool:
    pairs = zip(left, right, strict=True)
    return all(a is ABSENT or b is ABSENT or same(a, b) for a, b in pairs)


def replaced(expr: Expr | None, arguments: Mapping[str, Expr]) -> Expr | None:
    """``expr`` of a child in the words of its caller; None where the caller lacks one of them."""
    if expr is None or not names(expr) <= arguments.keys():
        return None
    return substitute(expr, arguments)
