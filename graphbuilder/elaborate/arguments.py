"""The arguments of a call: computed, checked by the op's own class or against what the block declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, NamedTuple, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from graphbuilder.diagnostics import Diagnostic, Help, Sink, Way
from graphbuilder.diagnostics.catalogue.arguments import ArgumentValue
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.diagnostics.words import must
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.origins import Origin, given_as
from graphbuilder.elaborate.scope import Scope, facts_of
from graphbuilder.elaborate.slips import Told, slip
from graphbuilder.elaborate.strangers import STRANGERS, fields_meant, missing_argument, paired, renamed, unknown_field
from graphbuilder.elaborate.terms import Terms
from graphbuilder.ir import Op
from graphbuilder.ops.other_names import argument_meant
from graphbuilder.spec.arithmetic import size
from graphbuilder.spec.expressions import PLAIN, Expression, free_names
from graphbuilder.spec.model import Step
from graphbuilder.spec.names import STEP_WORDS
from graphbuilder.spec.unknown import UNKNOWN

# The name of an argument that is not known itself: it may be any.
SOMETHING = "?"

_NUMBERS = (0, 1, 2)
# The words among what a value may be.
_LISTED = re.compile(r'"(\w+)"')
_READ = facts_of("from", None).keys()


class Argument(NamedTuple):
    """A computed argument, where it was written, the expression that was written for it, and what was in scope."""

    value: Any
    place: Place
    written: str | None
    raw: Any = None
    scope: Scope | None = None

    @property
    def names(self) -> Mapping[str, Any]:
        """What was in scope."""
        return self.scope.names if self.scope else {}

    @property
    def origin(self) -> Origin:
        """Where its value was written."""
        return self.scope.origin(self.raw, self.place) if self.scope else Origin(self.place, self.raw)

    @property
    def notes(self) -> tuple[str, ...]:
        """The values of the names that were computed with."""
        if isinstance(self.raw, Expression) and self.raw.bare:
            return ()
        read = dict.fromkeys(name for name in free_names(self.raw) if name in self.names)
        values = ", ".join(f"{name} is {shown(self.names[name])}" for name in read)
        return (f"where {values}",) if values else ()


def compute_arguments(raw: Mapping[str, Any], place_of: Any, scope: Scope) -> dict[str, Argument]:
    """Every argument of a table in ``scope``; ``place_of`` gives the place of a key."""
    arguments: dict[str, Argument] = {}
    for name, item in raw.items():
        place = place_of(name)
        arguments[name] = Argument(scope.compute(item, place), place, _written(item), item, scope)
    return arguments


def written_words(step: Step) -> dict[str, str]:
    """The expressions that a step wrote for when it is there and how often."""
    words = {"when": _written(step.when), "repeat": _written(step.repeat)}
    return {word: written for word, written in words.items() if written}


def _written(raw: Any) -> str | None:
    """An expression as text; not one that reads what the step itself reads, which has no name where the step stands."""
    if not isinstance(raw, Expression) or not raw.names.isdisjoint(_READ):
        return None
    return raw.text.removeprefix("=").strip()


def freeze(value: Any) -> Hashable:
    """A key under which equal values of equal types agree (1, 1.0 and true are three values)."""
    if type(value) in PLAIN:
        return (type(value).__name__, value)
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in cast("list[Any]", value))
    if isinstance(value, Mapping):
        return tuple((key, freeze(item)) for key, item in cast("Mapping[str, Any]", value).items())
    return (type(value).__name__, value)


class OpMaker:
    """Makes ops from arguments; equal calls give one object."""

    def __init__(self, sink: Sink, terms: Terms) -> None:
        self._sink = sink
        self._terms = terms
        self._made: dict[Hashable, Op | None] = {}
        self._ways: Callable[[], tuple[Way, ...]] = tuple
        self.traced = 0  # how many wrong values were found to be written elsewhere, whether or not that was told before

    def make(
        self,
        cls: type[Op],
        arguments: Mapping[str, Argument],
        step: Place,
        ways: Callable[[], tuple[Way, ...]] = tuple,
    ) -> Op | None:
        """The op, or None when its arguments are wrong (reported, with ``ways`` where a value is) or unknown."""
        self._ways = ways
        values = {name: argument.value for name, argument in arguments.items()}
        unknown = {name for name, value in values.items() if value is UNKNOWN}
        if unknown:
            self._check_known(cls, arguments, unknown, step)
            return None
        self._terms.spend(size(values), step)
        key = (cls, freeze(values))
        if key in self._made and self._made[key] is not None:
            return self._made[key]
        try:
            self._made[key] = cls.model_validate(values)
        except ValidationError as error:
            self._made[key] = None
            self._report_all(cls, error, arguments, step)
            if not cls.model_fields:  # it gives the same whatever it was given besides
                return cls()
        return self._made[key]

    def _check_known(self, cls: type[Op], arguments: Mapping[str, Argument], unknown: set[str], step: Place) -> None:
        """Report what is wrong with the call whatever the values of its ``unknown`` arguments are."""
        names = [name for name in arguments if name not in unknown or name not in {*cls.model_fields, SOMETHING}]
        try:
            cls.model_validate({name: arguments[name].value for name in names})
        except ValidationError as error:
            self._report_all(cls, error, arguments, step, unknown)

    def _report_all(
        self,
        cls: type[Op],
        error: ValidationError,
        arguments: Mapping[str, Argument],
        step: Place,
        unknown: Collection[str] = (),
    ) -> None:
        # What concerns several arguments may turn on one that is not known.
        found = [details for details in error.errors(include_url=False) if details["loc"] or not unknown]
        strangers = [str(details["loc"][0]) for details in found if details["type"] == "extra_forbidden"]
        missing = [str(details["loc"][0]) for details in found if details["type"] == "missing"]
        excused = {*unknown, *fields_meant(strangers[:STRANGERS] if missing else (), cls)}
        lacking = [name for name in missing if excused.isdisjoint({name, SOMETHING})]
        known = (*cls.model_fields, *STEP_WORDS)
        others = [name for name in strangers[:STRANGERS] if not argument_meant(name, known)] if lacking else ()
        pairs = paired(others, lacking)
        for details in found:
            if details["type"] != "missing" or details["loc"][0] in {*lacking}.difference(pairs.values()):
                self._report(cls, details, arguments, step, pairs)
        for name, field in renamed(strangers, known, pairs, arguments).items():
            if field in cls.model_fields and arguments[name].value is not UNKNOWN:
                self._check_alone(cls, field, arguments[name], step)

    def _check_alone(self, cls: type[Op], name: str, argument: Argument, step: Place) -> None:
        """Report what is wrong with an argument of which the name is told already."""
        try:
            cls.model_validate({name: argument.value})
        except ValidationError as error:
            for details in error.errors(include_url=False):
                if details["loc"][:1] == (name,):
                    self._report(cls, details, {name: argument}, step, {})

    def _report(
        self,
        cls: type[Op],
        details: ErrorDetails,
        arguments: Mapping[str, Argument],
        step: Place,
        pairs: Mapping[str, str],
    ) -> None:
        name = str(details["loc"][0]) if details["loc"] else ""
        place = arguments[name].place if name in arguments else step
        if details["type"] == "extra_forbidden":
            self._sink.add(unknown_field(cls, name, place, pairs.get(name)))
        elif details["type"] == "missing":
            self._sink.add(missing_argument(f"`{cls.op}`", name, step))
        else:
            told = _wrong_value(cls, name, details, arguments, place)
            self.traced += told.span != place.span
            if told.span == place.span or not self._sink.has_error_at(told.span):
                self._sink.add(told.by_way(*self._ways()))


def _wrong_value(
    cls: type[Op], name: str, details: ErrorDetails, arguments: Mapping[str, Argument], place: Place
) -> Diagnostic:
    """The diagnostic for a value that an argument cannot be, where it was written, or for arguments that are wrong
    together."""
    message = f"`{name}` of `{cls.op}` cannot be {shown(details['input'])}"
    hint = must(details)
    remedy = f"`graphbuilder ops {cls.op}` tells what it takes"
    if name not in arguments:
        return ArgumentValue.at(place.span, message, label=hint, help=remedy)
    argument = arguments[name]
    cause, better = written_wrong(argument, lambda value: _takes(cls, name, value))
    if cause.place.keys != place.keys:
        help_ = better or _misspelt(cause.raw, hint) or remedy
        related = given_as(argument.value, place)
        return ArgumentValue.at(cause.place.span, message, label=hint, related=related, help=help_)
    better = slip(argument.raw, argument.value, argument.names, lambda value: _takes(cls, name, value), name)
    help_ = better or _misspelt(argument.raw, hint) or remedy
    return ArgumentValue.at(place.span, message, label=hint, notes=argument.notes, help=help_)


def _misspelt(raw: Any, hint: str) -> Help:
    """The one of the words that ``hint`` lists which ``raw`` may have meant."""
    return meant(raw, _LISTED.findall(hint), quote='"') if isinstance(raw, str) else None


def written_wrong(argument: Argument, fits: Callable[[Any], bool]) -> tuple[Origin, Told]:
    """Where a value that does not fit was written wrong, and how it is written right, if it is but a little wrong."""
    origin = argument.origin
    better = origin.slip(argument.value, fits)
    if better:
        return origin, better
    # What takes no number at all is wrong for another reason than those that it was computed with.
    cause = origin.cause(fits) if any(map(fits, _NUMBERS)) else origin
    return cause, None if cause is origin else cause.slip(cause.raw, fits)


def _takes(cls: type[Op], name: str, value: Any) -> bool:
    """Whether ``value`` alone is right for an argument of an op."""
    try:
        cls.model_validate({name: value})
    except ValidationError as error:
        return all(details["loc"][:1] != (name,) for details in error.errors(include_url=False))
    return True
