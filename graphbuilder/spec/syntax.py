"""The text of an expression as Python's syntax tree, and what is said when it has none.

Python's parser is given at most 200 printable characters on one line. Nothing is compiled, and no node is judged here.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from graphbuilder.diagnostics import Diagnostic, Help, Rule, Source, Span
from graphbuilder.diagnostics.catalogue.expressions import ExpressionSize, ExpressionSyntax
from graphbuilder.spec.arithmetic import Fault

_ESCAPED = re.compile(r"\\u.{4}|\\U.{8}|\\x.{2}|\\.|.")
_ANY = re.compile(r".")

INPUT = "in"
"""What a block reads is called so where it names no inputs."""
FACTS = ("channels", "shape")
"""What is known of an input: ``low_channels``."""
OF_COPIES = ("i", "n", "item")
"""What the arguments of a repeated step read besides."""
BOOLEANS = {"true": True, "false": False}

LONGEST = 200
DEEPEST = 32


class ExpressionError(Exception):
    """An expression that cannot be read or computed.

    Attributes:
        rule: the code of the fault.
        message: what happened.
        offset, length: the characters at fault, counted in the text with its ``=``.
        help: a remedy.
    """

    def __init__(self, rule: type[Rule], message: str, offset: int, length: int, help: Help = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.offset = offset
        self.length = length
        self.help = help

    def at(self, span: Span) -> Diagnostic:
        """The diagnostic for a string that stands at ``span``, at the very characters where it is written on one
        line."""
        if span.line == span.end_line:
            starts = _starts(_lines(span.source)[span.line - 1][span.column - 1 : span.end_column - 1])
            first = min(self.offset, len(starts) - 2)
            last = min(max(self.offset + self.length, first + 1), len(starts) - 1)
            span = replace(span, column=span.column + starts[first], end_column=span.column + starts[last])
        return self.rule.at(span, self.message, help=self.help)


@lru_cache(maxsize=8)
def _lines(source: Source) -> list[str]:
    return source.text.split("\n")


def _starts(raw: str) -> list[int]:
    """Where each character of a TOML string starts in its written form, quotes and escapes counted, and where the last
    ends."""
    quotes = 3 if raw.startswith(('"""', "'''")) else 1
    pattern = _ESCAPED if raw.startswith('"') else _ANY
    starts = [quotes + found.start() for found in pattern.finditer(raw[quotes : len(raw) - quotes])]
    return [*starts, len(raw) - quotes]


class Place(NamedTuple):
    """The characters of one node in the text."""

    offset: int
    length: int

    def error(self, rule: type[Rule], message: str, help: Help = None) -> ExpressionError:
        return ExpressionError(rule, message, self.offset, self.length, help)

    def fault(self, fault: Fault) -> ExpressionError:
        return self.error(fault.rule, fault.message, fault.help)


_COMPARING = re.compile("[=!<>]=")
# A number with a word right behind it, of which alone Python warns.
_JOINED = re.compile(r"[\d.][^\W\d]")
_SINGLE = re.compile("(?<![=!<>])=(?!=)")
_TIMES = re.compile(r"(?<=[\w)\]]) +[x×] *(?=[\w(])")
_SIGNS = {
    "=>": ">=",
    "=<": "<=",
    "=!": "!=",
    "<>": "!=",
    "===": "==",
    "!==": "!=",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "*",
}
_SIGN = re.compile("|".join(sorted(_SIGNS, key=len, reverse=True)))
# Words of Python that stand where a name does, if expressions have no other use for them; text is passed over.
_USED = ("and", "or", "not", "if", "else")
_WORDS = re.compile(rf"'[^']*'|\"[^\"]*\"|\b(?P<word>{'|'.join({*keyword.kwlist}.difference(_USED))})\b")
_NO_ELSE = "add what it is else: `a if condition else b`"
_SHORTER = "name a part of it with `let`"
_SLIPS = {
    "&&": "write `and`",
    "||": "write `or`",
    "?": "write `a if condition else b`",
    "!": "write `not`",
    "=": "compare with `==`",
}


