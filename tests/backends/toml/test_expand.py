"""The expanded spec is the same network, expands to itself, and reads well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from graphbuilder.analysis.inference import TypedGraph, infer
from graphbuilder.backends.toml import expand
from graphbuilder.compiler import check_text, load
from graphbuilder.diagnostics import CompileError
from graphbuilder.ir import Graph, Initialiser
from tests.clock import cost, least
from tests.elaborate.cases import CASES, HEAD

SPECS = sorted((Path(__file__).parents[3] / "specs").glob("*.toml"))

MORE = {
    "taps": """
        [model]
        body = [
          { id = "stages", use = "stage", repeat = 5 },
          { id = "early", op = "identity", from = "stages.1" },
          { id = "inner", op = "identity", from = "stages.3.mid" },
          { op = "add", from = ["stages", "early", "inner"] },
        ]
        [blocks.stage]
        body = [{ op = "conv", out = 8 }, { id = "mid", op = "relu" }, { op = "conv", out = 8 }]
    """,
    "a_tap_beside_an_untapped_use": """
        [model]
        body = [{ id = "a", use = "unit" }, { id = "b", use = "unit" }, { op = "add", from = ["b", "a.conv_x"] }]
        [blocks.unit]
        body = [{ op = "conv", out = 8 }, { id = "conv_x", op = "conv", out = 8 }, { op = "conv", out = 8 }]
    """,
    "equal_bodies_of_which_one_reader_takes_more_than_the_other": """
        [model]
        body = [{ id = "pair", use = "layer", repeat = 2, merge = "concat" }]
        [outputs]
        inner = "pair.0.conv"
        [blocks.layer]
        body = [
          { use = "cell" },
          { op = "concat", from = ["cell.norm", "in", "cell"] },
          { id = "conv", op = "dwconv", kernel = 1 },
          { op = "crop", size = 2, from = "cell" },
        ]
        [blocks.cell]
        body = [{ id = "norm", op = "batchnorm" }]
    """,
    "copies_of_an_op_differ_in_several_arguments": """
        [model]
        body = [{ op = "conv", repeat = 3, out = "=8 * (i + 1)", kernel = "=[[3, 1], [1, 3], 3][i]", padding = "same" }]
    """,
    "outputs_that_nobody_reads_are_kept": """
        [model]
        body = [{ id = "a", use = "two" }, { op = "relu", from = "a.out" }]
        [blocks.two]
        body = [{ op = "conv", out = 8 }, { id = "side", op = "conv", out = 4, from = "in" }]
        outputs = { out = "conv", side = "side" }
    """,
    "several_inputs_and_outputs": """
        format = 1
        name = "case"
        [inputs]
        x = [8, 16, 16]
        y = [8, 8, 8]
        [model]
        body = [
          { id = "cross", use = "cross", from = { high = "x", low = "y" }, repeat = 2 },
          { id = "again", use = "cross" },
          { op = "globalavgpool", from = "again.low" },
        ]
        [outputs]
        pooled = "globalavgpool"
        high = "again.high"
        [blocks.cross]
        inputs = ["high", "low"]
        outputs = { high = "conv", low = "low_out" }
        body = [
          { op = "conv", out = 8, kernel = 3, padding = 1, from = "high" },
          { id = "low_out", op = "conv", out = 8, kernel = 1, from = "low" },
        ]
    """,
    "outputs_of_training": """
        [model]
        body = [{ op = "conv", out = 8 }, { id = "aux", op = "relu" }, { op = "tanh", from = "conv" }]
        [outputs]
        aux = { from = "aux", training = true }
        y = "tanh"
    """,
    "copies_of_an_op_differ_in_initialisers": """
        [model]
        body = [
          { op = "conv", out = 8, repeat = 2, init = { kind = "constant", value = "=0.5 * i" } },
          { id = "a", op = "conv", out = 8, repeat = ["ones", "zeros"], init = { weight = "=item", bias = "ones" } },
          { id = "both", op = "conv", repeat = [1, 3], out = "=8 * item", init = "=['he_uniform', 'normal'][i]" },
        ]
    """,
    "a_body_that_passes_its_input_on": """
        [model]
        body = [{ use = "unit" }, { use = "unit", deep = true }]
        [blocks.unit]
        args = { deep = false }
        body = [{ op = "tanh" }, { op = "conv", out = 8, when = "=deep", from = "in" }]
        shortcut = [{ op = "conv", out = 8 }]
        after = [{ op = "relu" }]
    """,
    "branches_that_are_not_joined": """
        [model]
        body = [{ id = "pair", use = "pair" }, { op = "concat", from = ["pair.left", "pair.right"] }]
        [blocks.pair]
        branches.left = [{ op = "conv", out = 4 }]
        branches.right = [{ op = "conv", out = 6 }, { op = "relu" }]
    """,
    "titles_and_initialisers": """
        [init]
        conv = "kaiming_normal"
        [model]
        body = [
          { op = "conv", out = 8, title = "First \\"layer\\"", init = { kind = "truncated_normal", std = 0.05 } },
          { op = "conv", out = 8, init = { bias = { kind = "constant", value = 0.5 } } },
          { use = "unit" },
        ]
        [blocks.unit]
        title = "A unit"
        body = [{ op = "sepconv", out = 8, kernel = 3, init = "glorot_normal" }]
    """,
    "numbers_that_are_taken": """
        [model]
        body = [{ use = "unit", out = 4 }, { use = "unit_2" }, { use = "unit", out = 8 }, { use = "unit", out = 9 }]
        [blocks.unit]
        args = { out = "int" }
        body = [{ op = "conv", out = "=out" }]
        [blocks.unit_2]
        body = [{ op = "relu" }]
    """,
    "a_step_called_merge": """
        [model]
        body = [{ use = "unit" }]
        [blocks.unit]
        body = [{ op = "conv", out = 8 }, { id = "merge", op = "add", from = ["in", "conv"] }, { op = "relu" }]
    """,
    "shared_weights": """
        [model]
        body = [
          { id = "left", use = "unit" },
          { id = "right", share = "left", from = "x" },
          { op = "add", from = ["left", "right"] },
          { id = "again", op = "conv", out = 8, repeat = 3, share = true },
        ]
        [blocks.unit]
        body = [{ op = "conv", out = 8 }]
    """,
    "keras": """
        format = 1
        name = "keras"
        dialect = "keras"
        [inputs]
        image = [3, 8, 8]
        [model]
        body = [
          { op = "sepconv", out = 8, kernel = 3, norm = true },
          { op = "batchnorm" },
          { op = "batchnorm", eps = 1e-5, momentum = 0.1 },
          { op = "avgpool", kernel = 2 },
          { op = "avgpool", kernel = 2, count_padding = true },
          { op = "conv", out = 4, kernel = 1, init = { kind = "xavier_uniform" } },
        ]
    """,
    "side_by_side": """
        [model]
        body = [{ id = "paths", use = "path", repeat = 4, rate = "=i + 1", merge = "concat" }]
        [blocks.path]
        args = { rate = 1 }
        body = [{ op = "conv", out = 4, dilation = "=rate" }, { op = "batchnorm" }]
    """,
    "channels_last": """
        format = 1
        name = "case"
        title = "Words"
        [inputs]
        words = { shape = [16, 8], layout = "channels_last" }
        [model]
        body = [{ op = "linear", out = 4 }]
    """,
}

RANDOM = {"weight": Initialiser("normal")}


def network(text: str) -> TypedGraph:
    """The network of a spec, or of what stands behind the usual head."""
    text = dedent(text)
    text = text if "format = 1" in text else HEAD + text
    checked = check_text(text)
    assert checked.network is not None, "\n".join([text, *map(str, checked.diagnostics)])
    return checked.network.typed


def leaves(typed: TypedGraph, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every weight with its shape and initialiser."""
    for node in typed.graph.nodes:
        path = f"{prefix}{node.module}."
        if isinstance(node.callee, Graph):
            yield from leaves(typed.bodies[node.name], path)
        else:
            for weight in node.callee.weights(typed.inputs_of(node)):
                yield f"{path}{weight.name}", (weight.shape, node.init.get(weight.name, weight.init))


