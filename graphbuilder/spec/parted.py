"""Blocks whose parts stand under two names, as `[blocks.inception]` and `[blocks.inceptoin.branches]`: one mistake, and
nothing of either is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from graphbuilder.diagnostics import Meant, Sink
from graphbuilder.diagnostics.catalogue.grammar import BlockForm
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Document
from graphbuilder.spec.mending import Mending

# Each is compared with the names of all blocks.
_LOOKED_FOR = 20
_BODIES = frozenset({"body", "branches"})


def leave_out_parted(document: Document, mending: Mending, sink: Sink) -> None:
    """Report each block without a body that is near to one of another name, of which steps use but one, and leave both
    out."""
    written: Any = mending.data.get("blocks")
    tables = cast("dict[str, Any]", written) if isinstance(written, dict) else {}
    blocks = {name: cast("dict[str, Any]", block) for name, block in tables.items() if isinstance(block, dict)}
    lacking = [name for name, block in blocks.items() if _BODIES.isdisjoint(block)][:_LOOKED_FOR]
    pairs = [(name, other) for name in lacking if (other := _other_part(name, blocks))]
    used = set(used_blocks(mending.data)) if pairs else set[str]()
    for name, other in pairs:
        if (name in used) is (other in used):
            continue
        stranger, right = (other, name) if name in used else (name, other)
        message = f"`{stranger}`, which nothing uses, has what the block `{right}` lacks"
        sink.add(BlockForm.at(document.key_span(("blocks", stranger)), message, help=Meant((right,))))
        mending.remove(("blocks", stranger))
        mending.mend(("blocks", right))


def _other_part(name: str, blocks: Mapping[str, dict[str, Any]]) -> str | None:
    own = blocks[name].keys()
    return nearest(name, [other for other, block in blocks.items() if own.isdisjoint(block) and _BODIES & block.keys()])


def used_blocks(value: Any) -> Iterator[str]:
    """The blocks that steps name, wherever they stand."""
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        use: Any = table.get("use")
        names = cast("list[Any]", use) if isinstance(use, list) else [use]
        yield from (each for each in names if isinstance(each, str))
        value = list(table.values())
    for item in cast("list[Any]", value) if isinstance(value, list) else ():
        yield from used_blocks(item)
