"""Times of calls: every call has one, parts fit into what is around them, shared modules share."""

from pathlib import Path

import pytest

from graphbuilder import compiler
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.torch import clocked
from graphbuilder.backends.torch.clocking import paced

NETWORKS = Path("tests/backends/networks")


def network(name: str) -> TypedGraph:
    checked = compiler.check(NETWORKS / f"{name}.toml")
    assert checked.network is not None, checked.diagnostics
    return checked.network.typed


def paths(typed: TypedGraph, prefix: str = "") -> set[str]:
    found = {f"{prefix}{node.name}" for node in typed.graph.nodes}
    return found.union(*(paths(body, f"{prefix}{name}.") for name, body in typed.bodies.items()))


@pytest.mark.parametrize("name", ["siamese", "inception", "vit", "shuffle"])
def test_every_call_has_its_time_and_parts_fit_into_the_whole(name: str) -> None:
    told: list[tuple[int, int]] = []
    seconds, where = clocked(network(name), device="cpu", batch=2, tell=lambda *each: told.append(each))
    assert seconds.keys() == {"", *paths(network(name))}
    assert where == "a batch of 2 on cpu"
    assert told[0][0] == 0 and told[-1][0] == told[-1][1]
    assert 0 < sum(seconds[node.name] for node in network(name).graph.nodes) < 1.5 * seconds[""]
    assert any(seconds[path] for path in seconds if path.endswith(("merge", "concat", "add")))


def test_calls_of_one_module_share_its_time() -> None:
    seconds, _ = clocked(network("siamese"), device="cpu", batch=1, tell=lambda *_: None)
    assert seconds["tower.conv"] == seconds["twin.conv"] > 0


def test_outputs_of_training_take_no_time() -> None:
    checked = compiler.check("specs/googlenet.toml", settings=["size=64"])
    assert checked.network is not None, checked.diagnostics
    typed = checked.network.typed
    seconds, _ = clocked(typed, device="cpu", batch=1, tell=lambda *_: None)
    assert typed.graph.auxiliary
    assert all(seconds[name] == 0 for name in typed.graph.auxiliary)


@pytest.mark.parametrize(("seconds", "warm", "timed"), [(0.5, 3, 10), (1.5, 3, 5), (2.5, 2, 2), (20.0, 1, 2)])
def test_what_is_slow_is_run_seldom(seconds: float, warm: int, timed: int) -> None:
    runs: list[float] = []

    def run() -> dict[str, float]:
        runs.append(seconds)
        return {"": seconds}

    assert len(list(paced(run, lambda *_: None))) == timed
    assert len(runs) == warm + timed
