"""TOML text as values, and where each key and value stands. The only importer of tomli."""

from graphbuilder.document.document import Document, Place, Unread, load, parse

__all__ = ["Document", "Place", "Unread", "load", "parse"]
