"""What tomli refuses, said in a person's words: what is wrong, where, and the repair where one is plain.

tomli stops at the first fault and gives one offset. The rest is read off the text around it, never by parsing on.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

import tomli

from graphbuilder.diagnostics import Diagnostic, Label, Source
from graphbuilder.diagnostics.catalogue.files import DuplicateKey, TomlSyntax
from graphbuilder.document.lexer import KEY, Opening, still_open
from graphbuilder.document.lines import Lines
from graphbuilder.document.scanner import Keys, Scanner

_DUPLICATES = ("Cannot ", "Duplicate ")
_STRINGS = ("Unterminated string", "Expected \"'", "Illegal character '\\n'", "Found invalid character '\\n'")
_BRACKETS = ("Unclosed", "Invalid value", "Invalid initial character", "Expected '='", "Expected ']")
_STATEMENT = re.compile(rf"(?:{KEY}[ \t]*=|\[\[?[ \t]*{KEY}[ \t]*\]\]?(?=[ \t]*(?:#.*)?$))", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:x\w{0,2}|u\w{0,4}|U\w{0,8})")
_INDENT = re.compile(r"[ \t]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WORD = re.compile(r"[^\s,\[\]{}#]*")
_PHRASE = re.compile(r"[^,\]}#\n]*")
_LONGEST = 40
_CLOSING = {"[": "]", "{": "}"}


class Fault(NamedTuple):
    """What is to be said of a stretch of the text."""

    message: str
    start: int
    end: int
    label: str = ""
    help: str | None = None
    opening: Opening | None = None


def explain(error: tomli.TOMLDecodeError, source: Source) -> Diagnostic:
    """The diagnostic of tomli's ``error``, which was raised on the text of ``source``."""
    if error.msg.startswith(_DUPLICATES):
        return _duplicate(source, error.pos)
    lines, fault = Lines(source), _fault(error.msg, source.text, error.pos)
    related: tuple[Label, ...] = ()
    if fault.opening and fault.opening.offset != fault.start:
        offset = fault.opening.offset
        related = (Label(lines.span(offset, offset + 1), "opened here"),)
    span = lines.span(fault.start, max(fault.end, fault.start + 1))
    return TomlSyntax.at(span, fault.message, label=fault.label, related=related, help=fault.help)


def _duplicate(source: Source, end: int) -> Diagnostic:
    """The text up to ``end`` is whole but for what tomli refused, and that is what the scanner places last."""
    scanner = Scanner(source.text[:end])
    with suppress(IndexError):
        scanner.scan()
    lines, path, first = Lines(source), scanner.last, scanner.before
    span = lines.span(*scanner.extents[path].key)
    if first:
        related = (Label(lines.span(*first.key), "first here"),)
        return DuplicateKey.at(span, f"`{_name(path)}` is there already", related=related, help="keep one of the two")
    path = _ancestor(scanner)
    related = (Label(lines.span(*scanner.extents[path].key), "first here"),)
    message = f"`{_name(path)}` cannot be extended here"
    return DuplicateKey.at(span, message, related=related, help="write it in one place")


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
    if _CONTROL.match(text, at):
        return _character(text, at)
    if message.startswith(_BRACKETS) and (fault := _bracket(text, at)):
        return fault
    for prefix, describe in _DESCRIPTIONS.items():
        if message.startswith(prefix):
            return describe(text, at)
    return Fault(message[:1].lower() + message[1:], at, at + 1)


def _string(text: str, quote: Opening) -> Fault:
    mark = quote.mark * 3 if text.startswith(quote.mark * 3, quote.offset) else quote.mark
    end = _line_end(text, quote.offset)
    return Fault("a string is not closed", quote.offset, end, f"opened here with {mark}", f"close it with {mark}")


def _character(text: str, at: int) -> Fault:
    character = text[at]
    if character == "\r":
        return Fault("a carriage return without a line feed", at, at + 1, help="end lines with a line feed")
    help = f'delete it, or write it as "\\u{ord(character):04x}"'
    return Fault(f"the control character U+{ord(character):04X} cannot stand in TOML", at, at + 1, help=help)


