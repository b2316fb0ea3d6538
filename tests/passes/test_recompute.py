"""Which blocks are run again in the backward pass, and what is held then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import graphbuilder as gb
from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.holding import Held, held
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python import write
from graphbuilder.passes import optimise

# Maps of 4x8x8 = 256 elements: a unit makes three, a pair six and its sum; `wide` makes four of 1024.
SPEC = """\
format = 1
name = "chain"
[inputs]
x = [4, 8, 8]
[defaults]
conv = {{ kernel = 1, bias = false }}
[model]
body = [{body}]
[blocks.unit]
args = {{ out = 4 }}
body = [{{ op = "conv", out = "=out" }}, {{ op = "batchnorm" }}, {{ op = "relu" }}]
[blocks.pair]
body = [{{ use = "unit" }}, {{ use = "unit" }}]
shortcut = "identity"
[blocks.wide]
body = [{{ use = "unit", out = 16 }}, {{ op = "conv", out = 16 }}]
[blocks.bare]
body = [{{ op = "relu" }}]
"""
MAP = 256


def typed_of(*uses: str) -> TypedGraph:
    checked = gb.check_text(SPEC.format(body=", ".join(f"{{ {use} }}" for use in uses)))
    assert checked.network is not None, checked.diagnostics
    return checked.network.typed


def again(typed: TypedGraph) -> tuple[TypedGraph, list[str]]:
    """Behind the pass, and the paths of what it marked."""
    after = optimise(typed, "training", recomputed=True).typed
    return after, list(marked(after))


def marked(typed: TypedGraph, path: str = "") -> Iterator[str]:
    for node in typed.graph.nodes:
        body = typed.bodies.get(node.name)
        if body is not None and body.graph.recomputed:
            yield path + node.name
        yield from marked(body, f"{path}{node.name}.") if body is not None else ()


PAIR, UNIT, WIDE, BARE = 'use = "pair"', 'use = "unit"', 'use = "wide"', 'use = "bare"'
PAIRS = 'id = "deep", use = "pair", repeat = 5'


@pytest.mark.parametrize(
    ("uses", "paths", "kept", "largest"),
    [
        # The outermost: of a pair the sum is kept, and the seven maps of one are made again.
        ((PAIRS,), [f"deep.{number}" for number in range(5)], 5, 7),
        ((PAIRS, UNIT), [*(f"deep.{number}" for number in range(5)), "unit"], 6, 7),
        ((WIDE, WIDE), ["wide", "wide_2"], 2 * 4, 4 * 4),
        # More than half of all: a part of it is run again, and its convolution keeps what it makes.
        ((WIDE, *[UNIT] * 4), ["wide.unit", "unit", "unit_2", "unit_3", "unit_4"], 2 * 4 + 4, 3 * 4),
        # Nothing is gained where it would be kept and made again.
        ((WIDE,), [], 4 * 4, 0),
        # What makes only what it gives is just kept.
        ((PAIRS, BARE), [f"deep.{number}" for number in range(5)], 6, 7),
        (('op = "relu"', 'op = "relu"'), [], 2, 0),
    ],
)
def test_what_is_run_again(uses: tuple[str, ...], paths: list[str], kept: int, largest: int) -> None:
    after, found = again(typed_of(*uses))
    assert found == paths
    assert held(after) == Held(kept * MAP, largest * MAP)


def test_of_a_plain_network_all_is_held() -> None:
    typed = typed_of(PAIRS, UNIT)
    assert held(typed) == Held(costs(typed).activations, 0)


def test_equal_copies_stay_one_body() -> None:
    after, _ = again(typed_of(PAIRS.replace("5", "1000"), UNIT))
    repeat = after.bodies["deep"]
    assert repeat.bodies["0"] is repeat.bodies["999"]
    assert write(after).count("class ") == 4


def test_one_class_for_both_where_only_some_calls_are_run_again() -> None:
    """The units in pairs are made again with these, the one beside them by itself."""
    source = write(again(typed_of(PAIRS, UNIT))[0])
    assert "class UnitRecomputed(Unit):\n    forward = recomputed(Unit.forward)\n" in source
    assert source.count("@recomputed\n    def forward") == 1
    assert "recomputed" not in write(typed_of(PAIRS, UNIT))


@pytest.mark.parametrize("pipeline", ["none", "inference"])
def test_only_in_training(pipeline: str) -> None:
    with pytest.raises(ValueError, match=f"recompute is for .*training.*{pipeline}"):
        optimise(typed_of(PAIR), pipeline, recomputed=True)
