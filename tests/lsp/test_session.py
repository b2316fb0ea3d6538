"""Whole sessions: a client of the protocol starts the server, types, asks and leaves."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).parents[2]
SPEC = """\
format = 1
name = "tiny"

[inputs]
x = [8, 16, 16]

[model]
body = [
  { id = "a", op = "conv", out = 8, kernel = 3 },
  { id = "b", op = "add", from = ["x", "a"] },
]
"""
RIGHT = SPEC.replace("kernel = 3", 'kernel = 3, padding = "same"')


class Window:
    """A client, and what it was told: of each file, and of what to watch."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.told = defaultdict[str, asyncio.Queue[lsp.PublishDiagnosticsParams]](asyncio.Queue)
        self.watched: list[lsp.Registration] = []

        @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def told(params: lsp.PublishDiagnosticsParams) -> None:
            self.told[params.uri].put_nowait(params)

        @client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
        def registered(params: lsp.RegistrationParams) -> None:
            self.watched.extend(params.registrations)


class Editor:
    """A file that is open in a window."""

    def __init__(self, window: Window, path: Path) -> None:
        self.window = window
        self.client = window.client
        self.uri = path.as_uri()
        self.document = lsp.TextDocumentIdentifier(self.uri)
        self.told = window.told[self.uri]
        self.text = ""
        self.version = 0

    def open(self, text: str) -> None:
        self.text = text
        item = lsp.TextDocumentItem(self.uri, "toml", self.version, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def type(self, text: str) -> None:
        self.text = text
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(uri=self.uri, version=self.version)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    def put(self, word: str, new: str) -> None:
        """Tell of ``new`` in the place of ``word``, and of no more."""
        change = lsp.TextDocumentContentChangePartial(self.range(word), new)
        self.text = self.text.replace(word, new, 1)
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(uri=self.uri, version=self.version)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    async def diagnostics(self) -> list[lsp.Diagnostic]:
        """What is told of the text as it is."""
        while True:
            told = await asyncio.wait_for(self.told.get(), 300)
            if told.version == self.version:
                return list(told.diagnostics)

    def place(self, word: str, beyond: int = 0) -> lsp.Position:
        """Where ``word`` stands, in units of UTF-16."""
        offset = self.text.index(word) + beyond
        start = self.text.rfind("\n", 0, offset) + 1
        return lsp.Position(self.text.count("\n", 0, offset), len(self.text[start:offset].encode("utf-16-le")) // 2)

    def range(self, word: str) -> lsp.Range:
        return lsp.Range(self.place(word), self.place(word, len(word)))


@asynccontextmanager
async def editing(path: Path, related: bool = True) -> AsyncIterator[Editor]:
    """A session; its server must end well. ``related`` is whether the editor shows further places of a mistake."""
    client = LanguageClient("editor", "1")
    editor = Editor(Window(client), path)
    await client.start_io(sys.executable, "-m", "graphbuilder.cli", "lsp")
    watching = lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
    workspace = lsp.WorkspaceClientCapabilities(did_change_watched_files=watching)
    shown = lsp.PublishDiagnosticsClientCapabilities(related_information=related)
    document = lsp.TextDocumentClientCapabilities(publish_diagnostics=shown)
    started = await client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(workspace, document)))
    taken = started.capabilities.text_document_sync
    assert isinstance(taken, lsp.TextDocumentSyncOptions) and taken.change == lsp.TextDocumentSyncKind.Incremental
    client.initialized(lsp.InitializedParams())
    yield editor
    await client.shutdown_async(None)
    client.exit(None)
    server: Any = client._server  # pyright: ignore[reportAttributeAccessIssue]
    assert await asyncio.wait_for(server.wait(), 300) == 0
    await client.stop()


def run(session: Coroutine[Any, Any, None]) -> None:
    asyncio.run(session)


def test_mistakes_as_they_are_typed(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path / "tiny.toml") as editor:
            editor.open(RIGHT)
            assert await editor.diagnostics() == []
            editor.type(SPEC)
            (found,) = await editor.diagnostics()
            assert (found.code, found.source, found.severity) == ("GB204", "graphbuilder", lsp.DiagnosticSeverity.Error)
            assert found.range == editor.range('{ id = "b", op = "add", from = ["x", "a"] }')
            assert found.code_description and found.code_description.href.endswith("codes.md#gb204")
            assert [
                (each.message, each.location.uri, each.location.range) for each in found.related_information or ()
            ] == [
                ("`x` is 8x16x16", editor.uri, editor.range("[8, 16, 16]")),
                ("`a` gives 8x14x14", editor.uri, editor.range('{ id = "a", op = "conv", out = 8, kernel = 3 }')),
            ]
            wanted = lsp.CodeActionParams(editor.document, found.range, lsp.CodeActionContext([found]))
            fixes = await editor.client.text_document_code_action_async(wanted)
            assert fixes and fixes[0].title.startswith('Write padding = "same"')
            for only, count in ((lsp.CodeActionKind.QuickFix, 1), (lsp.CodeActionKind.SourceOrganizeImports, 0)):
                wanted.context = lsp.CodeActionContext([found], only=[only])
                assert len(await editor.client.text_document_code_action_async(wanted) or ()) == count
            editor.type(SPEC.replace("out = 8, kernel = 3 },", "out = "))
            (found,) = await editor.diagnostics()
            assert found.code == "GB005"
            labels = await editor.client.text_document_completion_async(
                lsp.CompletionParams(editor.document, editor.place('{ id = "a", op = "conv", '.rstrip(), 25))
            )
            assert isinstance(labels, list) and labels[0].label == "out"
            editor.type(SPEC.replace("tiny", "\ud800"))
            assert [each.code for each in await editor.diagnostics()] == ["GB004"]
            editor.type(RIGHT)
            assert await editor.diagnostics() == []

    run(session())


