"""The table of contents of a spec: params, inputs, the model's steps, each block with its own, outputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsprotocol import types as lsp

from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.names import Sibling, about, body_of, steps_of, toml
from graphbuilder.lsp.outline import Item, Keys

_TABLES = {"params": lsp.SymbolKind.Constant, "inputs": lsp.SymbolKind.Variable, "outputs": lsp.SymbolKind.Variable}


def symbols(file: SpecFile) -> list[lsp.DocumentSymbol]:
    """The symbols of ``file`` in the order of its text, what is inherited left out."""
    found = [each for table, kind in _TABLES.items() if (each := _table(file, table, kind))]
    if "model" in file.outline.data:
        found += _group(file, "model", "", lsp.SymbolKind.Module, ("model",), body_of(file, ("model",)))
    for name in file.table("blocks") if "blocks" in file.outline.data else ():
        found += _block(file, name)
    return sorted(found, key=lambda each: (each.range.start.line, each.range.start.character))


def _table(file: SpecFile, table: str, kind: lsp.SymbolKind) -> lsp.DocumentSymbol | None:
    items = [item for item in file.outline.items if len(item.keys) == 2 and item.keys[0] == table and item.key]
    children = [
        _symbol(file, str(item.keys[1]), toml(file.outline.value(item.keys)), kind, [item])
        for item in items
        if item.keys[1] and item.kind != "nothing"
    ]
    held = [*_items(file, (table,)), *items]
    return _symbol(file, table, "", lsp.SymbolKind.Namespace, held, children) if children else None


def _block(file: SpecFile, name: str) -> list[lsp.DocumentSymbol]:
    keys: Keys = ("blocks", name)
    if file.outline.value(keys) is None:
        return []
    steps = body_of(file, keys)
    for branch in file.table("blocks", name, "branches"):
        steps += steps_of(file, [(*keys, "branches", branch)])
    if isinstance(file.value((*keys, "shortcut")), list):
        steps += steps_of(file, [(*keys, "shortcut")])
    return _group(file, name, "block", lsp.SymbolKind.Class, keys, steps)


def _group(
    file: SpecFile, name: str, detail: str, kind: lsp.SymbolKind, keys: Keys, steps: Sequence[Sibling]
) -> list[lsp.DocumentSymbol]:
    children = [
        _symbol(file, each.name, about(each.step), lsp.SymbolKind.Function, [file.outline.by_keys[each.keys]])
        for each in steps
        if each.keys in file.outline.by_keys
    ]
    held = _items(file, keys)
    return [_symbol(file, name, detail, kind, held, children)] if held else []


def _items(file: SpecFile, keys: Keys) -> list[Item]:
    """The items at or below ``keys``."""
    return [item for item in file.outline.items if item.keys[: len(keys)] == keys]


def _symbol(
    file: SpecFile,
    name: str,
    detail: str,
    kind: lsp.SymbolKind,
    items: Sequence[Item],
    children: Iterable[lsp.DocumentSymbol] = (),
) -> lsp.DocumentSymbol:
    """A symbol over ``items``, the first of which names it."""
    start = min((item.key or item.value)[0] for item in items)
    end = max(item.value[1] for item in items)
    end = max(start + len(file.text.source[start:end].rstrip()), *((items[0].key or items[0].value)[1],), start)
    named = items[0].key or (items[0].value[0], items[0].value[1])
    return lsp.DocumentSymbol(
        name, kind, file.text.range(start, end), file.text.range(*named), detail=detail, children=list(children)
    )
