"""How much of a large network is read for its figure."""

from __future__ import annotations

import pytest

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options, figure
from graphbuilder.backends.graphviz.read.reader import TooMuch
from graphbuilder.backends.graphviz.read.scene import Scene

MOST = 4_000
SPEC = """
format = 1
name = "long"
[inputs]
x = [4, 8, 8]
[model]
body = [{{ use = "long" }}, {{ use = "long" }}]
[blocks.long]
body = [{}]
"""


@pytest.mark.parametrize(("steps", "stopped"), [(MOST // 2 - 10, 0), (MOST // 2 + 10, 2)])
def test_a_fold_is_read_no_further_than_to_4000_boxes(
    steps: int, stopped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, caught = figure._read, list[TooMuch]()  # pyright: ignore[reportPrivateUsage]

    def noted(*given: object) -> Scene:
        try:
            return read(*given)  # pyright: ignore[reportArgumentType]
        except TooMuch as error:
            caught.append(error)
            raise

    monkeypatch.setattr(figure, "_read", noted)
    network = compiler.check_text(SPEC.format('{ op = "relu" }, { op = "tanh" }, ' * (steps // 2))).network
    assert network is not None
    figure.scene(network.typed, Options())
    assert len(caught) == stopped