def test_typing_on_is_checked_once(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path / "tiny.toml") as editor:
            editor.open(RIGHT)
            await editor.diagnostics()
            for count in range(20):
                editor.type(RIGHT.replace("tiny", "t" * (count + 1)))
            await editor.diagnostics()
            assert editor.told.empty()

    run(session())


def test_columns_are_units_of_utf_16(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path / "𝄞.toml") as editor:
            editor.open(RIGHT.replace('{ id = "a", op = "conv"', '{ title = "𝄞𝄞ä", op = "cnov"'))
            (found, *_) = await editor.diagnostics()
            assert (found.code, found.range) == ("GB303", editor.range('"cnov"'))
            editor.type(RIGHT.replace('{ id = "a", op', '{ title = "𝄞𝄞ä", id = "a", op'))
            assert await editor.diagnostics() == []
            asked = lsp.HoverParams(editor.document, editor.place('"conv"', 1))
            told = await editor.client.text_document_hover_async(asked)
            assert told and isinstance(told.contents, lsp.MarkupContent)
            assert "| a | 8x16x16 | 8x16x16 | 584 |" in told.contents.value
            assert told.range == editor.range('"conv"')

    run(session())


def test_a_client_tells_of_what_it_changes_alone(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path / "tiny.toml") as editor:
            editor.open(f"# \u2028 \x85 where Python ends lines\n{RIGHT}")
            assert await editor.diagnostics() == []
            editor.put('{ id = "a", op = "conv"', '{ title = "𝄞𝄞ä", id = "a", op = "conv"')
            editor.put('op = "conv"', 'op = "cnov"')
            (found, *_) = await editor.diagnostics()
            assert (found.code, found.range) == ("GB303", editor.range('"cnov"'))
            editor.put("ov", "nv")
            editor.put("cnnv", "conv")
            editor.put("\n\n[model]", "\n[model]")
            assert await editor.diagnostics() == []
            asked = lsp.HoverParams(editor.document, editor.place('"conv"', 1))
            told = await editor.client.text_document_hover_async(asked)
            assert told and told.range == editor.range('"conv"')

    run(session())


