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
CALLS = ("floor", "ceil", "round", "int", "abs", "sqrt", "log2", "exp", "make_divisible")


def _either(leaves: list[str], *wider: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(leaves) | st.sampled_from(leaves) | st.one_of(*wider)


def _of(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda given: form.format(*given))


SIGNS, ORDERS = (st.sampled_from(each.split()) for each in ("+ - * / // %", "< <= > >= == !="))
NUMBERS: st.SearchStrategy[str] = st.deferred(
    lambda: _either(
        ["a", "b", "0", "1", "7", "2.5", "1e9"],
        _of("({} {} {})", NUMBERS, SIGNS, NUMBERS),
        _of("(-{})", NUMBERS),
        _of("{}({})", st.sampled_from(CALLS), NUMBERS),
        _of("{}({}, {})", st.sampled_from(["min", "max"]), NUMBERS, NUMBERS),
        _of("{}({})", st.sampled_from(["min", "max", "sum", "len"]), LISTS),
        _of("{}[{}]", LISTS, NUMBERS),
        _of("({} if {} else {})", NUMBERS, TRUTHS, ANY),
    )
)
TRUTHS: st.SearchStrategy[str] = st.deferred(
    lambda: _either(
        ["flag", "true", "false", "word == 'relu'"],
        _of("({} {} {})", NUMBERS, ORDERS, NUMBERS),
        _of("({} {} {} {} {})", NUMBERS, ORDERS, NUMBERS, ORDERS, NUMBERS),
        _of("({} {} {})", TRUTHS, st.sampled_from(["and", "or", "=="]), TRUTHS),
        _of("(not {})", TRUTHS),
        _of("({} {} {})", NUMBERS, st.sampled_from(["in", "not in"]), LISTS),
        _of("({} == {})", LISTS, LISTS),
    )
)
LISTS: st.SearchStrategy[str] = st.deferred(
    lambda: _either(
        ["sizes", "rows[0]", "[]", "[1, 2]", "sizes[1:]", "sizes[::-1]"],
        _of("[{}, {}]", NUMBERS, NUMBERS),
        _of("({} + {})", LISTS, LISTS),
        _of("{}[{}:{}]", LISTS, NUMBERS, NUMBERS),
    )
)
ANY = st.one_of(NUMBERS, TRUTHS, LISTS, st.just("word"))


@settings(max_examples=150)
@given(ANY)
def test_a_value_of_ours_is_that_of_python(text: str) -> None:
    try:
        ours = parse(f"={text}").evaluate(SCOPE)
    except ExpressionError as error:
        assert 0 <= error.offset < error.offset + error.length <= len(text) + 1
        return
    theirs = eval(text, dict(PYTHON), dict(SCOPE))  # noqa: S307  (only what our parser has let through)
    assert (ours, type(ours)) == (theirs, type(theirs))
