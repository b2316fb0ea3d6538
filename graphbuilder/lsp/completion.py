"""What could be written at the cursor: keys, values and names, also in text that is no TOML yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsprotocol import types as lsp

from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.language import Choice, Sort, keys_at, values_at
from graphbuilder.lsp.names import is_steps, scope
from graphbuilder.lsp.outline import Item, Keys
from graphbuilder.spec.arithmetic import FUNCTIONS
from graphbuilder.spec.syntax import BOOLEANS

_KINDS: dict[Sort, lsp.CompletionItemKind] = {
    "word": lsp.CompletionItemKind.Keyword,
    "op": lsp.CompletionItemKind.Function,
    "block": lsp.CompletionItemKind.Class,
    "argument": lsp.CompletionItemKind.Field,
    "value": lsp.CompletionItemKind.EnumMember,
    "path": lsp.CompletionItemKind.Reference,
    "file": lsp.CompletionItemKind.File,
    "name": lsp.CompletionItemKind.Variable,
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_REST = re.compile(r"[A-Za-z0-9_]*")
_OF_TABLES = ("inputs", "outputs", "params", "defaults", "init", "steps", "blocks")
_SHAPES = ("model", *_OF_TABLES)


def complete(file: SpecFile, offset: int) -> list[lsp.CompletionItem]:
    """The items for a cursor at ``offset``, the likeliest first."""
    if _in_comment(file, offset):
        return []
    value = file.outline.at_value(offset)
    if value is not None and value.kind != "nothing":
        return list(_in_value(file, value, offset))
    key = file.outline.at_key(offset)
    if key is not None and (key.equals is None or offset < key.equals):
        return list(_in_header(file, key)) if key.header else list(_keys(file, key.keys[:-1], key))
    if value is not None:
        return list(_values(file, value.keys, offset, offset))
    return list(_between(file, offset))


def _in_comment(file: SpecFile, offset: int) -> bool:
    """Whether a ``#`` opens a comment ahead of the cursor on its line."""
    source = file.text.source
    start = source.rfind("\n", 0, offset) + 1
    at = source.find("#", start, offset)
    while at >= 0:
        text = file.outline.at_value(at)
        if text is None or text.kind != "text":
            return True
        at = source.find("#", at + 1, offset)
    return False


def _between(file: SpecFile, offset: int) -> Iterator[lsp.CompletionItem]:
    """Where nothing is written yet: a key of a table, an item of a list, a statement."""
    around = file.outline.container(offset)
    if around is None or around.kind == "table":
        if not (around and around.header and around.value[0] >= _line_start(file, offset)):
            yield from _keys(file, around.keys if around else (), None, offset)
    elif is_steps(around.keys):
        yield from _steps(file, offset)
    else:
        yield from _values(file, (*around.keys, 0), offset, offset)


def _line_start(file: SpecFile, offset: int) -> int:
    return file.text.source.rfind("\n", 0, offset) + 1


def _steps(file: SpecFile, offset: int) -> Iterator[lsp.CompletionItem]:
    for number, word in enumerate(("op", "use")):
        text = f'{{ {word} = "$1"$2 }}'
        item = _item(file, Choice(f'{{ {word} = "" }}', "word", "a step"), text, offset, offset, number)
        item.insert_text_format = lsp.InsertTextFormat.Snippet
        yield item


def _keys(file: SpecFile, table: Keys, key: Item | None, offset: int = 0) -> Iterator[lsp.CompletionItem]:
    """Keys of the table at ``table``, but for those that it has; ``key`` is the one being written."""
    start, end = key.key if key and key.key else (offset, offset)
    written = key is not None and key.equals is not None
    behind = "" if written else " = "
    for number, choice in enumerate(_once(_absent(file, table, key))):
        yield _item(file, choice, choice.text + behind, start, end, number)


def _absent(file: SpecFile, table: Keys, key: Item | None) -> Iterator[Choice]:
    """The keys that the table at ``table`` may have and has not; ``key``, the one being written, may be any."""
    items = (each for each in file.outline.items if each is not key)
    present = {each.keys[-1] for each in items if each.keys[:-1] == table and each.keys}
    return (choice for choice in keys_at(file, table) if choice.text.strip('"') not in present)


def _in_header(file: SpecFile, header: Item) -> Iterator[lsp.CompletionItem]:
    """The names of tables, and of what may be in one of those that hold tables by names."""
    start, end = header.key or (0, 0)
    names: Iterable[Choice] = ()
    if len(header.keys) < 2:
        names = (Choice(name, "word") for name in _SHAPES)
    elif len(header.keys) == 2 and header.keys[0] in _OF_TABLES:
        names = _absent(file, header.keys[:1], header)
    for number, choice in enumerate(_once(names)):
        yield _item(file, choice, choice.text, start, end, number)


def _in_value(file: SpecFile, item: Item, offset: int) -> Iterator[lsp.CompletionItem]:
    """In a word or a string: another in its place, or a name in an expression."""
    start, end = item.value
    inside = item.kind == "text" and start < offset and (offset < end or not item.closed)
    if inside and file.text.source.startswith("=", start + 1):
        if offset > start + 1:
            yield from _in_expression(file, item, offset)
        return
    if item.kind == "text" and not inside:
        return
    if item.kind == "text" and not item.closed:
        end = offset  # whatever follows on this line may not belong to it
    yield from _values(file, item.keys, start, end)


def _in_expression(file: SpecFile, item: Item, offset: int) -> Iterator[lsp.CompletionItem]:
    found = _NAME.search(file.text.source, item.value[0], offset)
    start = found.start() if found else offset
    rest = _REST.match(file.text.source, offset)
    end = rest.end() if rest else offset
    names = [Choice(each.name, "name", each.about) for each in scope(file, item.keys)]
    functions = [Choice(name, "op", "a function") for name in FUNCTIONS]
    words = [Choice(name, "value") for name in BOOLEANS]
    for number, choice in enumerate(_once([*names, *functions, *words])):
        yield _item(file, choice, choice.text, start, end, number)


def _values(file: SpecFile, keys: Keys, start: int, end: int) -> Iterator[lsp.CompletionItem]:
    """Values for what stands from ``start`` to ``end``."""
    space = "" if file.text.source[start - 1 : start] != "=" else " "
    for number, choice in enumerate(_once(values_at(file, keys))):
        yield _item(file, choice, space + choice.text, start, end, number)


def _once(choices: Iterable[Choice]) -> Iterator[Choice]:
    """Each text once, as it came first."""
    seen: dict[str, Choice] = {}
    for choice in choices:
        seen.setdefault(choice.text, choice)
    return iter(seen.values())


def _item(file: SpecFile, choice: Choice, text: str, start: int, end: int, number: int) -> lsp.CompletionItem:
    quoted = file.text.source[start : start + 1] in ("'", '"')
    label = choice.text if choice.sort == "word" else choice.text.strip('"')
    return lsp.CompletionItem(
        label,
        kind=_KINDS[choice.sort],
        detail=choice.detail or None,
        documentation=choice.about or None,
        sort_text=f"{number:04}",
        filter_text=choice.text if quoted else None,
        text_edit=lsp.TextEdit(file.text.range(start, end), text),
    )
