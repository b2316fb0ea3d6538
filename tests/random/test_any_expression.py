"""Expressions of the whole grammar, well typed or not: where ours has a value, Python has the same."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graphbuilder.spec.arithmetic import make_divisible
from graphbuilder.spec.expressions import parse
from graphbuilder.spec.syntax import ExpressionError

SCOPE: dict[str, Any] = {"a": 3, "b": 2.5, "flag": True, "word": "relu", "sizes": [4, 2, 8, 1], "rows": [[1, 2], [3]]}
PYTHON = {name: getattr(math, name) for name in ("floor", "ceil", "sqrt", "log2", "exp")} | {
    "make_divisible": make_divisible,
    "true": True,
    "false": False,
}
LEAVES = st.sampled_from([*SCOPE, "true", "false", "0", "1", "7", "2.5", "1e9", "'relu'", "[]", "[1, 2]", "sizes[1:]"])
SIGNS = ("+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!=", "and", "or", "in", "not in")
CALLS = ("min", "max", "sum", "len", "round", "int", "abs", "floor", "ceil", "sqrt", "log2", "exp", "make_divisible")


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(SIGNS), inner).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(inner, st.sampled_from(["<", "<=", "=="]), inner, inner).map("{0[0]} {0[1]} {0[2]} < {0[3]}".format),
        st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} else {0[2]})".format),
        st.tuples(st.sampled_from(CALLS), st.lists(inner, min_size=1, max_size=3)).map(
            lambda call: f"{call[0]}({', '.join(call[1])})"
        ),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner).map("{0[0]}[{0[1]}]".format),
        st.tuples(inner, inner, inner).map("{0[0]}[{0[1]}:{0[2]}]".format),
        inner.map("(-{})".format),
        inner.map("(not {})".format),
    )


@settings(max_examples=400)
@given(st.recursive(LEAVES, _wider, max_leaves=7))
def test_a_value_of_ours_is_that_of_python(text: str) -> None:
    try:
        ours = parse(f"={text}").evaluate(SCOPE)
    except ExpressionError as error:
        assert 0 <= error.offset < error.offset + error.length <= len(text) + 1
        return
    theirs = eval(text, dict(PYTHON), dict(SCOPE))  # noqa: S307  (only what our parser has let through)
    assert (ours, type(ours)) == (theirs, type(theirs))
