"""What a file brings is not told at any length."""

from __future__ import annotations

from graphbuilder.diagnostics import Label, Source, Span
from graphbuilder.diagnostics.catalogue.references import UnknownOp
from graphbuilder.diagnostics.draw import draw

LONG = "x" * 200_000


def test_long_words_are_told_by_their_ends() -> None:
    span = Span(Source("a.toml", LONG), 1, 1, 1, len(LONG))
    told = UnknownOp.at(
        span, f"there is no op `{LONG}`", label=LONG, related=(Label(span, LONG),), notes=(LONG,), help=f"not `{LONG}`"
    )
    assert told.message.startswith("there is no op `xxx") and told.message.endswith("xxx`") and "…" in told.message
    for format in ("text", "concise", "json", "github", "sarif"):
        assert len(draw([told], format)) < 20_000, format


def test_what_fits_is_told_whole() -> None:
    message = f"`{'x' * 200}` " * 5
    assert UnknownOp.at(None, message).message == message
