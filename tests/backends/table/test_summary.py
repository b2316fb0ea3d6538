"""What a summary counts and how it is laid out; numbers are Keras's and the paper's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest
from rich.console import Console

from graphbuilder.backends.table import Block, Summary, numbers, summarise
from graphbuilder.backends.table.columns import Column, plain
from graphbuilder.backends.table.screen import show
from graphbuilder.compiler import check_text, load

SPECS = Path(__file__).parents[3] / "specs"
HEAD = """
format = 1
name = "case"
[inputs]
x = [8, 16, 16]
[blocks.unit]
body = [{ op = "conv", out = 8, kernel = 3, padding = "same", bias = false }, { op = "batchnorm" }]
"""
KERNEL = 8 * 8 * 9
UNIT = KERNEL + 4 * 8


@pytest.fixture(scope="module")
def xception() -> Summary:
    return summarise(load(SPECS / "xception.toml").typed)


def summary(model: str) -> Summary:
    checked = check_text(HEAD + dedent(model))
    assert checked.network is not None, checked.diagnostics
    return summarise(checked.network.typed)


def flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        yield from flat(block.blocks)


def test_xception_counts_what_keras_counts(xception: Summary) -> None:
    data = xception.data()
    assert data["parameters"] == {
        "total": 22_910_480,
        "trainable": 22_855_952,
        "non_trainable": 54_528,
        "unique": 22_855_952,
        "executed": 22_855_952,
    }
    assert round(data["macs"] / 1e9, 3) == 8.357
    assert (data["inputs"], data["outputs"]) == ({"image": [3, 299, 299]}, {"logits": [1000]})
    assert data["bytes"]["bfloat16"]["weights"] == 2 * 22_910_480


def test_blocks_sum_to_the_whole(xception: Summary) -> None:
    assert sum(block.costs.total for block in xception.blocks) == xception.costs.total
    assert sum(block.costs.macs for block in xception.blocks) == xception.costs.macs
    for block in flat(xception.blocks):
        if block.blocks:
            assert block.repeat * sum(each.costs.macs for each in block.blocks) == block.costs.macs
            assert block.repeat * sum(each.costs.total for each in block.blocks) == block.costs.total


def test_a_repeat_is_one_row_with_its_count(xception: Summary) -> None:
    middle = xception.blocks[1]
    assert (middle.name, middle.repeat, middle.what, middle.costs.total) == ("middle", 8, "middle", 12_946_752)
    unit = middle.blocks[0]
    assert (unit.path, unit.repeat) == ("middle.0.unit", 3)
    assert unit.blocks[1].path == "middle.0.unit.0.sepconv"


def test_the_looks(xception: Summary, golden: Callable[[str, str], None]) -> None:
    golden("summary/xception.txt", xception.text())
    golden("summary/xception_4.txt", xception.text(4))
    golden("summary/xception.md", xception.markdown(2))
    golden("summary/xception.json", json.dumps(xception.data(), indent=1) + "\n")
    assert str(xception) == xception.text()


def test_what_rows_below_copies_count_is_said_where_there_are_such(xception: Summary) -> None:
    text = """
    format = 1
    name = "plain"
    [inputs]
    image = [3, 8, 8]
    [model]
    body = [{ op = "relu", repeat = 3 }]
    """
    network = check_text(dedent(text), "plain.toml").network
    assert "a row with ×N counts all N, the rows below it one" in xception.text()
    assert network and "counts all N" not in summarise(network.typed).text()


def test_copies_that_differ_are_rows_of_their_own() -> None:
    (stage,) = summary(
        """
        [model]
        body = [{ id = "stage", op = "conv", kernel = 1, repeat = [8, 8, 16, 16], out = "=item" }]
        """
    ).blocks
    assert [(block.name, block.path, block.repeat) for block in stage.blocks] == [
        ("0-1", "stage.0", 2),
        ("2", "stage.2", 1),
        ("3", "stage.3", 1),
    ]


def test_shared_weights_count_once() -> None:
    found = summary(
        """
        [model]
        body = [
          { use = "unit", repeat = 8, share = true },
          { id = "last", use = "unit" },
          { id = "again", share = "last" },
        ]
        """
    )
    assert [block.shares for block in found.blocks if block.what == "unit"].count("one") == 1
    assert found.costs.trainable == 2 * (KERNEL + 16)
    assert found.costs.executed == 10 * (KERNEL + 16)
    shared = next(block for block in found.blocks if block.name == "again")
    assert [block.costs.total for block in (shared, *shared.blocks)] == [0, 0, 0]
    assert "(one set of weights)" in found.text()
    assert "(weights of last)" in found.text()


def test_what_runs_in_training_only_has_weights_and_no_other_costs() -> None:
    with_it, without = (
        summary(
            f"""
            [model]
            body = [
              {{ use = "unit" }},
              {{ id = "aux", use = "unit", repeat = 2, when = {str(aux).lower()} }},
              {{ op = "relu", from = "unit" }},
            ]
            [outputs]
            y = "relu"
            aux = {{ from = "aux", training = true }}
            """
        )
        for aux in (True, False)
    )
    assert with_it.costs.total == without.costs.total + 2 * UNIT
    assert with_it.costs[2:] == without.costs[2:]
    assert with_it.data()["training_only"] == ["aux"] and "training_only" not in without.data()
    assert [block.data().get("training_only") for block in with_it.blocks] == [None, True, None]
    text = with_it.text()
    assert "outputs          y 8x16x16, aux 8x16x16 (training only)" in text
    assert "unit (training only)" in text
    within = [inner.costs for block in with_it.blocks if block.training for inner in block.blocks]
    assert within and all(cost.trainable and not (cost.macs or cost.activations or cost.executed) for cost in within)


def test_copies_that_are_read_are_no_outputs() -> None:
    model = """
        [model]
        body = [
          { id = "layer", use = "unit", repeat = 3 },
          { op = "concat", from = "layer.*" },
        ]
    """
    layer, concat = summary(model).blocks
    assert (layer.name, list(layer.outputs), layer.repeat) == ("layer", ["out"], 3)
    assert next(iter(concat.outputs.values())).shape == (24, 16, 16)


def test_memory_of_a_batch(xception: Summary) -> None:
    with_batch = summarise(load(SPECS / "xception.toml").typed, batch=8)
    expected = 2 * 8 * 4 * xception.data()["activations"]
    assert with_batch.data()["batch"] == {"size": 8, "bytes": with_batch.passes()}
    assert with_batch.passes()["float32"] == expected == 2 * with_batch.passes()["bfloat16"]
    assert f"batch of 8       forward and backward at most {numbers.memory(expected)} in float32" in with_batch.text()
    assert "batch" not in xception.data() and "batch" not in xception.text()


def test_shares_are_of_what_their_row_counts() -> None:
    found = summary(
        """
        [model]
        body = [{ use = "pair", repeat = 2 }, { use = "unit" }]
        [blocks.pair]
        body = [{ use = "unit", repeat = 2 }]
        """
    )
    rows = [line.split() for line in found.text(2).splitlines()]
    assert [row[row.index("%") - 1] for row in rows if "%" in row] == ["80.0", "40.0", "20.0", "20.0"]


def test_without_macs_shares_are_of_parameters() -> None:
    text = summary('[model]\nbody = [{ op = "batchnorm" }]').text()
    assert "parameters, share" in text
    assert "100.0 %" in text


def test_many_copies_are_no_work() -> None:
    found = summary('[model]\nbody = [{ use = "unit", repeat = 30000 }]')
    assert [(block.name, block.repeat) for block in found.blocks] == [("unit", 30_000)]
    assert found.costs.total == 30_000 * UNIT


def test_a_terminal_gets_colour_and_a_narrow_one_no_bars(xception: Summary) -> None:
    def shown(width: int) -> str:
        console = Console(file=StringIO(), width=width, force_terminal=True, color_system="standard", _environ={})
        show(xception, 2, console)
        file = console.file
        assert isinstance(file, StringIO)
        return file.getvalue()

    assert "\x1b[" in shown(120)
    assert "█" in shown(120)
    assert "█" not in shown(80) and "share" in shown(80)
    assert "12,911,808" in shown(80)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (9_999, "10.0 k"),
        (99_949, "99.9 k"),
        (99_950, "100 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (8_357_403_496, "8.36 G"),
        (10**18, "1000 P"),
    ],
)
def test_numbers_have_three_digits(number: int, text: str) -> None:
    assert numbers.scaled(number) == text


@pytest.mark.parametrize(
    ("size", "text"), [(999, "999 B"), (1000, "0.98 KiB"), (2**20, "1.00 MiB"), (2**30 - 1, "1.00 GiB")]
)
def test_sizes_are_binary(size: int, text: str) -> None:
    assert numbers.memory(size) == text


@pytest.mark.parametrize(("part", "text"), [(0, ""), (1, "▏"), (32, "████"), (33, "████▏"), (64, "████████")])
def test_bars_are_drawn_in_eighths(part: int, text: str) -> None:
    assert numbers.bar(part, 64) == text


def test_a_long_table_takes_as_long_as_its_rows() -> None:
    class Counted(tuple[str, ...]):
        """Cells that count how often all of them are looked through."""

        looked = 0

        def __iter__(self) -> Iterator[str]:
            Counted.looked += 1
            return super().__iter__()

    cells = Counted(str(number) for number in range(100))
    assert len(list(plain([Column("numbers", cells, right=True)]))) == 102
    assert Counted.looked <= 2
