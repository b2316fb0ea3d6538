"""What can be said of a spec before any block is instantiated: names that hide others, and what nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphbuilder.diagnostics import Sink
from graphbuilder.diagnostics.catalogue.references import BlockHidesOp, BlockUnused, HidesParam, ParamUnread
from graphbuilder.document import Place
from graphbuilder.elaborate.scope import free_names
from graphbuilder.spec.merged import Merged
from graphbuilder.spec.model import Block, Spec, Step


def check_names(spec: Spec, ops: Mapping[str, object], sink: Sink) -> None:
    """Report blocks named like ops, and arguments and lets that hide a param."""
    for name, block in spec.blocks.items():
        if name in ops:
            message = f"`{name}` is an op; a block cannot have its name"
            sink.add(BlockHidesOp.at(block.place.key_span, message, help=f"call it `{name}_block`, say"))
        for words in ("args", "let"):
            for hidden in [each for each in getattr(block, words) if each in spec.params]:
                message = f"`{hidden}` of the block `{name}` hides the param `{hidden}`"
                place = block.place_of(words) / hidden
                sink.add(HidesParam.at(place.key_span, message, help="give it another name"))


def warn_unread(spec: Spec, sink: Sink) -> None:
    """Warn of params that no expression reads and blocks that no step uses, of those that this very file declares."""
    read = set(_names_read(spec))
    for name in spec.params:
        place = spec.place_of("params") / name
        if name not in read and _declared_here(place):
            sink.add(ParamUnread.at(place.key_span, f"nothing reads the param `{name}`", help="remove it, or read it"))
    used = {name for step in _all_steps(spec) for name in step.blocks}
    for name, block in spec.blocks.items():
        if name not in used and _declared_here(block.place):
            sink.add(
                BlockUnused.at(block.place.key_span, f"nothing uses the block `{name}`", help="remove it, or use it")
            )


def _declared_here(place: Place) -> bool:
    """Whether the file itself wrote this, and not one that it extends."""
    document = place.document
    return not isinstance(document, Merged) or document.origin(place.keys).document is document.child


def _all_steps(spec: Spec) -> Iterator[Step]:
    yield from spec.model.body
    for block in spec.blocks.values():
        yield from _steps_of(block)


def _steps_of(block: Block) -> Iterator[Step]:
    yield from block.before
    yield from block.body or ()
    yield from block.after
    for steps in (block.branches or {}).values():
        yield from steps
    if isinstance(block.shortcut, list):
        yield from block.shortcut


def _names_read(spec: Spec) -> Iterator[str]:
    values: list[Any] = [spec.defaults, spec.init, [each.shape for each in spec.inputs.values()]]
    for step in _all_steps(spec):
        values += [step.args, step.when, step.repeat, step.init]
    for block in spec.blocks.values():
        values += [block.args, block.let, block.shortcut_when]
    for value in values:
        yield from free_names(value)
