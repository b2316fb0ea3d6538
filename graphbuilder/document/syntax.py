"""What tomli refuses, said in a person's words: what is wrong, where, and the repair where one was found by trying.

tomli stops at the first fault and gives one offset. The rest is read off the text around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import tomli

from graphbuilder.diagnostics import Diagnostic, Label, Remedy
from graphbuilder.diagnostics.catalogue.files import DuplicateKey, TomlSyntax
from graphbuilder.document.closing import CLOSING, behind, closing_brackets, reopened, swallowed, uncovered
from graphbuilder.document.lexer import KEY, Opening, still_open
from graphbuilder.document.lines import Lines
from graphbuilder.document.scanner import Extent, Keys, Scanner
from graphbuilder.document.slips import UNSEEN, Edit, Trials, slips_at

_DUPLICATES = ("Cannot ", "Duplicate ")
_STRINGS = ("Unterminated string", "Expected \"'", "Illegal character '\\n'", "Found invalid character '\\n'")
_BRACKETS = ("Unclosed", "Invalid value", "Invalid initial character", "Expected '='", "Expected ']")
_STATEMENT = re.compile(rf"(?:{KEY}[ \t]*=|\[\[?[ \t]*{KEY}[ \t]*\]\]?(?=[ \t]*(?:#.*)?$))", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:x\w{0,2}|u\w{0,4}|U\w{0,8})")
_INDENT = re.compile(r"[ \t]*")
_UNSEEN = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f]|{UNSEEN}")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7})(?:[ \t][^\n]*)?$", re.MULTILINE)
_OTHER_QUOTE = re.compile(r"([\"'])[^\"'\n]*(?!\1)[\"']")
_STRING_ENDS = re.compile(r"(?<!\\\")[ \t]{0,80}+(?:[,\]}=]|$)")
_KEY_OF = re.compile(rf"(?:,\s*)?{KEY}[ \t]*=[ \t]*\Z")
_WORD = re.compile(r"[^\s,\[\]{}#]*")
_PHRASE = re.compile(r"[^,\]}#\n]*")
_ROW = re.compile(rf"{KEY}[ \t]*=[^\n]*\}}[ \t]*+,?[ \t]*+(?:#.*)?$", re.MULTILINE)
_LONGEST = 40
# So far ahead of its value a key is looked for.
_NAMED = 400


class Fault(NamedTuple):
    """What is to be said of a stretch of the text.

    Attributes:
        help: what is said where no edit helps.
        opening: the bracket that is open there.
        edits: what may repair it, ahead of the slips that people make anywhere.
    """

    message: str
    start: int
    end: int
    label: str = ""
    help: str | None = None
    opening: Opening | None = None
    edits: tuple[Edit, ...] = ()


def explain(error: tomli.TOMLDecodeError, text: str, lines: Lines, trials: Trials) -> tuple[Diagnostic, Edit | None]:
    """The diagnostic of tomli's ``error``, which was raised on ``text``, and an edit after which it is gone."""
    if error.msg.startswith(_DUPLICATES):
        found, edit = _duplicate(text, error.pos, lines)
        return found, trials.first_that_leads_on(text, [edit])
    fault = _fault(error.msg, text, error.pos)
    related: tuple[Label, ...] = ()
    if fault.opening and fault.opening.offset != fault.start:
        offset = fault.opening.offset
        related = (Label(lines.span(offset, offset + 1), "opened here"),)
    span = lines.span(fault.start, max(fault.end, fault.start + 1))
    found = TomlSyntax.at(span, fault.message, label=fault.label, related=related, help=fault.help)
    edits = trials.those_that_help(text, chain(fault.edits, slips_at(text, min(error.pos, len(text)))))
    remedies = [Remedy(edit.told, lines.span(edit.start, edit.end), edit.text) for edit in edits]
    if remedies:
        found = replace(found.repaired_by(remedies[0]), untried=tuple(remedies[1:]))
    return found, edits[0] if edits else None


