"""The JSON Schema in the two tools that editors check TOML with: every spec passes, a mistake is marked once, and where
it is; and what one of them completes and shows."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from tests.lsp.linters import TOOLS, Mark, Marks, said_by_taplo, taplo, tombi

SPECS = Path(__file__).parents[2] / "specs"
XCEPTION = (SPECS / "xception.toml").read_text(encoding="utf-8")


# Files with mistakes: what stands in a spec, a mistake in its place, and the value that is to be marked.
MISTAKES = {
    "first": [
        ("format  = 1", "format  = 17", "17"),
        ('"xception"', "18", "18"),
        ('"keras"', '"jax"', '"jax"'),
        ("classes      = 1000", '"my-classes" = 17', "17"),
        ('padding = "valid"', 'padding = "vald"', '"vald"'),
        ('op = "globalavgpool"', 'op = "globalavgpol"', '"globalavgpol"'),
        ("stride = 2", 'stride = "2"', '"2"'),
        ("repeat = 3", 'repeat = "3"', '"3"'),
        ('shortcut_when = "=residual"', 'shortcut_when = "residual"', '"residual"'),
        ('"block14"', '"block 14"', '"block 14"'),
        ('use = "tail"', 'op = "relu", use = "tail"', '"tail"'),
        ('"project"', '"projekt"', '"projekt"'),
        ('when = "=relu"', "when = 17", "17"),
        ("[model] ", '[block.middle]\nbody = [{ op = "tanh" }, { op = "elu" }]\n[model] ', '"tanh"'),
    ],
    "second": [
        ("[params]", "parms = 17\n[params]", "17"),
        ('op = "globalavgpool"', 'op = "globalavgpool", kernl = 17', "17"),
        ("stride = 2", "strid = 17", "17"),
        ('use = "tail"', 'use = "tail", merge = "sum"', '"sum"'),
        ('op = "linear"', 'op = "linear", bias = "17"', '"17"'),
    ],
}
# Mistakes of a whole table or list, and how many lines that has.
WIDE = [
    ("conv    = {", "cnov    = {", 1),
    ('image = [3, "=size", "=size"]', 'image = ["3", "=size", "=size"]', 1),
    ("[model] ", "[mdel] ", 9),
    ('{ id = "block14", use = "tail" }', '{ id = "block14" }', 1),
]
# Of the shipped specs, those with words that others lack; tombi takes a third of a second for each.
VARIED = ["efficientnet_v2_s", "gmlp_s16", "inception_v3_torchvision", "vit_b_16"]


def changed(rows: Sequence[tuple[str, str, object]]) -> str:
    """Xception with mistakes, each at the first place where it can be."""
    text = XCEPTION
    for old, new, _ in rows:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all specs and of those with mistakes."""
    folder = tmp_path_factory.mktemp("specs")
    for path in [SPECS / "graphbuilder.schema.json", *SPECS.glob("*.toml")]:
        shutil.copy(path, folder)
    for name, rows in {**MISTAKES, "wide": WIDE}.items():
        (folder / f"{name}.toml").write_text(changed(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["taplo", "tombi"])
def marks(request: pytest.FixtureRequest, folder: Path) -> Marks:
    """What a tool marks, by file."""
    if request.param == "taplo":
        return taplo(list(folder.glob("*.toml")))
    return tombi([folder / f"{name}.toml" for name in (*MISTAKES, "wide", *VARIED)])


def test_specs_pass(marks: Marks) -> None:
    assert set(marks) == {*MISTAKES, "wide"}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_marked_where_it_is_and_nowhere_else(name: str, marks: Marks) -> None:
    text = changed(MISTAKES[name])
    offsets = [text.index(marked, text.index(new)) for _, new, marked in MISTAKES[name]]
    places = {Mark(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)) for offset in offsets}
    assert marks[name] == sorted(places)


def test_a_mistake_of_a_table_is_marked_in_that_table(marks: Marks) -> None:
    text, found = changed(WIDE), [mark.line for mark in marks["wide"]]
    for _, new, lines in WIDE:
        first = text.count("\n", 0, text.index(new)) + 1
        # Tombi begins an item of a list behind the comma ahead of it.
        here = [line for line in found if first - 1 <= line < first + lines]
        assert len(here) == 1
        found.remove(here[0])
    assert found == []


def test_a_key_that_nothing_has_is_told_as_one(folder: Path) -> None:
    said = said_by_taplo([folder / "second.toml"])
    assert said.count('error: {"$ref":"#/definitions/unknown_key"} is not allowed for 17') == 3
    assert "not_expected_here" not in said


class Tombi:
    """A session with tombi's server, in which each question is of a new file."""

    def __init__(self, folder: Path) -> None:
        self.client = LanguageClient("editor", "1")
        self._folder = folder
        self._files = 0
        for method in (lsp.CLIENT_REGISTER_CAPABILITY, lsp.WORKSPACE_WORKSPACE_FOLDERS):
            self.client.feature(method)(lambda _: None)
        self._read: asyncio.Queue[str] = asyncio.Queue()

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def read(params: lsp.PublishDiagnosticsParams) -> None:
            self._read.put_nowait(params.uri)

    async def open(self, step: str) -> tuple[lsp.TextDocumentIdentifier, lsp.Position]:
        """Xception with another last step, which has the cursor ``§`` in it."""
        text = XCEPTION.replace('{ op = "batchnorm" },\n]\n', f"{step}\n]\n")
        offset = text.index("§")
        self._files += 1
        uri = (self._folder / f"x{self._files}.toml").as_uri()
        Path(self._folder / f"x{self._files}.toml").write_text(text, encoding="utf-8")
        item = lsp.TextDocumentItem(uri, "toml", 1, text.replace("§", ""))
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        while await asyncio.wait_for(self._read.get(), 300) != uri:
            pass
        line = text.count("\n", 0, offset)
        return lsp.TextDocumentIdentifier(uri), lsp.Position(line, offset - text.rfind("\n", 0, offset) - 1)

    async def completed(self, step: str) -> set[str]:
        found = await self.client.text_document_completion_async(lsp.CompletionParams(*await self.open(step)))
        return {each.label for each in (found.items if isinstance(found, lsp.CompletionList) else found or ())}

    async def hovered(self, step: str) -> str:
        found = await self.client.text_document_hover_async(lsp.HoverParams(*await self.open(step)))
        return found.contents.value if found and isinstance(found.contents, lsp.MarkupContent) else ""


def test_completion_and_descriptions(folder: Path) -> None:
    async def session() -> None:
        editor = Tombi(folder)
        await editor.client.start_io(str(TOOLS / "tombi"), "lsp", "--offline")
        await editor.client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities()))
        editor.client.initialized(lsp.InitializedParams())
        assert {'"conv"', '"sepconv"'} <= await editor.completed('{ op = "§" },')
        assert {"kernel", "stride", "id"} <= await editor.completed('{ op = "conv", § },')
        assert "The built-in operation that it runs." in await editor.hovered('{ o§p = "conv" },')
        assert "conv, convtranspose" in await editor.hovered('{ op = "conv", out§ = 3, kernel = 3 },')
        await editor.client.shutdown_async(None)
        editor.client.exit(None)
        await editor.client.stop()

    asyncio.run(session())
