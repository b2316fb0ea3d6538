"""What people write for TOML that is none, and what they may have meant: edits, of which none is told untried.

A slip is a pattern of a few words on one line. It may well be found where there is none, since an edit counts only if
the text can be read on behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import tomli

from graphbuilder.diagnostics.nearest import one_slip
from graphbuilder.document.lexer import BASIC, KEY, LITERAL, still_open

# Each reads the text up to the next fault, and so much of a line may be a slip.
_TRIED, _CHOICES = 12, 3
_AROUND = 240
_TOLD = 40

# Blanks that are none of TOML's, and what takes no room.
UNSEEN = "[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+"

_Enough = Callable[[str, int, tomli.TOMLDecodeError], bool]
Instead = str | Callable[[re.Match[str]], str]


class Edit(NamedTuple):
    """What stands from ``start`` up to ``end`` gives way to ``text``, which ``help`` calls ``{}``; after which nobody
    knows what is meant by ``keys``."""

    help: str
    start: int
    end: int
    text: str
    keys: tuple[str | int, ...] = ()

    def applied(self, text: str) -> str:
        """``text``, edited."""
        return f"{text[: self.start]}{self.text}{text[self.end :]}"

    @property
    def told(self) -> str:
        """``help`` with what is to be written."""
        text = self.text.strip()
        return self.help.replace("{}", text if len(text) <= _TOLD else f"{text[: _TOLD - 1]}…")


class Trials:
    """So many edits are tried of those for one fault, and of those for all of them so many ``more``."""

    def __init__(self, more: int) -> None:
        self._left = _TRIED + more

    def those_that_help(self, text: str, edits: Iterable[Edit]) -> list[Edit]:
        """The first few of ``edits`` that repair one fault of ``text`` and make none; of the same, one."""
        found: dict[str, Edit] = {}
        for edit in self._helping(text, edits, _goes_on):
            found.setdefault(edit.applied(text), edit)
            if len(found) == _CHOICES:
                break
        return [*found.values()]

    def first_that_leads_on(self, text: str, edits: Iterable[Edit]) -> Edit | None:
        """The first of ``edits`` after which the next fault of ``text``, if there is one, stands in a later line."""
        return next(self._helping(text, edits, _leads_on), None)

    def _helping(self, text: str, edits: Iterable[Edit], enough: _Enough) -> Iterator[Edit]:
        for edit in islice(edits, max(0, min(_TRIED, self._left))):
            self._left -= 1
            if _helps(text, edit, enough):
                yield edit


def _helps(text: str, edit: Edit, enough: _Enough) -> bool:
    edited = edit.applied(text)
    try:
        tomli.loads(edited)
    except tomli.TOMLDecodeError as error:
        return enough(edited, edit.start + len(edit.text), error)
    except ValueError:  # an integer that is too long to be read
        return True
    except RecursionError:  # brackets without end that stood in a text
        return False
    return True


def _leads_on(text: str, end: int, error: tomli.TOMLDecodeError) -> bool:
    return "\n" in text[end : error.pos]


def _goes_on(text: str, end: int, error: tomli.TOMLDecodeError) -> bool:
    """Whether the fault of an edited text is another one: behind the item that was edited, and at no bracket or quote
    that the edit may have left alone."""
    found = _ITEM.match(text, end)
    if error.pos <= (found.end() if found else end) or text[error.pos :].strip()[:1] in ("", "]", "}"):
        return False
    return not any(opening.mark in "\"'" for opening in still_open(text, error.pos + 1)) and not _opened(
        text, error.pos
    )


def _opened(text: str, at: int) -> bool:
    """Whether a statement with a fault stands in brackets that an earlier line has left open."""
    line = text.rfind("\n", 0, at) + 1
    return bool(_STATEMENT.match(text, line)) and any(opening.offset < line for opening in still_open(text, at))


def slips_at(text: str, at: int) -> Iterator[Edit]:
    """What may have been meant around ``at``, the likeliest first."""
    start = max(text.rfind("\n", 0, at) + 1, at - _AROUND)
    end = text.find("\n", at)
    line = text[start : min(len(text) if end < 0 else end, at + _AROUND)]
    for pattern in (_NAMES_OF_VALUES, _NAMES_IN_LISTS):
        for found in pattern.finditer(line):
            if found.start("names") <= at - start <= found.end("names"):
                yield from _named(text, found["names"], start + found.start("names"))
    for found in _GLUED.finditer(line):
        if found.start() <= at - start <= found.end() and re.search(rf"\b{found[1]}\b", text):
            yield Edit(_EQUALS, start + found.start(), start + found.end(), found.expand(r"\1 = \2\3"))
    for slip in _SLIPS:
        for found in slip.pattern.finditer(line):
            if found.start() <= at - start <= found.end():
                yield Edit(slip.help, start + found.start(), start + found.end(), slip.written(found))


def _named(text: str, words: str, at: int) -> Iterator[Edit]:
    """The names among ``words``, which stand at ``at``, as what is computed."""
    declared = _declared(text)

    def computed(found: re.Match[str]) -> str:
        return f'"={found[0]}"' if found[0] in declared or _KNOWN.fullmatch(found[0]) else found[0]

    edited = _BARE_NAMES.sub(computed, words)
    if edited != words:
        yield Edit(_FORMULA, at, at + len(words), _BARE.sub(_in_quotes, edited))


def _declared(text: str) -> set[str]:
    """The names of params, of arguments and of lets."""
    tables = ("".join(found.groups("")) for found in _DECLARING.finditer(text))
    return {found[1] for table in tables for found in _DECLARED.finditer(table)}


class _Slip(NamedTuple):
    pattern: re.Pattern[str]
    instead: Instead
    help: str

    def written(self, found: re.Match[str]) -> str:
        return found.expand(self.instead) if isinstance(self.instead, str) else self.instead(found)


def _slip(pattern: str, instead: Instead, help: str) -> _Slip:
    return _Slip(re.compile(pattern), instead, help)


def _straight(found: re.Match[str]) -> str:
    return found[0].translate(_QUOTES)


def _blank(found: re.Match[str]) -> str:
    return {"Zs": " ", "Zl": "\n", "Zp": "\n"}.get(unicodedata.category(found[0][0]), "")


def _narrow(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", found[0])


def _equals(found: re.Match[str]) -> str:
    """A line of JSON with `=` for the colon behind each key."""
    return _COLON.sub(r"\1 = ", found[0])


def _commas(found: re.Match[str]) -> str:
    return found[0].replace(";", ",")


def _separated(found: re.Match[str]) -> str:
    return _GAP.sub(", ", found[0])


def _list(found: re.Match[str]) -> str:
    """A tuple as a list; brackets around one value are none."""
    inside = found[0][1:-1].strip().rstrip(",")
    return f"[{inside.replace('(', '[').replace(')', ']')}]" if "," in found[0] else inside


def _table(found: re.Match[str]) -> str:
    return f"{found[1]}{{ {_BARE.sub(_in_quotes, found[2].strip())} }}"


def _quoted_words(found: re.Match[str]) -> str:
    return _BARE.sub(_in_quotes, found[0])


def _in_quotes(found: re.Match[str]) -> str:
    return found[0] if found[0] in _WORDS else f'"{found[0]}"'


def _boolean(found: re.Match[str]) -> str:
    """The boolean that is one slip of the pen away."""
    return next((word for word in ("true", "false") if one_slip(found[0].lower(), word)), found[0])


def _quoted(found: re.Match[str]) -> str:
    """Text in the quotes that let it be as it is."""
    text = found[2].rstrip()
    return found[1] + (f"'{text}'" if "\\" in text else f'"{text}"') + found[2][len(text) :]


def _sizes(found: re.Match[str]) -> str:
    return f"[{_items(found)}]"


def _items(found: re.Match[str]) -> str:
    return ", ".join(re.split(r"[ \t]*[x×*][ \t]*", found[0]))


def _grouped(found: re.Match[str]) -> str:
    return found[0].replace(",", "_")


def _small(found: re.Match[str]) -> str:
    return found[0][:2].lower() + found[0][2:]


def _single(found: re.Match[str]) -> str:
    return re.sub("_+", "_", found[0]).rstrip("_")


def _other_quotes(found: re.Match[str]) -> str:
    """A string that has quotes of its own, or backslashes, in quotes that let them be."""
    inside = found[0][1:-1]
    if "'" not in inside:
        return f"'{inside}'"
    inside = inside.replace("\\'", "'").replace("\\", "\\\\")
    return f'"{inside}"'


def _underscored(found: re.Match[str]) -> str:
    return "_".join(found[0].split())


def _dotted(found: re.Match[str]) -> str:
    return f"{found[1]}[{'.'.join(found[2].split())}]"


_ITEM = re.compile(rf"(?:{BASIC}|{LITERAL}|[^,\]}}\n\"'#])*+")
_STATEMENT = re.compile(rf"[ \t]*(?:{KEY}[ \t]*=|\[\[?[ \t]*{KEY}[ \t]*\]\]?[ \t]*(?:#.*)?$)", re.MULTILINE)
_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"') | dict.fromkeys("\u2018\u2019\u201a\u201b`\u00b4", "'")
)
_GAP = re.compile(rf"(?<=[\w\"'\]}}])[ \t]+(?={KEY}[ \t]*=[^=])|(?<=[\w\"'\]}}])[ \t]+(?=[\w\"'])")
_COLON = re.compile(rf"({KEY})[ \t]*:[ \t]*")
_BARE = re.compile(r"(?<=[=,\[ ])[A-Za-z_][A-Za-z0-9_.-]*+(?=[ \t]*(?:[,\]]|$))")
_WORDS = ("true", "false", "inf", "nan", "True", "False", "None")
_CURLY = "[\u2018-\u201f\u00ab\u00bb`\u00b4]"
_ALONE, _ENDS = r"(?<![\w.])", r"(?![\w.])"
_VALUE = r"(?<=[=,\[])(?<!^\[)([ \t]*)"
_COMMENT = r"(?:^|(?<=[\s,}\]]))(?://+|--+|/\*+|<!--|%)[ \t]*([^\n]*?)[ \t]*(?:\*/|-->)?$"
_NAME = r"[A-Za-z_][A-Za-z0-9_]*+"
_PAIRS = r"\((?:[^()\n]|\([^()\n]*\))*\)"
_LISTED = r"\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]"
_COMPUTED = rf"=[ \t]*(?:[^,\[\](){{}}#\"'\n]|{_PAIRS}|\[[^\[\]\n]*\])*(?<=\S)"
_HEAD = rf"[ \t]*(?:\[[ \t]*{KEY}[ \t]*\]|\[\[[ \t]*{KEY}[ \t]*\]\])"
_OPERAND = rf"(?:[0-9]+(?:\.[0-9]+)?|{_NAME}(?:{_PAIRS})?|{_PAIRS})"
_SPACED = r"[ \t]+(?:\*|//?|%|\+|-|[=!<>]=|[<>]|and|or|if|else)[ \t]+"
_CLOSE = r"(?<=[0-9)])(?:\*|//?|%|\+)|(?:\*|//?|%|\+)(?=[0-9(])"
_NULL = r"(?:None|null|nil|NULL|Null|nul|undefined)(?![A-Za-z0-9_])"
# Where lists of steps stand.
_STEPS = rf"model\.body|blocks\.{_NAME}\.(?:before|body|after|shortcut|branches\.{_NAME})"
_STRANGE = r"[^\s=:,.{}\[\]()\"'#]"

_DECLARING = re.compile(
    r"^\[(?:params|blocks\.[^\]\n]+\.(?:args|let))\][^\n]*\n((?:(?!\[)[^\n]*\n)*)"
    r"|\b(?:args|let)[ \t]*=[ \t]*\{([^{}\n]*)\}",
    re.MULTILINE,
)
_DECLARED = re.compile(rf"(?:^|,)[ \t]*({_NAME})[ \t]*=", re.MULTILINE)
# What these words hold is no value of a name.
_TEXTS = "op|use|from|id|title|name|share|merge|shortcut"
_NAMES_OF_VALUES = re.compile(
    rf"(?<![\w.])(?!(?:{_TEXTS})\b){_NAME}[ \t]*=[ \t]*(?P<names>{_NAME})(?=[ \t]*(?:[,}}#]|$))"
)
_NAMES_IN_LISTS = re.compile(
    rf"(?<![\w.])(?!(?:{_TEXTS}|choices)\b){_NAME}[ \t]*=[ \t]*(?P<names>\[(?:[^\[\]{{}}\n]|\[[^\[\]{{}}\n]*\])*\])"
)
_BARE_NAMES = re.compile(rf"(?<![\w.\"'=-]){_NAME}(?![\w.\"'(-])")
# A key and its value in one, where the key is a word elsewhere.
_GLUED = re.compile(r"(?<![\w.\"'-])([A-Za-z_]\w*?)([0-9][0-9_.]*|true|false)([ \t]*)(?=[,}#]|$)")
# What expressions read that nobody declares.
_KNOWN = re.compile(r"item|i|n|\w+_(?:channels|shape)")

_EQUALS = "write `=` behind the key"
_IN_QUOTES = "text stands in quotes: {}"
_FORMULA = "what is computed stands in quotes, behind a `=`: {}"
_NO_NULL = "TOML has no such value: leave the key out"
_LIST = "a list stands in square brackets: {}"
_REMARK = "a comment starts with `#`"
_HEADER = "a table's name stands in square brackets: {}"

_CLOSED = "close it as it was opened: {}"
_OPENED = "open it as it is closed: {}"
_ENDED = "the name of a table stands in a line of its own: {}"

_SLIPS = (
    # Characters of word processors.
    _slip(rf"{_CURLY}.*{_CURLY}", _straight, "write straight quotes: {}"),
    _slip(rf"{_CURLY}.*?{_CURLY}", _straight, "write straight quotes: {}"),
    _slip(UNSEEN, _blank, "delete it, or write a blank"),
    _slip("[\uff01-\uff5e]+", _narrow, "write the plain sign: {}"),
    # Comments of other languages.
    _slip(_COMMENT, r"# \1", _REMARK),
    _slip(r"^([ \t]*);+[ \t]*([^\n]*)$", r"\1# \2", _REMARK),
    # Names of tables.
    _slip(rf"^([ \t]*)\[({_NAME}(?:[ \t]+{_NAME})+)[ \t]*\]", _dotted, "a point stands between two names: {}"),
    _slip(rf"^([ \t]*\[[ \t]*{KEY})[ \t]+(?={KEY}[ \t]*=)", r"\1]\n", _ENDED),
    _slip(rf"^([ \t]*\[\[[ \t]*{KEY})[ \t]+(?={KEY}[ \t]*=)", r"\1]]\n", _ENDED),
    _slip(rf"^([ \t]*)(\[[ \t]*(?:{_STEPS})[ \t]*\]\])(?=[ \t]*(?:#|$))", r"\1[\2", _OPENED),
    _slip(rf"^([ \t]*)\{{[ \t]*({KEY})[ \t]*\}}(?=[ \t]*(?:#|$))", r"\1[\2]", _HEADER),
    _slip(rf"^([ \t]*)({_NAME}(?:\.{_NAME})+)[ \t]*:(?=[ \t]*(?:#|$))", r"\1[\2]", _HEADER),
    _slip(rf"^([ \t]*\[[ \t]*{KEY})[ \t]*[)}}>:]?(?=[ \t]*(?:#|$))", r"\1]", _CLOSED),
    _slip(rf"^([ \t]*\[\[[ \t]*{KEY})[ \t]*[\])}}>:]?(?=[ \t]*(?:#|$))", r"\1]]", _CLOSED),
    _slip(rf"^([ \t]*)\[(\[[ \t]*{KEY}[ \t]*\])(?=[ \t]*(?:#|$))", r"\1\2", _OPENED),
    _slip(rf"^({_HEAD})[ \t]*[:=]+(?=[ \t]*(?:#|$))", r"\1", "leave the sign behind it out: {}"),
    _slip(rf"^({_HEAD})[ \t]*([^#\n\[\]=,{{}}]*[^#\s\[\]=,{{}}])(?=[ \t]*(?:#|$))", r"\1 # \2", _REMARK),
    # Signs in numbers, between a key and its value, and between items.
    _slip(rf"{_ALONE}(0),([0-9]+[ \t]*){_ENDS}", r"\1.\2", "a point stands in a number: {}"),
    _slip(r"(?<==)[ \t]*([0-9]+(?:,[ \t]*[0-9]+)+)([ \t]*)(?=[,}])", r" [\1]\2", _LIST),
    _slip(r"=[ \t]*[=>]+|:=|[-+]>?=?>?(?=[ \t])", "=", "write one `=`"),
    _slip(rf"{KEY}[ \t]*:[^\n]*", _equals, "write `=` in place of `:`"),
    _slip(rf"({KEY})[ \t]*:[ \t]*", r"\1 = ", "write `=` in place of `:`"),
    _slip(rf"({KEY})[ \t]*:[ \t]*([A-Za-z_][\w -]*)$", r'\1 = "\2"', "write {}"),
    _slip(rf"(?:let|var|const|set|export)[ \t]+(?={KEY}[ \t]*=)", "", "leave the word ahead of the key out"),
    _slip(rf"({_NAME})(?:[ \t]+(?=[0-9]|true|false)|[ \t]*(?=[\"'\[{{]))", r"\1 = ", _EQUALS),
    _slip(r"(,)(?:[ \t]*,)+", r"\1", "write one comma"),
    _slip(r"([\[{])[ \t]*,[ \t]*", r"\1", "leave the comma out"),
    _slip(r"\{[^{}\n]*;[^{}\n]*\}", _commas, "separate the items by commas"),
    _slip(r"[ \t]*;|(?<=[}\]\"'])[ \t]*\.", ",", "write a comma in place of it"),
    _slip(r"[ \t]*[,;]+[ \t]*$", "", "leave it out: the end of the line ends the value"),
    _slip(r"[ \t]*;[ \t]*", "\n", "start a new line in place of it"),
    _slip(rf"(?:(?<=\S)[ \t]+|(?<=\]))(?={KEY}[ \t]*=)", "\n", "start a new line before it"),
    _slip(r"(?<==)[ \t]*+([^,\n\[\]{}#]++(?:,[ \t]++[^,\n\[\]{}#]++)++)$", r" [\1]", _LIST),
    _slip(r"\{[^{}\n]*\}", _separated, "separate the items by commas"),
    _slip(r"\[[^\[\]\n]*\]", _separated, "separate the items by commas"),
    # Values of other languages.
    _slip(rf"{_ALONE}(?:[Tt]rue|TRUE|[Yy]es|YES|[Oo]n|ON)(?![\w.-])", "true", "write {}"),
    _slip(rf"{_ALONE}(?:[Ff]alse|FALSE|[Nn]o|NO|[Oo]ff|OFF)(?![\w.-])", "false", "write {}"),
    _slip(rf",[ \t]*{KEY}[ \t]*=[ \t]*{_NULL}", "", _NO_NULL),
    _slip(rf"{KEY}[ \t]*=[ \t]*{_NULL}(?:[ \t]*,[ \t]*)?", "", _NO_NULL),
    _slip(r"(?<![\w.\"'-])[A-Za-z]{3,6}(?=[ \t]*(?:[,\]}#]|$))", _boolean, "write {}"),
    _slip(_PAIRS, _list, "a list is written with square brackets: {}"),
    _slip(rf"(?:^|(?<=[,\[]))([ \t]*){_LISTED}", _table, "a table stands in braces: {}"),
    _slip(r"\b[fFrRuUbB]{1,2}(?=[\"'])", "", "leave the letter ahead of the quote out"),
    # Numbers.
    _slip(rf"{_ALONE}[0-9]{{1,3}}(?:,[0-9]{{3}})+{_ENDS}", _grouped, "no comma stands in a number: {}"),
    _slip(rf"{_ALONE}([+-]?)0+([0-9][0-9_.e+-]*){_ENDS}", r"\1\2", "write {}: no number starts with a zero"),
    _slip(r"(?<=\[)[0-9]+(?:[ \t]*[x×*][ \t]*[0-9]+)+(?=\])", _items, "separate the items by commas: {}"),
    _slip(rf"{_ALONE}[0-9]+(?:[ \t]*[x×][ \t]*[0-9]+)+{_ENDS}", _sizes, _LIST),
    _slip(rf"{_ALONE}([0-9]+)\.{_ENDS}", r"\1.0", "write {}: a digit follows the point"),
    _slip(rf"{_ALONE}([+-]?)(\.[0-9]+){_ENDS}", r"\g<1>0\2", "write {}: a number starts with a digit"),
    _slip(rf"{_ALONE}0[XOB][0-9A-Fa-f]+{_ENDS}", _small, "write {}"),
    _slip(rf"{_ALONE}[0-9]+(?:_+[0-9]+)*_*{_ENDS}", _single, "write {}"),
    _slip(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[^\s,\]}#]*", r'"\g<0>"', _IN_QUOTES),
    # Keys.
    _slip(r"\.(?:[ \t]*\.)+", ".", "write one point"),
    _slip(r"\.[ \t]*(?==)|(?<=[\[{,\s])\.[ \t]*(?=\w)|^\.[ \t]*(?=\w)", "", "leave the point out"),
    _slip(rf"{_NAME}(?:[ \t]+{_NAME})+(?=[ \t]*[=\]])", _underscored, "a name has no blanks: {}"),
    _slip(rf"(?<![^\s,{{\[.]){_STRANGE}+(?=[ \t]*[=.\]])", r'"\g<0>"', "such a name stands in quotes: {}"),
    _slip(r"^([ \t]*)([\w.-]+\][ \t]*)", r"\1[\2", "open the name of the table: {}"),
    _slip(r"^([ \t]*)(\[\[[^\[\]\n]+\])(?!\])", r"\1\2]", _CLOSED),
    _slip(r"^([ \t]*)(\[[^\[\]\n]*[^\[\]\s])", r"\1\2]", _CLOSED),
    _slip(r"(?<=\])[ \t]*\]", "", "leave it out"),
    # What is computed, and text without its quotes.
    _slip(rf"{_VALUE}({_COMPUTED})", r'\1"\2"', _FORMULA),
    _slip(r"\$\{?[ ]*(\w+)[ ]*\}?", r'"=\1"', _FORMULA),
    _slip(r"\{\{[ ]*(\w+)[ ]*\}\}", r'"=\1"', _FORMULA),
    _slip(rf"(?<![\w.\"'-]){_OPERAND}(?:(?:{_SPACED}|{_CLOSE}){_OPERAND})+(?![\w.\"'-])", r'"=\g<0>"', _FORMULA),
    _slip(rf"{_VALUE}([\w=][^\"'\n,]*)([\"'])(?!\w)", r"\1\3\2\3", "a quote is missing ahead of it: {}"),
    _slip(rf"(?!^\[[^,]*$){_LISTED}", _quoted_words, _IN_QUOTES),
    _slip(rf"{_VALUE}([^\s0-9=,(){{}}\[\]\"'#+-][^,\[\]{{}}()#\"'\n=]*)", _quoted, _IN_QUOTES),
    _slip(rf"{_VALUE}([0-9]+\w* [A-Za-z][^,\[\]{{}}()#\"'\n=]*)", _quoted, _IN_QUOTES),
    _slip(rf"{_VALUE}({_NAME})(?=[ \t]*(?:[,}}\]#]|$))", r'\1"=\2"', _FORMULA),
    # Quotes in text, and backslashes.
    _slip(r"([\"'])\1(?=[^\s\"',\]}=][^\"'\n]*\1[ \t]*(?:[,\]}#]|$))", r"\1", "write one quote"),
    _slip(r"(?<=[^\s\"'=])([\"'])\1(?=[ \t]*(?:[,\]}#]|$))", r"\1", "write one quote"),
    _slip(r"'[^'\n]*'[^',=\n]*[^\s',=][^',=\n]*'(?=[ \t]*(?:[,\]}#]|$))", _other_quotes, "write {}"),
    _slip(r'"[^"\n]*"[^",=\n]*[^\s",=][^",=\n]*"[^"\n]*"?(?=[ \t]*(?:[,\]}#]|$))', _other_quotes, "write {}"),
    _slip(r'"([^"\n]*\\)"', r"'\1'", "put the text in single quotes, where a backslash is itself: {}"),
    _slip(rf"{BASIC}", _other_quotes, "put the text in single quotes, where a backslash is itself: {}"),
)  # fmt: skip
