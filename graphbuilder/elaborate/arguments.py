"""The arguments of a call: computed, checked by the op's own class or against what the block declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from graphbuilder.diagnostics import Diagnostic, Help, Label, Meant, Sink, Way
from graphbuilder.diagnostics.catalogue.references import (
    ArgumentMissing,
    ArgumentType,
    ArgumentUnknown,
    ArgumentValue,
)
from graphbuilder.diagnostics.nearest import meant, nearest, one_letter_off, one_slip
from graphbuilder.diagnostics.words import must
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.origins import Origin, given_as, is_told
from graphbuilder.elaborate.remedies import as_told
from graphbuilder.elaborate.scope import Scope, facts_of
from graphbuilder.elaborate.slips import slip
from graphbuilder.elaborate.terms import Terms
from graphbuilder.ir import Op
from graphbuilder.ops.other_names import argument_meant, argument_remedy
from graphbuilder.spec.arithmetic import size
from graphbuilder.spec.expressions import PLAIN, Expression, free_names
from graphbuilder.spec.model import Block, Step
from graphbuilder.spec.names import STEP_WORDS, TYPES, types_of
from graphbuilder.spec.unknown import UNKNOWN

# The name of an argument that is not known itself: it may be any.
SOMETHING = "?"

_NUMBERS = (0, 1, 2)
# Of the arguments that an op does not take, those that are looked at for what they may mean.
_STRANGERS = 100
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
        excused = {*unknown, *fields_meant(strangers[:_STRANGERS] if missing else (), cls)}
        lacking = [name for name in missing if excused.isdisjoint({name, SOMETHING})]
        known = (*cls.model_fields, *STEP_WORDS)
        others = [name for name in strangers[:_STRANGERS] if not argument_meant(name, known)] if lacking else ()
        pairs = _paired(others, lacking)
        for details in found:
            if details["type"] != "missing" or details["loc"][0] in {*lacking}.difference(pairs.values()):
                self._report(cls, details, arguments, step, pairs)

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
            if told.span == place.span or not is_told(self._sink, told.span):
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
    untried = tuple(as_told(better, cause.place))
    if cause.place.keys != place.keys:
        help_ = better or _misspelt(cause.raw, hint) or remedy
        related = given_as(argument.value, place)
        return ArgumentValue.at(cause.place.span, message, label=hint, related=related, help=help_, untried=untried)
    better = slip(argument.raw, argument.value, argument.names, lambda value: _takes(cls, name, value), name)
    help_ = better or _misspelt(argument.raw, hint) or remedy
    untried = tuple(as_told(better, place))
    return ArgumentValue.at(place.span, message, label=hint, notes=argument.notes, help=help_, untried=untried)


def _misspelt(raw: Any, hint: str) -> Help:
    """The one of the words that ``hint`` lists which ``raw`` may have meant."""
    return meant(raw, _LISTED.findall(hint), quote='"') if isinstance(raw, str) else None


def written_wrong(argument: Argument, fits: Callable[[Any], bool]) -> tuple[Origin, str | None]:
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


def _paired(strangers: Sequence[str], lacking: Collection[str]) -> Mapping[str, str]:
    """The arguments that are missing by those that nothing takes, where each is one mistake: one letter off, or the
    only ones that are left."""
    known = sorted(lacking)
    found = {near: name for name in strangers for near in one_letter_off(name, known)[:1]}
    pairs = {name: near for near, name in found.items()}
    rest, left = [name for name in strangers if name not in pairs], [*{*lacking}.difference(found)]
    return {**pairs, rest[0]: left[0]} if len(rest) == len(left) == 1 else pairs


def fields_meant(unknown: Iterable[str], cls: type[Op]) -> set[str]:
    """The arguments of an op that are meant by names that are none: they are not missing besides."""
    return {meant_ for name in unknown if (meant_ := argument_meant(name, cls.model_fields))}


def unknown_field(cls: type[Op], name: str, place: Place, lacking: str | None = None) -> Diagnostic:
    """The diagnostic for an argument that an op does not take, beside the one that is ``lacking``."""
    remedy = argument_remedy(cls.op, name, tuple(cls.model_fields))
    return _unknown_argument(f"`{cls.op}`", name, place, remedy, tuple(cls.model_fields), lacking)


def _unknown_argument(
    owner: str, name: str, place: Place, remedy: Help, known: Iterable[str], lacking: str | None
) -> Diagnostic:
    names = [lacking] if lacking else one_letter_off(name, known)
    if names and not isinstance(remedy, Meant):
        otherwise = f"{remedy}; `{lacking}` is missing" if lacking else remedy
        remedy = Meant((*names,), otherwise=otherwise, sure=False)
    return ArgumentUnknown.at(place.key_span, f"{owner} has no argument `{name}`", help=remedy)


def missing_argument(owner: str, name: str, place: Place) -> Any:
    """The diagnostic for an argument that ``owner`` demands."""
    return ArgumentMissing.at(
        place.span, f"{owner} needs the argument `{name}`", help=f"add `{name} = ...` to the step"
    )


class BlockArguments(NamedTuple):
    """A block's arguments in declared order; a value may be UNKNOWN."""

    values: Mapping[str, Any]
    failed: bool


