"""What to write in the place of a value of a wrong type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from graphbuilder.diagnostics import Help, Meant, Write
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.diagnostics.words import either
from graphbuilder.spec.expressions import Expression
from graphbuilder.spec.merged import Keys
from graphbuilder.spec.names import OTHER_WORDS

FORMAT = 1
BOOLEANS = {"true": True, "false": False}
_QUOTE = '"'

_FORMS = {
    "a boolean": "true or false",
    "a table": "`{ ... }`",
    "a list": "`[...]`",
    "a list of sizes": "sizes (`[3, 224, 224]`, say)",
    "an expression": '`"=..."`',
    "a float": "a number",
}
_COMPUTED = {"an integer", "an expression"}
# No number in quotes is a name.
_NAMES: Mapping[str, str] = {
    "op": 'name an op: op = "relu", say; `graphbuilder ops` lists them',
    "use": 'name a block: use = "stem" for the table [blocks.stem], say',
    "id": 'a name is a letter and then letters, digits and `_`: id = "stage_1", say',
    "share": 'write true, or the id of a step: share = "..."',
}
# Nothing that was taken is given back, so that a long text is gone through once.
_SIZES = re.compile(r"\s*+[\[(]?+\s*+[1-9]\d*+(?:\s*+[x×,*]\s*+[1-9]\d*+)++\s*+[\])]?+\s*+", re.ASCII)


def repair(keys: Keys, written: object, wanted: Sequence[str]) -> Help:
    """What to write at ``keys`` instead of ``written`` where something else is ``wanted``."""
    if isinstance(written, str) and (better := _of_text(written, wanted)):
        return better
    if isinstance(written, Expression):
        return "an expression cannot stand here" if "an expression" not in wanted else None
    if keys == ("format",):
        return Write(str(FORMAT), "write `format = {}`")
    word = next((key for key in reversed(keys) if isinstance(key, str)), "")
    if word in _NAMES and "a string" in wanted:
        return _NAMES[word]
    if number := _of_number(written, wanted):
        return number
    forms = {"an integer": "an integer", **_FORMS} if {*wanted} >= _COMPUTED else _FORMS
    examples = [forms.get(word, word) for word in wanted if word in forms or word.startswith(_QUOTE)]
    return f"write {either(examples)}" if examples else None


def _of_text(written: str, wanted: Sequence[str]) -> Help:
    plain = "a boolean" if written in BOOLEANS else None
    plain = "an integer" if written.lstrip("-").isdecimal() else plain
    if plain in wanted:
        return Write(written, "write {} without quotes")
    if "a list of sizes" in wanted and _SIZES.fullmatch(written):
        return Write(f"[{', '.join(re.findall('[0-9]+', written))}]")
    near = word_meant(written, [word.strip(_QUOTE) for word in wanted if word.startswith(_QUOTE)])
    return near or ("an expression starts with `=`" if "an expression" in wanted else None)


def _of_number(written: object, wanted: Sequence[str]) -> Write | None:
    if isinstance(written, float) and written.is_integer() and "an integer" in wanted:
        return Write(str(int(written)))
    if not isinstance(written, int) or isinstance(written, bool):
        return None
    if "a string" in wanted:
        return Write(f'"{written}"', "write {} in quotes")
    return Write("true" if written else "false") if "a boolean" in wanted and written in (0, 1) else None


def word_meant(written: str, words: Sequence[str]) -> Help:
    """Which of ``words`` is meant, by what it is called elsewhere or its letters."""
    other = OTHER_WORDS.get(written.casefold())
    return Meant((other,), quote=_QUOTE) if other in words and other else meant(written, words, quote=_QUOTE)
