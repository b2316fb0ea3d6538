"""Networks that a test writes itself: a body, and whatever it uses, below one input."""

from graphbuilder import compiler
from graphbuilder.analysis.inference import TypedGraph

HEAD = 'format = 1\nname = "net"\n[inputs]\nx = [3, 32, 32]\n'


def written(rest: str) -> TypedGraph:
    """The network of a spec without its head: ``x``, an input of 3×32×32, is there."""
    checked = compiler.check_text(HEAD + rest)
    assert checked.network is not None, checked.diagnostics
    return checked.network.typed
