"""The language: the grammar of a spec, its expressions, what it extends. Nothing is computed in this room."""

from graphbuilder.spec.load import load, parse, sound_part
from graphbuilder.spec.model import Spec

__all__ = ["Spec", "load", "parse", "sound_part"]
