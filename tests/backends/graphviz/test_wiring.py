"""Every edge is drawn from who makes a value to all that read it, though it may pass blocks on its way unchanged."""

import pytest

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing
from tests.backends.graphviz import geometry
from tests.backends.graphviz.networks import network
from tests.backends.graphviz.passing import PASSING
from tests.backends.graphviz.wiring import undrawn
from tests.random.networks import Network

OPTIONS = (
    Options(),
    Options(direction="LR"),
    Options(level=0),
    Options(level=1),
    Options(expand=("*",), names=True),
)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", PASSING)
def test_what_passes_a_block_is_drawn_from_who_made_it(name: str, options: Options) -> None:
    figure = drawing(network(name), options)
    assert undrawn(network(name), figure, options) == []
    assert list(geometry.faults(figure)) == []


@pytest.mark.parametrize("seed", [*range(30), 244, 459, 662, 1241, 1884])
def test_every_edge_of_a_random_spec_is_drawn(seed: int) -> None:
    found = compiler.check_text(Network(seed).text).network
    assert found is not None
    for options in OPTIONS:
        assert undrawn(found.typed, drawing(found.typed, options), options) == []