def _duplicate(text: str, end: int, lines: Lines) -> tuple[Diagnostic, Edit]:
    """The text up to ``end`` is whole but for what tomli refused, and that is what the scanner places last."""
    scanner = Scanner(text[:end])
    with suppress(IndexError):
        scanner.scan()
    path, first = scanner.last, scanner.before
    span = lines.span(*scanner.extents[path].key)
    edit = _left_out(text, path, scanner.extents[path])
    if first:
        related = (Label(lines.span(*first.key), "first here"),)
        message, help = f"`{_name(path)}` is there already", "keep one of the two"
        if (above := _header_missing(text, first, scanner.extents[path])) is not None:
            help = f"{help}; if it is of a table of its own, write the name of that above it: `[name]`"
            edit = Edit("", above, above, f'["\\u0000{above}"]\n')
        return DuplicateKey.at(span, message, related=related, help=help), edit
    path = _ancestor(scanner)
    related = (Label(lines.span(*scanner.extents[path].key), "first here"),)
    message = f"`{_name(path)}` cannot be extended here"
    return DuplicateKey.at(span, message, related=related, help="write it in one place"), edit._replace(keys=())


def _left_out(text: str, path: Keys, extent: Extent) -> Edit:
    """What was written last is left out; of a table, but the name."""
    start, end = extent.value
    if start < extent.key[0]:
        return Edit("", start, end, f'["\\u0000{start}"]')
    found = _KEY_OF.search(text, max(0, start - _NAMED), start)
    return Edit("", found.start() if found else start, end, "", path)


def _header_missing(text: str, first: Extent, second: Extent) -> int | None:
    """Where the header of another table may be missing between two keys of one name: at a line behind an empty one."""
    line = text.rfind("\n", 0, second.key[0]) + 1
    if text[line : second.key[0]].strip() or second.value[0] < second.key[0]:
        return None
    gap = text.rfind("\n\n", first.value[1], line)
    return None if gap < 0 else gap + 2


def _ancestor(scanner: Scanner) -> Keys:
    """The nearest table or value that stands in the way of the key placed last."""
    path = scanner.last[:-1]
    return next(path[:length] for length in range(len(path), 0, -1) if path[:length] in scanner.extents)


def _name(path: Keys) -> str:
    return _short(next(key for key in reversed(path) if isinstance(key, str)))


def _fault(message: str, text: str, at: int) -> Fault:
    opened = still_open(text, at + 1)
    if message.startswith(_STRINGS) and opened and opened[-1].mark in "\"'":
        return _string(text, opened[-1])
    if unseen := _UNSEEN.match(text, at):
        return _character(text, unseen)
    if conflict := _CONFLICT.match(text, text.rfind("\n", 0, at) + 1):
        help = "keep one side of the conflict, and none of its marks"
        return Fault("a merge left a conflict here", conflict.start(), conflict.end(), help=help)
    if message.startswith(_BRACKETS) and (fault := _bracket(text, at)):
        return fault
    for prefix, describe in _DESCRIPTIONS.items():
        if message.startswith(prefix):
            return describe(text, at)
    return Fault(message[:1].lower() + message[1:], at, at + 1)


def _string(text: str, quote: Opening) -> Fault:
    mark = quote.mark * 3 if text.startswith(quote.mark * 3, quote.offset) else quote.mark
    end = _line_end(text, quote.offset)
    edits = tuple(_closings(text, quote.offset, end, mark))
    return Fault(
        "a string is not closed", quote.offset, end, f"opened here with {mark}", f"close it with {mark}", edits=edits
    )


