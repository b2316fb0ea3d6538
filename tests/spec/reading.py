"""Short specs, and what is said of them."""

import pytest

from graphbuilder import document, spec
from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.spec.model import Spec

HEAD = 'format = 1\nname = "tiny"\ninputs.image = [3, 8, 8]\n'
STEP = 'model.body = [{ op = "relu" }]\n'


def load(text: str) -> Spec:
    return spec.parse(document.parse(text, "x.toml"))


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        load(text)
    return caught.value.diagnostics


def underlined(text: str, diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    assert span is not None
    if span.line != span.end_line:
        return text.split("\n")[span.line - 1][span.column - 1 :]
    return text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]
