"""Words in LaTeX: whatever a spec says is shown as it is, and nothing of it is a command.

The result is ASCII, so it means the same to pdfLaTeX, LuaLaTeX and XeLaTeX. What the text fonts lack (an ideograph,
say) is asked of ``\\gbsign`` by its number.
"""

from __future__ import annotations

import re
from unicodedata import name, normalize

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "\u00a0": "~",
    "×": r"\texttimes{}",
    "·": r"\textperiodcentered{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "…": r"\textellipsis{}",
    "°": r"\textdegree{}",
    "±": r"\textpm{}",
    "µ": r"\textmu{}",
    "−": r"\ensuremath{-}",
    "→": r"\ensuremath{\rightarrow}",
    "←": r"\ensuremath{\leftarrow}",
    "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}",
    "∞": r"\ensuremath{\infty}",
    "\u2018": r"\textquoteleft{}",
    "\u2019": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
}
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
    "\u0328": "k",
}
_GREEK = ("GREEK SMALL LETTER ", "GREEK CAPITAL LETTER ")
_CAPITALS = frozenset(("GAMMA", "DELTA", "THETA", "XI", "PI", "SIGMA", "UPSILON", "PHI", "PSI", "OMEGA"))
_SMALL = _CAPITALS | {"ALPHA", "BETA", "EPSILON", "ZETA", "ETA", "IOTA", "KAPPA", "MU", "NU", "RHO", "TAU", "CHI"}


# Two of one kind would become another sign; an empty correction between them keeps every TeX from that.
_LIGATURE = re.compile(r"(-|,|\\textless{}|\\textgreater{})(?=\1)")


def escaped(words: str) -> str:
    """``words`` as LaTeX shows them."""
    return _LIGATURE.sub(r"\1\\/", "".join(map(_sign, words))).replace("  ", "~ ")


def _sign(c: str) -> str:
    if c in _SIGNS:
        return _SIGNS[c]
    if c.isascii():
        return c if c.isprintable() else "{?}"
    return _accented(c) or _greek(c) or (rf"\gbsign{{{ord(c):04X}}}" if c.isprintable() else "{?}")


def lacking(words: str) -> str:
    """Of ``words`` the characters that the text fonts of pdfLaTeX lack."""
    return "".join(c for c in words if not c.isascii() and _sign(c).startswith(r"\gbsign"))


def _accented(c: str) -> str:
    """``é`` as its letter under its accent."""
    letter, *accents = normalize("NFD", c)
    if len(accents) != 1 or accents[0] not in _ACCENTS or not (letter.isascii() and letter.isalpha()):
        return ""
    accent = _ACCENTS[accents[0]]
    dotless = {"i": r"\i", "j": r"\j"}.get(letter, letter)
    return rf"\{accent}{{{letter if accent in 'ck' else dotless}}}"


def _greek(c: str) -> str:
    """A Greek letter as that of a formula."""
    full = name(c, "")
    small, capital = (full.removeprefix(prefix) for prefix in _GREEK)
    if small in _SMALL:
        return rf"\ensuremath{{\{small.lower()}}}"
    return rf"\ensuremath{{\{capital.title()}}}" if capital in _CAPITALS else ""
