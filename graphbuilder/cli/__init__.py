"""The command line. Each command is a file that imports what it needs when it runs; only this room prints."""

from graphbuilder.cli.entry import main

__all__ = ["main"]