def _closings(text: str, start: int, end: int, mark: str) -> Iterator[Edit]:
    """Where a string may end that was opened with ``mark`` at ``start``: at another quote, ahead of what may follow a
    value, at the end of the line."""
    line, help = text[start:end], f"close it with {mark}"
    if other := _OTHER_QUOTE.match(line):
        yield Edit(help, start + other.end() - 1, start + other.end(), mark)
    for found in _STRING_ENDS.finditer(line, len(mark)):
        yield Edit(help, start + found.start(), start + found.start(), mark)


def _character(text: str, found: re.Match[str]) -> Fault:
    start, end = found.span()
    code = f"U+{ord(found[0][0]):04X}"
    if found[0][0] == "\r":
        edit = Edit("end lines with a line feed", start, start + 1, "\n")
        return Fault("a carriage return without a line feed", start, start + 1, help=edit.help, edits=(edit,))
    if unicodedata.category(found[0][0]) != "Cc":
        return Fault(f"the character {code} stands here, which does not show", start, end, help="delete it")
    help = f'delete it, or write it as "\\u{ord(found[0][0]):04x}"'
    edit = Edit(help, start, start + 1, "")
    return Fault(f"the control character {code} cannot stand in TOML", start, start + 1, help=help, edits=(edit,))


def _bracket(text: str, at: int) -> Fault | None:
    """A bracket of an earlier line that the fault shows to be unclosed: the text ends, or a new statement begins."""
    line = _end(_INDENT, text, text.rfind("\n", 0, at) + 1)
    ended = not text[at:].strip()
    opened = [opening for opening in _brackets(text, at) if ended or opening.offset < line]
    if not opened:
        return None
    inner, mark = opened[-1], CLOSING[opened[-1].mark]
    edits = tuple(closing_brackets(text, at if ended else line, inner))
    if ended:
        help = f"close it with `{mark}`"
        return Fault(f"`{inner.mark}` is never closed", inner.offset, inner.offset + 1, help=help, edits=edits)
    if inner.mark == "[" and (row := _ROW.match(text, line)) and row[0].count("}") > row[0].count("{"):
        edit = Edit("open the inline table with `{`", line, line, "{ ")
        return Fault("expected `{` before this", line, line + 1, "", edit.help, inner, (edit, *edits))
    if inner.mark == "[" and (statement := _STATEMENT.match(text, line)):
        help = f"close the list with `{mark}`"
        return Fault(f"expected `{mark}` before this", line, statement.end(), "", help, inner, edits)
    if inner.mark == "{" and text[at] == "{" and behind(text, at) == inner.offset + 1:
        edit = Edit("a list opens with `[`", inner.offset, inner.offset + 1, "[")
        return Fault("a list stands in square brackets", inner.offset, inner.offset + 1, help=edit.help, edits=(edit,))
    if inner.mark == "{" and text[at] in "[{":
        help = f"close the inline table with `{mark}`"
        return Fault(f"expected `{mark}` before this", at, at + 1, "", help, inner, edits)
    return None


def _brackets(text: str, end: int) -> list[Opening]:
    return [opening for opening in still_open(text, end) if opening.mark in CLOSING]


def _statement(text: str, at: int) -> Fault:
    helps = {
        "=": "a key is missing before `=`",
        "{": "an inline table stands in a list: was a `[` closed too early?",
        ",": "was a bracket closed too early?",
        "]": "was a bracket closed too early?",
        "}": "was a bracket closed too early?",
    }
    if re.match(r'\s*\{\s*"', text[: at + _LONGEST]):
        return Fault("this is JSON, and no TOML", at, at + 1, help="a line is `key = value`, without braces around all")
    help = helps.get(text[at], "a line is `key = value`, `[table]` or `# comment`")
    edits = tuple(reopened(text, behind(text, at), ",")) if text[at] == "{" else ()
    return Fault("expected a key, a table or a comment", at, _word_end(text, at), help=help, edits=edits)


