"""``use = ["first", "rest", "rest"]``: copies one after the other, each of its own block."""

from __future__ import annotations

from textwrap import dedent

from graphbuilder.compiler import check_text
from graphbuilder.ir import Graph
from tests.elaborate.cases import HEAD

BLOCKS = """
    [blocks.first]
    args = { out = 8 }
    body = [{ op = "conv", out = "=out", stride = 2 }]
    [blocks.rest]
    args = { out = 8 }
    body = [{ op = "conv", out = "=out" }, { op = "relu" }]
    [blocks.two]
    inputs = ["p", "q"]
    body = [{ op = "add", from = ["p", "q"] }]
"""


def check(step: str) -> list[str]:
    """The codes of a model of this one step; warnings aside."""
    checked = check_text(HEAD + dedent(f"[model]\nbody = [{step}]\n{BLOCKS}"), "case.toml")
    return [diagnostic.code for diagnostic in checked.diagnostics if diagnostic.severity == "error"]


def repeat(step: str) -> Graph:
    checked = check_text(HEAD + dedent(f"[model]\nbody = [{step}]\n{BLOCKS}"), "case.toml")
    assert checked.network is not None, checked.diagnostics
    (node,) = checked.network.typed.graph.nodes
    assert node.name == "stage"
    assert isinstance(node.callee, Graph)
    return node.callee


def test_each_copy_runs_its_own_block() -> None:
    graph = repeat('{ id = "stage", use = ["first", "rest", "rest"] }')
    assert graph.kind == "repeat"
    assert [node.name for node in graph.nodes] == ["0", "1", "2"]
    assert [node.callee.template for node in graph.nodes if isinstance(node.callee, Graph)] == ["first", "rest", "rest"]
    assert graph.nodes[1].callee is graph.nodes[2].callee


def test_the_index_is_in_scope() -> None:
    graph = repeat('{ id = "stage", use = ["first", "rest"], out = "=4 * (i + 1)" }')
    callees = [node.callee for node in graph.nodes]
    assert [callee.args for callee in callees if isinstance(callee, Graph)] == [{"out": 4}, {"out": 8}]


def test_copies_stand_side_by_side() -> None:
    graph = repeat('{ id = "stage", use = ["rest", "rest"], merge = "concat" }')
    assert [node.name for node in graph.nodes] == ["0", "1", "merge"]


def test_mistakes() -> None:
    assert check('{ use = ["first", "rust"] }') == ["GB304"]
    assert check('{ use = ["in", "rest"] }') == ["GB304"]
    assert check('{ use = ["first"], repeat = 2 }') == ["GB109"]
    assert check('{ use = ["first", "rest"], share = true }') == ["GB317"]
    assert check('{ use = ["first", 3] }') == ["GB103"]
    assert len(check("{ use = [] }")) == 1


def test_each_copy_reads_as_many_values_as_the_first() -> None:
    assert check('{ use = ["first", "two"] }') == ["GB312"]
    assert check('{ use = ["two", "first"], from = { p = "x", q = "x" } }') == ["GB312"]
    assert "GB304" in check('{ use = ["in", "two"] }')
