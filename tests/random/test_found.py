"""What random specs have found, each as the smallest spec that shows it."""

from __future__ import annotations

import warnings
from textwrap import dedent

import pytest

import graphbuilder as gb
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.compiler import check_text, source
from tests.random.verify import failure

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


def test_copies_side_by_side_that_are_no_plain_calls() -> None:
    """A batch norm of channels that stand last moves them; the list of copies was called without that."""
    agrees("""
        [inputs.y]
        shape = [4, 4, 6]
        layout = "channels_last"
        [model]
        body = [{ op = "relu", from = "y" }, { op = "batchnorm", repeat = 2, merge = "concat" }]
    """)


def test_copies_that_share_their_weights_are_expanded_with_what_is_read_inside() -> None:
    agrees("""
        [model]
        body = [{ use = "unit", repeat = 3, share = true }, { op = "add", from = ["unit", "unit.1.mid"] }]
        [blocks.unit]
        body = [{ id = "mid", op = "linear", out = 4 }]
    """)


def test_what_is_read_deep_inside_a_block_is_no_output_that_it_declares() -> None:
    agrees("""
        [model]
        body = [
          { id = "one", use = "outer" },
          { id = "two", share = "one", from = "one.inner.side" },
          { op = "add", from = ["one.inner.side", "two.main"] },
        ]
        [blocks.outer]
        body = [{ id = "inner", use = "pair" }]
        [blocks.pair]
        body = [{ id = "left", op = "linear", out = 4 }, { id = "right", op = "relu" }]
        outputs = { main = "right", side = "left" }
    """)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ('{ op = "globalavgpool", keep = true }, { op = "instancenorm" }', "GB208"),
        ('{ op = "maxpool", kernel = 2, dilation = 16, padding = "same" }', "GB212"),
    ],
)
def test_what_could_never_run_is_refused(steps: str, code: str) -> None:
    """An instance norm over one place raises in torch; a window that holds padding alone gives minus infinity."""
    checked = check_text(f"{HEAD}[model]\nbody = [{steps}]\n")
    assert [each.code for each in checked.diagnostics] == [code]


def agrees(text: str) -> None:
    """Everything that is asked of a random network holds."""
    typed = network(text)
    outputs = dict(zip([name for name, _ in typed.graph.outputs], typed.outputs, strict=True))
    assert failure(HEAD + dedent(text), outputs) is None


def test_numbers_that_touch_a_word_are_written_without_a_warning_of_pythons() -> None:
    checked = check_text(
        HEAD
        + """
[model]
body = [{ use = "unit", out = 4 }, { use = "unit", out = 8 }]
[blocks.unit]
args = { out = "int" }
body = [{ op = "linear", out = "=2if out == 4else 3" }]
"""
    )
    assert checked.network is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "class Unit" in source(checked.network)


def test_a_share_of_a_step_whose_result_is_not_known() -> None:
    """There was a call of it, and no node."""
    checked = check_text(
        HEAD
        + """
[model]
body = [{ op = "reshape", shape = [3, 4, 0] }, { share = "reshape", from = "x" }]
"""
    )
    assert [each.code for each in checked.diagnostics] == ["GB209"]


@pytest.mark.parametrize(("times", "stage"), [(1, None), (4, None), (30, "gradients")])
def test_only_slopes_that_no_number_holds_are_not_finite(times: int, stage: str | None) -> None:
    """At zero an L2 norm has a slope of 10^12: four leave single precision, thirty double precision as well."""
    text = f"""
        [model]
        body = [
          {{ op = "linear", out = 4, bias = false, init = "zeros" }},
          {{ op = "l2norm", repeat = {times} }},
          {{ id = "last", op = "linear", out = 2 }},
        ]
    """
    found = failure(HEAD + dedent(text), {"last": network(text).outputs[0]})
    assert (found and found.stage) == stage, found


@pytest.mark.parametrize(("times", "stage"), [(2, None), (7, None), (12, "gradients")])
def test_only_squares_that_no_number_holds_are_not_finite(times: int, stage: str | None) -> None:
    text = f"""
        [model]
        body = [{{ id = "last", use = "square", repeat = {times} }}]

        [blocks.square]
        body = [{{ op = "identity" }}]
        shortcut = [{{ op = "identity" }}]
        merge = "mul"
    """
    found = failure(HEAD + dedent(text), {"last": network(text).outputs[0]})
    assert (found and found.stage) == stage, found