class Declared(NamedTuple):
    """The arguments of a block that must be given, and the number of each of all."""

    required: frozenset[str]
    order: Mapping[str, int]


def declared_by(block: Block) -> Declared:
    """What ``block`` declares, looked through once for all its uses."""
    required = frozenset(name for name, default in block.args.items() if is_type(default))
    return Declared(required, {name: number for number, name in enumerate(block.args)})


def check_block_arguments(
    name: str, block: Block, declared: Declared, arguments: Mapping[str, Argument], step: Step, sink: Sink
) -> BlockArguments:
    """The arguments that a step gives to a block, checked against what it declares; defaults are left to the block."""
    owner = f"the block `{name}`"
    known = (*block.args, *STEP_WORDS)
    strangers = [given for given in arguments if given not in block.args]
    lacking = declared.required - arguments.keys()
    few = strangers[:_STRANGERS] if lacking else []
    excused = {argument_meant(given, block.args) for given in few}
    pairs = _paired([given for given in few if not argument_meant(given, known)], lacking - excused)
    for given in strangers:
        near = argument_meant(given, known)
        remedy = Meant((near,)) if near else f"{owner} takes {', '.join(block.args) or 'no arguments'}"
        sink.add(_unknown_argument(owner, given, arguments[given].place, remedy, block.args, pairs.get(given)))
    excused.update(pairs.values())
    values: dict[str, Any] = {}
    for each in sorted(lacking.union(arguments).difference(strangers), key=declared.order.__getitem__):
        if each in arguments:
            values[each] = checked(name, block.place_of("args") / each, block.args[each], arguments[each], sink)
            continue
        if each not in excused:
            sink.add(missing_argument(owner, each, step.place))
        values[each] = UNKNOWN
    return BlockArguments(values, bool(strangers or lacking))


def plain_defaults(block: Block) -> dict[str, Any]:
    """What the arguments of a block are when a step leaves them out; not those that an expression computes."""
    return {
        name: default
        for name, default in block.args.items()
        if not is_type(default) and not isinstance(default, Expression)
    }


def is_type(default: Any) -> bool:
    """Whether a block's declaration names types, so that the argument must be given."""
    return bool(types_of(default))


def checked(block: str, declared: Place, default: Any, argument: Argument, sink: Sink) -> Any:
    """The argument's value as a type of those that stand at ``declared``; UNKNOWN after reporting one that does not
    fit."""
    wanted = wanted_types(default)
    value = argument.value
    if value is UNKNOWN or not wanted or type(value) in wanted:
        return value
    if float in wanted and type(value) is int:
        return float(value)
    name = str(declared.keys[-1])
    if isinstance(default, str) and not is_type(default) and (meant_ := _meant_by_default(default, value)):
        if not is_told(sink, declared.span):
            sink.add(_misspelt_type(name, declared, meant_, argument))
        return UNKNOWN
    expected = " or ".join(word for word, type_ in TYPES.items() if type_ in wanted)
    message = f"`{name}` of the block `{block}` is declared as {expected}; {shown(value)} is not"
    cause, better = written_wrong(argument, lambda other: type(other) in wanted)
    if better and cause.place.keys != argument.place.keys:
        if not is_told(sink, cause.place.span):
            sink.add(_of_type(message, cause.place, expected, better, related=given_as(value, argument.place)))
        return UNKNOWN
    better = slip(argument.raw, value, argument.names, lambda other: type(other) in wanted, name)
    remedy = better or f"give it {expected}, or declare another type in `args` of `{block}`"
    sink.add(_of_type(message, argument.place, expected, remedy))
    return UNKNOWN


def _of_type(message: str, place: Place, expected: str, told: str, related: tuple[Label, ...] = ()) -> Diagnostic:
    untried = tuple(as_told(told, place))
    label = f"expected {expected}"
    return ArgumentType.at(place.span, message, label=label, related=related, help=told, untried=untried)


def _meant_by_default(default: str, value: Any) -> Help:
    """The type, or the number, that a string was meant as where an argument is declared and ``value`` is given."""
    near = nearest(default, TYPES) or next((word for word in TYPES if _is_slip(default, word, value)), None)
    return Meant((near,), quote='"') if near else slip(default, default, {}, lambda other: type(other) is type(value))


def _is_slip(default: str, word: str, value: Any) -> bool:
    return type(value) is TYPES[word] and one_slip(default, word)


def _misspelt_type(name: str, declared: Place, meant_: Help, argument: Argument) -> Diagnostic:
    """The diagnostic for a string that was meant as a type, or as a number: told where it stands, however often it is
    used."""
    message = f"{shown(declared.value)} is no type, but what `{name}` is by default; a step gives it another"
    label = Label(argument.place.span, f"{shown(argument.value)} is no string")
    return ArgumentType.at(declared.span, message, related=(label,), help=meant_)


def wanted_types(default: Any) -> tuple[type, ...]:
    """The types that a declaration asks for; none when its default is an expression, which may give any."""
    if isinstance(default, Expression):
        return ()
    names = types_of(default)
    return tuple(TYPES[word] for word in names) if names else (default.__class__,)