def test_a_file_that_is_extended_changes_on_disk(tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text(RIGHT, encoding="utf-8")

    async def session() -> None:
        async with editing(tmp_path / "child.toml") as editor:
            editor.open('format = 1\nname = "child"\nextends = "base.toml"\n')
            assert await editor.diagnostics() == []
            assert [each.method for each in editor.window.watched] == [lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES]
            base.write_text(SPEC, encoding="utf-8")
            event = lsp.FileEvent(base.as_uri(), lsp.FileChangeType.Changed)
            editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
            (found,) = await editor.diagnostics()
            assert (found.code, found.range) == ("GB204", editor.range('"base.toml"'))
            assert {each.location.uri for each in found.related_information or ()} == {base.as_uri()}
            base.write_text(RIGHT, encoding="utf-8")
            editor.client.text_document_did_save(lsp.DidSaveTextDocumentParams(editor.document))
            assert await editor.diagnostics() == []
            asked = lsp.DefinitionParams(editor.document, editor.place("base.toml"))
            found = await editor.client.text_document_definition_async(asked)
            assert isinstance(found, lsp.Location) and found.uri == base.as_uri()

    run(session())


def test_a_file_that_is_extended_counts_before_it_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "below" / "base.toml"
    path.parent.mkdir()
    path.write_text(RIGHT, encoding="utf-8")

    async def session() -> None:
        async with editing(tmp_path / "child.toml") as child:
            base = Editor(child.window, path)
            base.open(SPEC)
            (found,) = await base.diagnostics()
            assert found.code == "GB204"
            child.open('format = 1\nname = "child"\nextends = "below/base.toml"\n')
            (found,) = await child.diagnostics()
            assert (found.code, found.range) == ("GB204", child.range('"below/base.toml"'))
            assert found.related_information
            place = lsp.Location(base.uri, base.range('{ id = "b", op = "add", from = ["x", "a"] }'))
            assert found.related_information[0].location == place
            base.type(RIGHT)
            assert (await child.diagnostics(), await base.diagnostics()) == ([], [])
            base.type(SPEC)
            assert [each.code for each in await child.diagnostics()] == ["GB204"]
            base.client.text_document_did_close(lsp.DidCloseTextDocumentParams(base.document))
            assert await child.diagnostics() == []

    run(session())


def test_a_file_that_is_extended_counts_before_there_is_one(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path / "child.toml") as child:
            child.open('format = 1\nname = "child"\nextends = "base.toml"\n')
            assert [each.code for each in await child.diagnostics()] == ["GB114"]
            base = Editor(child.window, tmp_path / "base.toml")
            base.open(RIGHT)
            assert await child.diagnostics() == []
            asked = lsp.DefinitionParams(child.document, child.place("base.toml"))
            found = await child.client.text_document_definition_async(asked)
            assert isinstance(found, lsp.Location) and found.uri == base.uri
            base.client.text_document_did_close(lsp.DidCloseTextDocumentParams(base.document))
            assert [each.code for each in await child.diagnostics()] == ["GB114"]

    run(session())


def test_a_mistake_of_what_is_extended_that_is_opened_later(tmp_path: Path) -> None:
    path = tmp_path / "base.toml"
    path.write_text(RIGHT, encoding="utf-8")

    async def session() -> None:
        async with editing(tmp_path / "child.toml") as child:
            child.open('format = 1\nname = "child"\nextends = "base.toml"\n')
            Editor(child.window, path).open(SPEC)  # while the other is being checked, perhaps
            while not (found := await child.diagnostics()):
                pass
            assert [each.code for each in found] == ["GB204"]

    run(session())


BASE = """format = 1
name = "base"
[inputs]
x = [8, 16, 16]
[model]
body = [{ id = "a", op = "conv", out = 8, kernel = 1 }, { op = "add", from = ["x", "a"] }]
"""


def test_a_mistake_that_an_override_causes_elsewhere(tmp_path: Path) -> None:
    """It is underlined at the override, and not where the other file is taken in."""
    (tmp_path / "base.toml").write_text(BASE, encoding="utf-8")

    async def session() -> None:
        async with editing(tmp_path / "child.toml") as editor:
            editor.open('format = 1\nname = "child"\nextends = "base.toml"\n[steps]\na = { out = 4 }\n')
            (found,) = await editor.diagnostics()
            assert (found.code, found.range) == ("GB204", editor.range("{ out = 4 }"))

    run(session())


def test_an_editor_that_shows_no_further_places_is_told_of_them(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path / "tiny.toml", related=False) as editor:
            editor.open(SPEC)
            (found,) = await editor.diagnostics()
            assert found.related_information is None
            assert f"{tmp_path / 'tiny.toml'}:9:3: `a` gives 8x14x14" in found.message

    run(session())


OTHERS = ['[project]\nname = "x"\n', 'format = 1\nsource = "keras"\n"a{b}" = "c.{b}"\n', "[tool.x]\nmodel = 3\n"]


def test_files_of_other_kinds_are_left_alone(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path / "other.toml") as editor:
            editor.open(OTHERS[0])
            assert await editor.diagnostics() == []
            for text in OTHERS:
                editor.type(text)
                assert await editor.diagnostics() == []
                place = lsp.CompletionParams(editor.document, lsp.Position(0, 0))
                assert not await editor.client.text_document_completion_async(place)

    run(session())


def test_every_question_in_one_session(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path / "tiny.toml") as editor:
            editor.open(RIGHT.replace("8, kernel", '"=in_channels", kernel').replace("[8,", "[8, "))
            await editor.diagnostics()
            document, place = editor.document, editor.place('"a"]', 1)
            found = await editor.client.text_document_definition_async(lsp.DefinitionParams(document, place))
            assert isinstance(found, lsp.Location) and found.range.start.line == 8
            context = lsp.ReferenceContext(include_declaration=True)
            asked = lsp.ReferenceParams(context, document, place)
            assert not await editor.client.text_document_references_async(asked)
            symbols = await editor.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document))
            assert [each.name for each in symbols or ()] == ["inputs", "model"]
            editor.client.text_document_did_close(lsp.DidCloseTextDocumentParams(document))
            assert await editor.client.text_document_hover_async(lsp.HoverParams(document, place)) is None

    run(session())


ANSWERS = """
import sys
from pathlib import Path
from graphbuilder.lsp import server
from graphbuilder.lsp.file import SpecFile, read
path = Path(sys.argv[1])
file = SpecFile(path.as_uri(), path)
file.change(path.read_text(), 1)
file.learn(read(file.text.source, file.name, file.folder))
for offset in range(0, len(file.text.source), 50):
    server.complete(file, offset), server.hover(file, offset), server.definition(file, offset), server.symbols(file)
heavy = {"torch", "keras", "h5py", "numpy"} & set(sys.modules)
assert not heavy, heavy
"""


def test_torch_is_never_loaded() -> None:
    spec = ROOT / "specs" / "xception.toml"
    done = subprocess.run([sys.executable, "-c", ANSWERS, spec], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
