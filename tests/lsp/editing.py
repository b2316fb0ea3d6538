"""A spec in an editor, whose cursor ``§`` stands for, once its text was changed."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types as lsp

from graphbuilder.lsp.file import SpecFile, read

SPEC = """\
format = 1
name = "tiny"

[params]
classes = 10
depth = 3

[inputs]
image = [3, 32, 32]

[defaults]
conv = { kernel = 3, padding = "half", bias = false }

[model]
body = [
  { id = "stem", op = "conv", out = 16 },
  { id = "middle", use = "residual", repeat = "=depth", wide = 8 },
  { id = "pool", op = "globalavgpool" },
  { id = "logits", op = "linear", out = "=classes" },
]

[blocks.residual]
args = { wide = "int", relu = true }
body = [
  { id = "first", op = "conv", out = "=wide * 2" },
  { op = "relu", when = "=relu" },
]
shortcut = "identity"

[outputs]
logits = "logits"
"""
# One of its steps.
POOL = '{ id = "pool", op = "globalavgpool" },'


def opened(text: str = SPEC, folder: Path | None = None, before: str = SPEC) -> tuple[SpecFile, int]:
    """A file with ``text``, of which a check knows what stood there ``before``; and where the cursor is."""
    file = SpecFile("untitled:tiny", folder / "tiny.toml" if folder else None)
    file.change(before, 1)
    file.learn(read(before, file.name, file.folder))
    file.change(text.replace("§", "", 1), 2)
    return file, text.find("§")


def edited(old: str, new: str) -> tuple[SpecFile, int]:
    assert SPEC.count(old) == 1, old
    return opened(SPEC.replace(old, new))


def taken(file: SpecFile, item: lsp.CompletionItem) -> str:
    """The line of the cursor once ``item`` is taken."""
    assert isinstance(item.text_edit, lsp.TextEdit)
    source, extent = file.text.source, item.text_edit.range
    start, end = file.text.offset(extent.start), file.text.offset(extent.end)
    line = source[source.rfind("\n", 0, start) + 1 : start] + item.text_edit.new_text + source[end:]
    return line.partition("\n")[0].strip()