def read_tree(source: str, start: int) -> ast.expr:
    """The tree of ``source``, which starts at ``start`` in the text.

    Raises:
        ExpressionError: it is too long or too deep, or cannot be read.
    """
    whole = Place(0, start + len(source))
    if whole.length > LONGEST:
        message = f"an expression has at most {LONGEST} characters, this one has {whole.length}"
        raise whole.error(ExpressionSize, message, _SHORTER)
    if not source.isprintable() or "\\" in source:
        raise whole.error(ExpressionSyntax, "an expression is one line without control characters or backslashes")
    if not source:
        remedy = "a string that starts with `=` is an expression"
        raise whole.error(ExpressionSyntax, "there is nothing behind the `=`", remedy)
    try:
        root = _parsed(source)
    except SyntaxError as error:
        root = _with_words(source)
        if root is None:
            raise _syntax_error(source, start, error) from None
    except (ValueError, RecursionError, MemoryError):
        raise whole.error(ExpressionSyntax, "this expression cannot be read") from None
    if len(source) > DEEPEST and _too_deep(root):  # each level is a character at least
        raise whole.error(ExpressionSize, f"this expression is nested more than {DEEPEST} deep", _SHORTER)
    return root


def _syntax_error(source: str, start: int, error: SyntaxError) -> ExpressionError:
    # Python counts from 1, and gives 0 or a place behind the text where it breaks off.
    ended = not error.offset or error.offset > len(source)
    offset = len(source) - 1 if ended else (error.offset or 1) - 1
    end = (error.end_offset or 0) - 1
    reason = "it breaks off here" if ended else error.msg.split(" (")[0]
    if (sign := _SIGN.search(source)) and _is_read(signed := _SIGN.sub(lambda found: _SIGNS[found[0]], source)):
        message = f"this expression cannot be read: `{sign[0]}` is no sign"
        place = Place(start + sign.start(), len(sign[0]))
        return place.error(ExpressionSyntax, message, f"write `{_SIGNS[sign[0]]}`: {signed}")
    single, compared = _SINGLE.search(source), _SINGLE.sub("==", source)
    if single and _is_read(compared):
        message = "this expression cannot be read: `=` compares nothing"
        return Place(start + single.start(), 1).error(ExpressionSyntax, message, f"compare with `==`: {compared}")
    if (times := _TIMES.search(source)) and _is_read(multiplied := _TIMES.sub(" * ", source)):
        message = "this expression cannot be read: `x` is no sign"
        place = Place(start + times.start() + 1, len(times[0].rstrip()) - 1)
        return place.error(ExpressionSyntax, message, f"write `*`: {multiplied}")
    remedy = _NO_ELSE if "expected 'else'" in error.msg else None
    remedy = remedy or next((f"close it with `{end}`" for end in ")]" if _is_read(source + end)), None)
    remedy = remedy or next((remedy for slip, remedy in _SLIPS.items() if slip in _COMPARING.sub("", source)), None)
    place = Place(start + offset, min(max(end - offset, 1), len(source) - offset))
    return place.error(ExpressionSyntax, f"this expression cannot be read: {reason}", remedy)


def _parsed(source: str) -> ast.expr:
    if not _JOINED.search(source):
        return ast.parse(source, mode="eval").body
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, mode="eval").body


def _with_words(source: str) -> ast.expr | None:
    """The tree of a source in which words of Python stand as names, which is told where they are declared, or that they
    are not."""
    # In capitals they are names, and none of the places moves.
    capital = _WORDS.sub(lambda found: found[0].upper() if found["word"] else found[0], source)
    if capital == source or not _is_read(capital):
        return None
    root = _parsed(capital)
    for node in ast.walk(root):
        if isinstance(node, ast.Name) and keyword.iskeyword(node.id.lower()):
            node.id = node.id.lower()
    return root


def _is_read(source: str) -> bool:
    try:
        return bool(_parsed(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _too_deep(root: ast.expr) -> bool:
    level: list[ast.AST] = [root]
    for _ in range(DEEPEST):
        children = (child for node in level for child in ast.iter_child_nodes(node))
        level = [child for child in children if isinstance(child, ast.expr | ast.keyword)]
        if not level:
            return False
    return True
