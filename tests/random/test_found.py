"""What random specs have found, each as the smallest spec that shows it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.compiler import check_text

HEAD = """
format = 1
name = "case"
[inputs]
x = [4, 12]
"""


def network(text: str) -> TypedGraph:
    checked = check_text(HEAD + dedent(text))
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    return checked.network.typed


def test_all_copies_are_read_also_where_they_are_alike() -> None:
    typed = network("""
        [model]
        body = [{ op = "linear", out = 4, repeat = 5 }, { op = "concat", from = "linear.*" }]
    """)
    assert typed.outputs[0].shape == (20, 12)


@pytest.mark.parametrize("copy", range(5))
def test_any_copy_is_read_also_where_they_are_alike(copy: int) -> None:
    typed = network(f"""
        [model]
        body = [{{ op = "linear", out = 4, repeat = 5 }}, {{ op = "relu", from = "linear.{copy}" }}]
    """)
    assert typed.graph.nodes[1].inputs[0] == ("linear", str(copy))


def test_a_step_inside_one_of_the_copies_that_share_their_weights_is_read() -> None:
    network("""
        [model]
        body = [{ id = "loop", use = "unit", repeat = 3, share = true }, { op = "add", from = ["loop", "loop.1.mid"] }]
        [blocks.unit]
        body = [{ id = "mid", op = "linear", out = 4 }, { op = "relu" }]
    """)