# Where a list is not opened, its first item on a line of its own: a table, a list of values, or one of several.
_ITEMS = re.compile(r"\s*+(?:#[^\n]*+\n\s*+)*+(?<=\s)(?:\{|\[\s*[-+\d\"'\[{]|[-+\d\"'][^\n=]*[,\]])")
# A table between round brackets.
_PAIRS = re.compile(r"\((\s*[\w\"'-]+\s*=[^()\n]*)\)")


def _value(text: str, at: int) -> Fault:
    phrase, word = text[at : _phrase_end(text, at)], text[at : _word_end(text, at)]
    if not phrase:
        help, opens = "write a number, true, false, a list or text in quotes", _ITEMS.match(text, at)
        edits = (Edit("open the list with `[`", at, at, "[" if text[at - 1 : at] == " " else " ["),) if opens else ()
        return Fault("a value is missing", at, at + 1, help=help, edits=edits)
    if word.lower() in ("true", "false"):
        return Fault(f"`{word}` is not a value", at, at + len(word), help=f"write {word.lower()}, all small")
    if word.lower() in ("none", "null", "nil"):
        return Fault(f"`{word}` is not a value", at, at + len(word), help="TOML has no such value: leave the key out")
    if pairs := _PAIRS.match(text, at):
        help = "an inline table is written with braces"
        edit = Edit(help, at, pairs.end(), f"{{{pairs[1]}}}")
        return Fault("`(` opens no value", at, at + 1, help=help, edits=(edit,))
    if phrase.startswith("("):
        return Fault("`(` opens no value", at, at + 1, help="a list is written with square brackets")
    if re.match(rf"{KEY}[ \t]*=[^=]", phrase):
        help = "`key = value` stands in braces: a table in a list is `{ ... }`"
        return Fault("a key where a value is expected", at, at + len(phrase), help=help)
    return _no_value(text, at, at + len(phrase if phrase[:1] != "." else word))


def _no_value(text: str, start: int, end: int) -> Fault:
    help = "text stands in quotes, and so does what is computed"
    if text[start].isdecimal():
        help = "a number is digits and one point at most; text stands in quotes"
    elif text.startswith("- ", start):
        help = "a list stands in square brackets, its items separated by commas"
    return Fault(f"`{_short(text[start:end])}` is not a value", start, end, help=help)


def _after(text: str, at: int) -> Fault:
    """Something follows a statement that was whole."""
    end = _phrase_end(text, at)
    if text[at] in ",;":
        message = f"`{text[at]}` cannot stand here"
        help = "the end of the line ends a value; several are a list, `[1, 2]`"
        edits = tuple(reopened(text, behind(text, at), "")) if text[at] == "," else ()
        return Fault(message, at, at + 1, help=help, edits=edits)
    if text[at] in "]}":
        return Fault(f"`{text[at]}` closes nothing", at, at + 1, help="leave it out, or open it before")
    if re.match(rf"{KEY}[ \t]*=", text[at:end]):
        return Fault("a second key on one line", at, end, help="start a new line before it")
    start = _glued(text, at)
    if start < at:
        return _no_value(text, start, end)
    return Fault("expected the end of the line", start, end, help="a line holds one key or one table")


def _glued(text: str, at: int) -> int:
    """Where the word begins that ``at`` is in the middle of."""
    return at - len(re.split(r"[\s=,\[\]{}]", text[max(0, at - 80) : at])[-1])


def _equals(text: str, at: int) -> Fault:
    help = "a line is `key = value`"
    if text[at : at + 1] == ":":
        help = "a line is `key = value`, and its table's name stands ahead in a line of its own: `[name]`"
    elif text[at : at + 1] > "\x7f":
        message = f"`{text[at]}` cannot stand in a name without quotes"
        return Fault(message, at, at + 1, help="such a name is letters from a to z, digits, `_` and `-`")
    return Fault("expected `=` after the key", at, at + 1, help=help)