def assert_same(typed: TypedGraph) -> str:
    text = expand(typed)
    again = network(text)
    assert expand(again) == text
    assert dict(leaves(again)) == dict(leaves(typed))
    assert again.inputs == typed.inputs
    names, names_again = (([name for name, _ in each.graph.outputs], each.graph.training) for each in (typed, again))
    assert (names_again, again.outputs) == (names, typed.outputs)
    return text


@pytest.mark.parametrize("name", CASES)
def test_every_construct_of_the_language(name: str) -> None:
    assert_same(network(CASES[name]))


@pytest.mark.parametrize("name", MORE)
def test_corners(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"expand/{name}.toml", assert_same(network(MORE[name])))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_specs(path: Path) -> None:
    text = assert_same(load(path).typed)
    assert "when" not in text and "params" not in text


def test_xception(golden: Callable[[str, str], None]) -> None:
    golden("expand/xception.toml", expand(load(SPECS[0].parent / "xception.toml").typed))


def test_equal_copies_are_counted_and_not_written_out() -> None:
    case = """
        [model]
        body = [{ use = "unit", repeat = 40000 }]
        [blocks.unit]
        body = [{ op = "relu" }]
    """

    def writing() -> float:
        typed, texts = network(case), list[str]()
        spent = cost(lambda: texts.append(expand(typed)))
        assert '{ use = "unit", repeat = 40000 }' in texts[0]
        return spent

    assert least(writing, 1) < 1


def test_what_no_list_can_hold_is_refused() -> None:
    typed = network(MORE["copies_of_an_op_differ_in_several_arguments"])
    (node,) = typed.graph.nodes
    repeat = node.callee
    assert isinstance(repeat, Graph)
    bare, *others = repeat.nodes
    odd = replace(repeat, nodes=(replace(bare, init={}), *(replace(each, init=RANDOM) for each in others)))
    with pytest.raises(CompileError, match="GB511"):
        expand(infer(replace(typed.graph, nodes=(replace(node, callee=odd),)), typed.inputs))
