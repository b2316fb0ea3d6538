"""What a param may be, where it says so: one of its choices, or a number between bounds.

``width = { default = 1.0, min = 0.1 }`` is a declaration; a bare value is a default that says nothing more. A list is
held to it item by item. Nothing is reported here: a default stands in a spec and a setting does not.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Help
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.diagnostics.words import either
from graphbuilder.document.writing import shown
from graphbuilder.spec.arithmetic import kind_of

Declared = Mapping[str, Any]

_BOUNDS = ("min", "max")
# Of very many choices a message has room for fewer of the first and of the last.
_MOST_TOLD = 1_000


class Refusal(NamedTuple):
    """Why a param cannot have a value.

    Attributes:
        word: what of the declaration refuses it: "choices", "min" or "max".
        message: what is wrong, to stand behind the name of the param.
        help: a remedy, perhaps.
        against: what else of the declaration is at odds with that.
    """

    word: str
    message: str
    help: Help
    against: str = "default"


def refusal(declared: Declared, value: object) -> Refusal | None:
    """Why a param ``declared`` so cannot be ``value``, which is of the type of its default; None where it can."""
    # A list among the choices is none that an item could be.
    chosen = {each for each in declared.get("choices", ()) if isinstance(each, Hashable)}
    return next(filter(None, (_of_item(declared, item, chosen) for item in leaves(value))), None)


def contradiction(declared: Declared) -> Refusal | None:
    """What in a declaration is at odds with the rest of it; what has a wrong type is passed over."""
    if "default" not in declared:
        return None
    default, choices = declared["default"], declared.get("choices", [])
    kinds = {kind_of(item) for item in leaves(default)}
    numbers = kinds <= {"an integer", "a float"}
    if isinstance(choices, list):
        odd = next((each for each in cast("list[object]", choices) if not _is_of(kinds, each)), None)
        if odd is not None:
            return _odd_choice(default, odd, _kinds(kinds))
    bounds = {word: declared[word] for word in _BOUNDS if word in declared}
    if not all(kind_of(bound) in ("an integer", "a float") for bound in bounds.values()):
        return None
    if bounds and not numbers:
        word = next(iter(bounds))
        return Refusal(word, f"is {_kinds(kinds)}, and only numbers have a `{word}`", "list its `choices`")
    # NaN alone is not itself.
    if unordered := next((word for word, bound in bounds.items() if bound != bound), None):
        return Refusal(
            unordered, f"cannot have nan for its `{unordered}`", "write a number, or leave it out", unordered
        )
    if len(bounds) == len(_BOUNDS) and not bounds["min"] <= bounds["max"]:
        low, high = bounds["min"], bounds["max"]
        remedy = f"give a `max` of {low} or more, or a `min` of {high} or less"
        return Refusal("max", f"cannot be at least {low} and at most {high}", remedy, "min")
    return refusal({**bounds, "choices": choices}, default) if isinstance(choices, list) else None


def _odd_choice(default: object, odd: object, kinds: str) -> Refusal:
    if not isinstance(default, list | tuple):
        return Refusal("choices", f"cannot be {shown(odd)}: its default is {kinds}", "choose by one type")
    message = f"cannot have {shown(odd)} in its list: each item of its default is {kinds}"
    return Refusal("choices", message, "`choices` say what each item may be, as in `choices = [2, 3]`")


def described(declared: Declared) -> str:
    """The choices and bounds in words: ``one of "none", "relu"``, ``0.1 or more``; nothing where there are none."""
    choices = ", ".join(map(shown, declared.get("choices", ())))
    told = [f"one of {choices}" if choices else ""]
    told += [f"{declared['min']} or more" if "min" in declared else ""]
    told += [f"{declared['max']} or less" if "max" in declared else ""]
    return ", ".join(filter(None, told))


def as_declared(written: object) -> dict[str, Any]:
    """A param as its declaration, whichever way it is written."""
    return dict(cast("dict[str, Any]", written)) if isinstance(written, dict) else {"default": written}


def leaves(value: object) -> Iterator[object]:
    """What is in a list, at any depth; any other value itself."""
    if isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            yield from leaves(item)
    else:
        yield value


def _of_item(declared: Declared, item: Any, chosen: Collection[Any]) -> Refusal | None:
    choices = declared.get("choices")
    if choices and item not in chosen:
        told = [*choices[:_MOST_TOLD], *choices[_MOST_TOLD:][-_MOST_TOLD:]]
        message = f"must be {either(list(map(shown, told)))}, not {shown(item)}"
        words = [each for each in choices if isinstance(each, str)]
        return Refusal("choices", message, meant(str(item), words, quote='"'))
    # What is no number, NaN, is neither.
    if "min" in declared and not item >= declared["min"]:
        return Refusal("min", f"must be at least {declared['min']}, not {shown(item)}", None)
    if "max" in declared and not item <= declared["max"]:
        return Refusal("max", f"must be at most {declared['max']}, not {shown(item)}", None)
    return None


def _is_of(kinds: set[str], value: object) -> bool:
    """Whether a value can stand where a default of such ``kinds`` does; an empty list may hold any."""
    return not kinds or kind_of(value) in kinds or (kind_of(value) == "an integer" and "a float" in kinds)


def _kinds(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))
