"""From a text to a ``Spec``: extended, its expressions read, checked against the grammar, and every table told where
it stands.

All mistakes of the grammar are found in one go, and what is sound goes on. Nothing is computed, and no op is known
here: what only a catalogue or a shape can tell (a block with an op's name, an argument that an op does not take) is the
elaborator's.
"""

from __future__ import annotations

from pathlib import Path

from graphbuilder.diagnostics import Sink
from graphbuilder.document import Document, Place
from graphbuilder.document import load as load_document
from graphbuilder.document.reading import MAX_BYTES
from graphbuilder.garbage import no_search
from graphbuilder.spec.extends import extended, lacks_extends
from graphbuilder.spec.formulas import with_expressions
from graphbuilder.spec.mending import Mending
from graphbuilder.spec.merged import EXTENSION_KEYS, Keys, documents
from graphbuilder.spec.model import Spec
from graphbuilder.spec.replaced import restore_arguments
from graphbuilder.spec.rules import check
from graphbuilder.spec.unfinished import without_unfinished
from graphbuilder.spec.validation import known_keys, validated

# What may stand in a file that could not be had.
_INHERITED = ("params", "defaults", "blocks")
# What tells how to read all the rest.
_FIRST = ("format", *EXTENSION_KEYS)


def load(path: str | Path, *, max_bytes: int = MAX_BYTES) -> Spec:
    """The spec in the file at ``path``, what it extends merged in.

    Args:
        max_bytes: the most that it, or any file that it extends, may have.

    Raises:
        CompileError: with every mistake of the grammar, or with the one that keeps a file from being read.
    """
    return parse(load_document(path, max_bytes=max_bytes), folder=Path(path).parent, max_bytes=max_bytes)


def parse(document: Document, *, folder: Path | None = None, max_bytes: int = MAX_BYTES) -> Spec:
    """The spec that ``document`` holds.

    Args:
        folder: where the document lies, for ``extends``; without one it may not extend anything.
        max_bytes: the most that any file that it extends may have.

    Raises:
        CompileError: with every mistake of the grammar.
    """
    sink = Sink()
    spec = sound_part(document, sink, folder=folder, max_bytes=max_bytes)
    sink.raise_if_failed()
    assert spec is not None, "what is not valid was reported"
    return spec


@no_search()
def sound_part(
    document: Document, sink: Sink, *, folder: Path | None = None, max_bytes: int = MAX_BYTES
) -> Spec | None:
    """The spec that ``document`` holds, stand-ins in the place of whatever the grammar refuses, which goes into
    ``sink``; None where too little is known to go on, as when a file that it extends cannot be had.

    The arguments are those of ``parse``.
    """
    if {keys[0] for keys in document.unread}.intersection(_FIRST):
        return None
    finished = without_unfinished(document)
    return checked(*extended(finished, folder, max_bytes, sink), sink) if finished else None


def _may_be_block(keys: Keys) -> bool:
    """Whether the name of a block, or of any table, stands at ``keys``."""
    return (keys[0] == "blocks" and len(keys) == 2) or (len(keys) == 1 and keys[0] not in known_keys(()))


def checked(whole: Document, complete: bool, sink: Sink) -> Spec | None:
    """The spec that ``whole`` holds, which is extended already, ``complete`` or not; else as ``sound_part``."""
    mending = Mending(with_expressions(whole, sink))
    restore_arguments(whole, mending, sink)
    unfinished = any(each.unfinished for each in documents(whole))
    if unfinished or any(_may_be_block(keys) for each in documents(whole) for keys in each.unread):
        mending.mark("blocks")  # a name that could not be read may be any
    part = not complete or lacks_extends(whole)
    for table in _INHERITED if part else ():
        mending.mark(table)
    check(whole, mending, sink, whole=not part)
    # Of one that changes steps of another, which it does not name, that is told.
    spec = validated(whole, mending, sink, whole=complete and not unfinished and not (part and "steps" in whole.data))
    if spec is None or not complete:
        return None
    spec.settle(Place(whole))
    spec.mended(mending.unsound)
    return spec
