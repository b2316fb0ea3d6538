"""GB0xx: spec files as files, and their text as TOML."""

from __future__ import annotations

from graphbuilder.diagnostics.example import TINY, Example
from graphbuilder.diagnostics.model import Rule

_SPEC = """\
format = 1
name = "tiny"

[inputs]
image = [3, 32, 32]

[model]
body = [
  {{ op = "conv", {args}, kernel = 3 }},
]
"""


class FileMissing(Rule):
    """There is no file at this path. A relative path starts at the folder in which the command runs; what a spec
    extends starts at that spec's folder."""

    code = "GB001"
    title = "no such file"
    example = Example("graphbuilder check tyni.toml", {"tiny.toml": TINY}, rerun="graphbuilder check tiny.toml")


class FileIsFolder(Rule):
    """The path leads to a folder, and a spec is one file. Several specs are named one by one, or by the shell:
    ``specs/*.toml``."""

    code = "GB002"
    title = "a folder where a file is meant"
    example = Example("graphbuilder check specs", {"specs/tiny.toml": TINY}, rerun="graphbuilder check specs/*.toml")


class FileUnreadable(Rule):
    """The system refuses to read the file, for the reason that it gives: most often its permissions."""

    code = "GB003"
    title = "the file cannot be read"
    advice = "name a plain file that you may read"
    example = Example(
        "ln -s round.toml round.toml\ngraphbuilder check round.toml",
        {"tiny.toml": TINY},
        rerun="graphbuilder check tiny.toml",
    )


class FileNotUtf8(Rule):
    """TOML is UTF-8 text, and this byte cannot stand in any. Older editors save in another encoding, and PowerShell's
    ``>`` writes UTF-16; saving the file again as UTF-8 repairs it."""

    code = "GB004"
    title = "not UTF-8 text"
    example = Example(
        "iconv -f utf-8 -t latin1 tiny.toml > latin.toml\ngraphbuilder check latin.toml",
        {"tiny.toml": TINY.replace('tiny"', 'tiny"\ntitle = "Légère"')},
        rerun="graphbuilder check tiny.toml",
    )


class TomlSyntax(Rule):
    """The text is not TOML. What can be read on behind such a place is still checked; where nobody can tell how it goes
    on, what stands behind is not known. Text stands in quotes, each item of a list or an inline table but the last is
    followed by a comma, and every bracket is closed."""

    code = "GB005"
    title = "not TOML"
    bad = _SPEC.format(args="out = =2 * 8")
    good = _SPEC.format(args='out = "=2 * 8"')


class DuplicateKey(Rule):
    """A key is given twice, or a table is opened twice, and TOML keeps no second value. A table in one piece (``x = {
    ... }``) cannot be extended elsewhere either."""

    code = "GB006"
    title = "a key that is there already"
    bad = _SPEC.format(args="out = 8, out = 16")
    good = _SPEC.format(args="out = 16")


class IntegerTooLarge(Rule):
    """An integer of TOML has 64 bits: it lies between -9223372036854775808 and 9223372036854775807."""

    code = "GB007"
    title = "an integer beyond 64 bits"
    bad = _SPEC.format(args="out = 10000000000000000000")
    good = _SPEC.format(args="out = 10")
