"""GB9xx: faults of graphbuilder itself."""

from __future__ import annotations

from graphbuilder.diagnostics.example import TINY, Example
from graphbuilder.diagnostics.model import Diagnostic, Rule


class Fault(Rule):
    """Something went wrong that no spec and no command line should bring about. The traceback is kept in a file, or
    shown where ``GRAPHBUILDER_TRACEBACK=1`` is set; with it and the spec the fault can be found and mended."""

    code = "GB901"
    title = "a fault of graphbuilder"
    example = Example(
        "graphbuilder check tiny.toml",
        {"tiny.toml": TINY},
        rerun="pip install --upgrade graphbuilder\ngraphbuilder check tiny.toml",
        where="Where GraphBuilder itself is wrong:",
    )

    @classmethod
    def of(cls, error: Exception, *notes: str) -> Diagnostic:
        """The diagnostic of an error that nothing else has made one of."""
        message = f"a fault of graphbuilder, not of your spec: {type(error).__name__}: {error}"
        return cls.at(None, message, notes=notes, help="please report it, with the spec and the traceback")
