"""The canonical spec of a network: everything computed, nothing to set, and the same network when it is read again."""

from graphbuilder.backends.toml.expand import expand

__all__ = ["expand"]
