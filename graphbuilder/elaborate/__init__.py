"""From a spec to a typed graph. Knows the language's meaning; knows no backend."""

from graphbuilder.elaborate.blame import blamed
from graphbuilder.elaborate.context import Limits
from graphbuilder.elaborate.elaborate import drawable, elaborate
from graphbuilder.elaborate.trying import tried

__all__ = ["Limits", "blamed", "drawable", "elaborate", "tried"]
