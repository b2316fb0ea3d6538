"""Keras models, read from their config as data. Keras itself is never imported, and no class of a config looked up."""

from graphbuilder.importers.keras.files import holds_weights
from graphbuilder.importers.keras.reader import read

__all__ = ["holds_weights", "read"]
