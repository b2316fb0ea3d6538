"""The network as Python source that a person could have written. Imports no torch."""

from graphbuilder.backends.python.writer import root_name, write

__all__ = ["root_name", "write"]
