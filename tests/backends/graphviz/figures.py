"""The figures of the networks that are drawn in tests."""

from functools import cache

from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing
from graphbuilder.backends.graphviz.lay.drawing import Drawing
from tests.backends.graphviz.networks import network


@cache
def laid_out(name: str, options: Options = Options()) -> Drawing:  # noqa: B008  (it is frozen)
    """The figure of that network, laid out once for all tests that look at it."""
    return drawing(network(name), options)