def _key(text: str, at: int) -> Fault:
    if text[at : at + 1] == "]" and (inner := _brackets(text, at)) and inner[-1].mark == "{":
        edits = tuple(closing_brackets(text, at, inner[-1]))
        return Fault("expected `}` before this", at, at + 1, "", "close the inline table with `}`", inner[-1], edits)
    help = "a name is letters, digits, `_` and `-`, or anything in quotes"
    return Fault("expected a name", at, max(at + 1, _word_end(text, at)), help=help)


def _item(text: str, at: int) -> Fault:
    """In a list or an inline table, neither a comma nor the end."""
    inner, start = _brackets(text, at)[-1], _glued(text, at)
    if start < at and text[at] not in "]};" and text[at - 1] not in "\"'":
        return _no_value(text, start, max(at + 1, _word_end(text, at)))
    closing = CLOSING[inner.mark]
    line = text[text.rfind("\n", 0, at) + 1 : _line_end(text, at)]
    help = "separate the items by a comma" if text[at] not in "]}" else f"close it with `{closing}`"
    if line.count('"') % 2:
        help = "a quote is missing in this line"
    opened, ahead = swallowed(text, behind(text, at)) or (inner, ())
    edits = (*_items(text, at, inner), *ahead)
    return Fault(f"expected `,` or `{closing}`", at, max(at + 1, _word_end(text, at)), "", help, opened, edits)


def _items(text: str, at: int, inner: Opening) -> Iterator[Edit]:
    """What is missing between two items, or at the end of the last."""
    closing, end = CLOSING[inner.mark], behind(text, at)
    yield from uncovered(text, at, inner)
    if text[at] in "]}":
        yield Edit(f"close it with `{closing}`", end, end, f" {closing}" if closing == "}" else closing)
        yield Edit("leave it out", end, at + 1, "")
        yield Edit(f"close it with `{closing}`", at, at + 1, closing)
    elif text[at] not in ";.":
        yield Edit("separate the items by a comma", end, end, ",")


def _escape(text: str, at: int) -> Fault:
    start = text.rfind("\\", 0, at)
    help = "write \\\\ for a backslash, or put the text in single quotes"
    return Fault(f"`{text[start:at]}` means nothing in a string", start, at, help=help)


def _code_point(text: str, at: int) -> Fault:
    start = text.rfind("\\", 0, at)
    help = "two hexadecimal digits follow \\x, four \\u, eight \\U; they name a Unicode character"
    return Fault("an escape that names no character", start, _end(_ESCAPE, text, start), help=help)


def _header(text: str, at: int) -> Fault:
    start = text.rfind("[", 0, at)
    message, help = "the name of a table is not closed", "close it with as many `]` as opened it"
    if re.match(r"[ \t]*[A-Za-z0-9_-]", text[at:]):
        message, help = "a table's name has a space in it", "a name with spaces stands in quotes"
    elif text.startswith(",", at):
        message, help = "a list stands where a table's name or a key is expected", "write `key = [...]`"
    elif text[at : at + 1] > "\x7f":
        message, help = f"`{text[at]}` cannot stand in a name without quotes", "such a name stands in quotes"
    return Fault(message, start, max(start + 1, _line_end(text, at)), help=help)


def _date(text: str, at: int) -> Fault:
    return Fault("there is no such date", at, _word_end(text, at), help="text stands in quotes")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _word_end(text: str, at: int) -> int:
    return _end(_WORD, text, at)


def _phrase_end(text: str, at: int) -> int:
    """The end of what stands up to the next comma, bracket, comment or line."""
    return at + len(text[at : _end(_PHRASE, text, at)].rstrip())


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


_DESCRIPTIONS = {
    "Invalid statement": _statement,
    "Invalid value": _value,
    "Expected newline": _after,
    "Expected '='": _equals,
    "Invalid initial character": _key,
    "Unclosed": _item,
    "Unescaped": _escape,
    "Invalid hex": _code_point,
    "Escaped character": _code_point,
    "Expected ']": _header,
    "Invalid date": _date,
}