def test_a_block_that_ends_in_several_values_is_read_inside_as_well() -> None:
    """Expanded, it declared outputs called 0 and 1, which no spec can."""
    agrees("""
        [model]
        body = [{ use = "stage" }]
        [outputs]
        mean = "stage.mean"
        [blocks.stage]
        body = [{ id = "mean", op = "globalavgpool" }, { op = "split", sizes = [3, 1] }]
    """)


@pytest.mark.parametrize("name", ["other", "continuous_bias_layer"])
def test_layers_of_an_ops_own_are_not_filled_as_those_of_the_network(name: str) -> None:
    """One that learns no bias was asked for it; and a block may be called as their class is."""
    agrees(f"""
        [inputs.y]
        shape = [4, 4, 6]
        layout = "channels_last"
        [init]
        linear = "xavier_uniform"
        [model]
        body = [
          {{ op = "windowattention", heads = 1, window = [1, 2], hidden = 6, from = "y" }},
          {{ use = "{name}" }},
        ]
        [outputs]
        y = "{name}"
        [blocks.{name}]
        body = [{{ op = "linear", out = 2, bias = true }}, {{ op = "relu" }}]
    """)


def test_what_is_too_much_is_told_also_where_steps_are_passed_over() -> None:
    """A network that is elaborated once more, without what nobody needs, was refused without a word."""
    checked = check_text(
        HEAD
        + """
[model]
body = [{ use = "unit" }, { op = "relu" }]
[outputs]
out = "unit.wide"
[blocks.unit]
body = [{ id = "wide", op = "linear", out = 2000000000 }, { op = "linear", out = 2000000000 }]
"""
    )
    assert [each.code for each in checked.diagnostics if each.severity == "error"] == ["GB606"]


@pytest.mark.parametrize(
    "steps",
    [
        # Read by a step that nobody needs, which a step that is never there reads.
        """
          { use = "cell" },
          { id = "again", use = "cell", from = "cell" },
          { id = "third", use = "cell" },
          { id = "dead", op = "tanh", from = "again.inner" },
          { op = "relu", when = false },
          { op = "identity", from = "third.inner" },
        """,
        # Read by a step that lends another its weights, and is not needed itself.
        """
          { use = "cell", repeat = 2 },
          { id = "dead", op = "relu", from = "cell.1.beside" },
          { share = "dead", from = "cell" },
        """,
    ],
)
def test_what_only_a_step_without_a_reader_reads_is_not_in_the_expanded_spec(steps: str) -> None:
    checked = check_text(
        HEAD
        + f"""
        [model]
        body = [{steps}]

        [blocks.cell]
        body = [
          {{ id = "inner", op = "mish" }},
          {{ id = "beside", op = "batchnorm" }},
          {{ id = "last", op = "silu", from = "inner" }},
        ]
        """
    )
    assert checked.network is not None and "GB318" in [found.code for found in checked.diagnostics]
    text = gb.expand(checked.network)
    again = check_text(text)
    assert again.network is not None and again.diagnostics == ()
    assert gb.expand(again.network) == text
    assert set(gb.compile(again.network).state_dict()) == set(gb.compile(checked.network).state_dict())


def test_a_step_with_the_name_of_what_its_block_reads_is_told_and_out_of_the_way() -> None:
    checked = check_text(
        HEAD
        + dedent("""
        [model]
        body = [{ use = "unit" }, { use = "unit" }]
        [blocks.unit]
        body = [{ id = "in", op = "linear", out = "=2 * in_channels" }, { op = "linear", out = "=in_channels" }]
        shortcut = "identity"
    """)
    )
    assert [(each.code, each.message) for each in checked.diagnostics] == [("GB111", "`in` is a word of Python")]


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_neighbours_over_the_channels_of_cubes_in_any_order_of_memory(axis: int) -> None:
    text = f"""
        format = 1
        name = "case"
        [inputs]
        x = [2, 4, 4, 3]
        [model]
        body = [{{ op = "linear", out = 4, axis = {axis} }}, {{ op = "localresponsenorm", size = 4 }}]
    """
    checked = check_text(dedent(text))
    assert checked.network is not None
    assert failure(dedent(text), checked.network.outputs) is None
