"""Another spec beside a network's, whose mapping knows the names of a file that the network's own mappings do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from glob import escape
from itertools import islice
from pathlib import Path

from graphbuilder.diagnostics import CompileError
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.mapping import NameMapping, load_mapping
from graphbuilder.weights.match import match

FOLDER = "weights"
# So many tensors are looked at before all are: there may be very many, and many specs beside.
_FEW = 20
# Several times as many as any network has whose names a mapping beside a spec tells.
_MOST = 10_000


def candidates(specs: Iterable[str | Path]) -> list[Path]:
    """The mapping files that belong to a spec: ``weights/<name of the spec>.*.toml`` beside it.

    Args:
        specs: the spec's file, then what it extends, the nearest first.
    """
    return [
        path for spec in map(Path, specs) for path in sorted((spec.parent / FOLDER).glob(f"{escape(spec.stem)}.*.toml"))
    ]


def sibling(checkpoint: Checkpoint, specs: Sequence[str | Path]) -> str | None:
    """A remedy that names the first spec in the folders of ``specs`` with a mapping of just the file's names."""
    path, mapping = next(_knowing(checkpoint, specs), (None, None))
    return f"its names are those of {mapping.path}: did you mean {path}?" if mapping else None


def relatives(checkpoint: Checkpoint, specs: Sequence[str | Path]) -> Iterator[Path]:
    """The specs in the folders of ``specs`` with a mapping of just the file's names that ``specs`` have not."""
    yield from (path for path, _ in _knowing(checkpoint, specs))


def _knowing(checkpoint: Checkpoint, specs: Sequence[str | Path]) -> Iterator[tuple[Path, NameMapping]]:
    own = set(candidates(specs))
    for path in _others(specs) if len(checkpoint.tensors) <= _MOST else ():
        known = (mapping for mapping in _mappings(path, own) if mapping.source == checkpoint.convention)
        yield from ((path, mapping) for mapping in known if _knows(mapping, checkpoint))


def _others(specs: Sequence[str | Path]) -> Iterator[Path]:
    for folder in dict.fromkeys(Path(spec).parent for spec in specs):
        yield from sorted(folder.glob("*.toml"))


def _mappings(spec: Path, own: set[Path]) -> Iterator[NameMapping]:
    for path in candidates([spec]):
        if path not in own:
            with suppress(CompileError):  # what is wrong in another spec's mapping is no concern of this one
                yield load_mapping(path)


def _knows(mapping: NameMapping, checkpoint: Checkpoint) -> bool:
    """Whether its rules match every tensor of the file that it does not ignore, and each of them something."""
    few = match({}, replace(checkpoint, tensors=dict(islice(checkpoint.tensors.items(), _FEW))), mapping)
    if not all(unused.wanted for unused in few.unused):
        return False
    found = match({}, checkpoint, mapping)
    return not found.idle and all(unused.wanted for unused in found.unused)