def _bracket(text: str, at: int) -> Fault | None:
    """A bracket of an earlier line that the fault shows to be unclosed: the text ends, or a new statement begins."""
    line = _end(_INDENT, text, text.rfind("\n", 0, at) + 1)
    ended = not text[at:].strip()
    opened = [opening for opening in _brackets(text, at) if ended or opening.offset < line]
    if not opened:
        return None
    inner, mark = opened[-1], _CLOSING[opened[-1].mark]
    if ended:
        return Fault(f"`{inner.mark}` is never closed", inner.offset, inner.offset + 1, help=f"close it with `{mark}`")
    if inner.mark == "[" and (statement := _STATEMENT.match(text, line)):
        help = f"close the list with `{mark}`"
        return Fault(f"expected `{mark}` before this", line, statement.end(), "", help, inner)
    if inner.mark == "{" and text[at] in "[{":
        help = f"close the inline table with `{mark}`"
        return Fault(f"expected `{mark}` before this", at, at + 1, "", help, inner)
    return None


def _brackets(text: str, end: int) -> list[Opening]:
    return [opening for opening in still_open(text, end) if opening.mark in _CLOSING]


def _statement(text: str, at: int) -> Fault:
    helps = {
        "/": "a comment starts with `#`",
        "=": "a key is missing before `=`",
        "{": "an inline table stands in a list: was a `[` closed too early?",
        ",": "was a bracket closed too early?",
        "]": "was a bracket closed too early?",
        "}": "was a bracket closed too early?",
    }
    help = helps.get(text[at], "a line is `key = value`, `[table]` or `# comment`")
    return Fault("expected a key, a table or a comment", at, _word_end(text, at), help=help)


def _value(text: str, at: int) -> Fault:
    phrase, word = text[at : _phrase_end(text, at)], text[at : _word_end(text, at)]
    if not phrase:
        return Fault("a value is missing", at, at + 1, help="write a number, true, false, a list or text in quotes")
    if word.lower() in ("true", "false"):
        return Fault(f"`{word}` is not a value", at, at + len(word), help=f"write {word.lower()}, all small")
    if word.lower() in ("none", "null", "nil"):
        return Fault(f"`{word}` is not a value", at, at + len(word), help="TOML has no such value: leave the key out")
    if phrase.startswith("("):
        return Fault("`(` opens no value", at, at + 1, help="a list is written with square brackets: [3, 3]")
    if word.startswith("."):
        help = f"a number starts with a digit: 0{_short(word)}"
        return Fault(f"`{_short(word)}` is not a value", at, at + len(word), help=help)
    quoted = _short(phrase.replace("\\", "\\\\").replace('"', ""))
    return Fault(f"`{_short(phrase)}` is not a value", at, at + len(phrase), help=f'text stands in quotes: "{quoted}"')


def _after(text: str, at: int) -> Fault:
    """Something follows a statement that was whole."""
    end = _phrase_end(text, at)
    if text[at] in ",;":
        message = f"`{text[at]}` cannot end a line here"
        return Fault(message, at, at + 1, help="leave it out: the end of the line ends the value")
    if text[at] in "]}":
        return Fault(f"`{text[at]}` closes nothing", at, at + 1, help="leave it out, or open it before")
    if re.match(rf"{KEY}[ \t]*=", text[at:end]):
        return Fault("a second key on one line", at, end, help="start a new line before it")
    start = at - len(re.split(r"[\s=,]", text[:at][-80:])[-1])
    help = f'text stands in quotes: "{_short(text[start:end])}"' if start < at else "a line holds one key or one table"
    return Fault("expected the end of the line", start, end, help=help)


def _equals(text: str, at: int) -> Fault:
    help = "a line is `key = value`"
    if text[at : at + 1] == ":":
        help = "write `=` in place of `:`"
    elif re.match(r"[A-Za-z0-9_ -]+=", text[at:]):
        help = "a key with spaces stands in quotes"
    return Fault("expected `=` after the key", at, at + 1, help=help)


def _key(text: str, at: int) -> Fault:
    if text[at : at + 1] == "]" and (inner := _brackets(text, at)) and inner[-1].mark == "{":
        return Fault("expected `}` before this", at, at + 1, "", "close the inline table with `}`", inner[-1])
    help = "a name is letters, digits, `_` and `-`, or anything in quotes"
    return Fault("expected a name", at, max(at + 1, _word_end(text, at)), help=help)


def _item(text: str, at: int) -> Fault:
    """In a list or an inline table, neither a comma nor the end."""
    inner = _brackets(text, at)[-1]
    line = text[text.rfind("\n", 0, at) + 1 : _line_end(text, at)]
    help = "separate the items by a comma" if text[at] not in "]}" else f"close it with `{_CLOSING[inner.mark]}`"
    if line.count('"') % 2:
        help = "a quote is missing in this line"
    message = f"expected `,` or `{_CLOSING[inner.mark]}`"
    return Fault(message, at, max(at + 1, _word_end(text, at)), help=help, opening=inner)


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
