"""The server: what an editor tells of its files goes in, what the other modules say goes out.

A check runs in one of a few threads a moment after the last keystroke, so that what is asked meanwhile is answered at
once, from the text as it is and from the checks before, and a slow check of one file keeps no other waiting. What a
check of a text that has changed meanwhile tells is passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

import graphbuilder
from graphbuilder.compiler import Checked
from graphbuilder.diagnostics.catalogue.internal import Fault
from graphbuilder.lsp.actions import actions
from graphbuilder.lsp.completion import complete
from graphbuilder.lsp.file import Reading, SpecFile, read
from graphbuilder.lsp.hover import hover
from graphbuilder.lsp.places import definition, references
from graphbuilder.lsp.protocol import Aside, Messages, Protocol
from graphbuilder.lsp.reports import reports
from graphbuilder.lsp.symbols import symbols

PAUSE = 0.2  # seconds without a keystroke, then a check
_TRIGGERS = ['"', "=", ".", "["]
# The second stands for all kinds; an editor may ask for others alone, as when it saves a file.
_KINDS_OF_FIXES = frozenset({lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.Empty})
_WATCHED = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher("**/*.toml")])


class Server(LanguageServer):
    """A language server and the specs that are open in it, by their URIs."""

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "graphbuilder", graphbuilder.__version__, protocol_cls=Protocol
        )
        self.specs: dict[str, SpecFile] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._threads = Aside()

    def opened(self, document: lsp.TextDocumentItem) -> None:
        """Take in a file, and check it."""
        path = to_fs_path(document.uri) if document.uri.startswith("file:") else None
        units = self.workspace.position_codec.client_num_units
        usable = path and "\0" not in path
        self.specs[document.uri] = SpecFile(document.uri, Path(path) if path and usable else None, units)
        self.changed(document.uri, document.text, document.version, 0)

    def changed(self, uri: str, text: str, version: int, pause: float = PAUSE) -> None:
        """Take in a text, and check it and what extends it when it has rested for so many seconds."""
        self.specs[uri].change(text, version)
        self.check_soon([uri, *self._extending(self.specs[uri])], pause)

    def closed(self, uri: str) -> None:
        """Forget a file and what was said of it; for what extends it, the file itself counts again."""
        self._forget(uri)
        closed = self.specs.pop(uri, None)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        if closed is not None:
            self.check_soon(self._extending(closed), 0)

    def _extending(self, file: SpecFile) -> list[str]:
        """The open specs that were made of ``file``, among others."""
        return [uri for uri, other in self.specs.items() if other is not file and file.real in other.extended]

    @property
    def _texts(self) -> dict[Path, str | None]:
        """The texts of all open files, by their real paths."""
        return {file.real: file.text.source for file in self.specs.values() if file.real}

    def check_soon(self, uris: Iterable[str], pause: float = PAUSE) -> None:
        """Check files in so many seconds, unless they change before."""
        for uri in uris:
            self._forget(uri)
            self._waiting[uri] = asyncio.ensure_future(self._check(uri, pause))

    def _forget(self, uri: str) -> None:
        waiting = self._waiting.pop(uri, None)
        if waiting is not None:
            waiting.cancel()

    async def _check(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        file = self.specs[uri]
        source, version = file.text.source, file.version
        if not file.is_spec:
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, [], version))
            return
        loop = asyncio.get_running_loop()
        reading = await loop.run_in_executor(self._threads, _read, source, file.name, file.folder, self._texts)
        file.learn(reading)
        found = reports(file, reading.checked.diagnostics, self.shows_related)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, version))
        texts = self._texts
        if any(texts.get(path) != text for path, text in reading.extended.items()):  # nobody knew yet that it counts
            self.check_soon([uri])

    def spec_at(self, document: lsp.TextDocumentIdentifier, position: lsp.Position) -> tuple[SpecFile, int] | None:
        """The spec that a question is about, and the offset in it; None where the file is no spec."""
        file = self.specs.get(document.uri)
        return (file, file.text.offset(position)) if file and file.is_spec else None

    @property
    def has_snippets(self) -> bool:
        """Whether the editor knows places to fill in."""
        document = self.client_capabilities.text_document
        item = document.completion.completion_item if document and document.completion else None
        return bool(item and item.snippet_support)

    @property
    def shows_related(self) -> bool:
        """Whether the editor shows what is said of further places."""
        document = self.client_capabilities.text_document
        shown = document.publish_diagnostics if document else None
        return bool(shown and shown.related_information)

    @property
    def can_watch(self) -> bool:
        """Whether the editor tells of files that others change."""
        workspace = self.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        return bool(watching and watching.dynamic_registration)


def _read(source: str, name: str, folder: Path | None, edited: Mapping[Path, str | None]) -> Reading:
    try:
        return read(source, name, folder, edited)
    except Exception as error:  # a fault of ours; the server goes on
        return Reading(source, Checked(None, (Fault.of(error),)))


def serve(read_from: BinaryIO, write_to: BinaryIO) -> int:
    """Serve one editor until it leaves; gives what the process is to end with."""
    made = server()
    made.start_io(cast("Any", Messages(read_from)), write_to)
    return cast("Protocol", made.protocol).status


def server() -> Server:
    """A server with everything that it answers."""
    made = Server()

    @made.feature(lsp.INITIALIZED)
    async def initialized(server: Server, _: lsp.InitializedParams) -> None:
        if server.can_watch:
            registration = lsp.Registration("specs", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, _WATCHED)
            await server.client_register_capability_async(lsp.RegistrationParams([registration]))

    @made.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(server: Server, params: lsp.DidOpenTextDocumentParams) -> None:
        server.opened(params.text_document)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(server: Server, params: lsp.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        server.changed(document.uri, server.specs[document.uri].text.after(params.content_changes), document.version)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(server: Server, params: lsp.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)

    # What one file says, another may extend.
    @made.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(server: Server, _: lsp.DidSaveTextDocumentParams) -> None:
        server.check_soon(list(server.specs))

    @made.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def written(server: Server, _: lsp.DidChangeWatchedFilesParams) -> None:
        server.check_soon(list(server.specs))

    _answer_of_places(made)
    _answer_of_files(made)
    return made


def _answer_of_places(made: Server) -> None:
    """Let the server answer what is asked of a place."""

    @made.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=_TRIGGERS))
    def completed(server: Server, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        asked = server.spec_at(params.text_document, params.position)
        found = complete(*asked) if asked else []
        return [each for each in found if server.has_snippets or each.insert_text_format is None]

    @made.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(server: Server, params: lsp.HoverParams) -> lsp.Hover | None:
        asked = server.spec_at(params.text_document, params.position)
        found = hover(*asked) if asked else None
        if asked is None or found is None:
            return None
        contents = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text)
        return lsp.Hover(contents, asked[0].text.range(found.start, found.end))

    @made.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def defined(server: Server, params: lsp.DefinitionParams) -> lsp.Location | None:
        asked = server.spec_at(params.text_document, params.position)
        return definition(*asked) if asked else None

    @made.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def referred(server: Server, params: lsp.ReferenceParams) -> list[lsp.Location]:
        asked = server.spec_at(params.text_document, params.position)
        return references(*asked, params.context.include_declaration, server.specs.values()) if asked else []


def _answer_of_files(made: Server) -> None:
    """Let the server answer what is asked of a file, or of a part of it."""

    @made.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    def repaired(server: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        file = server.specs.get(params.text_document.uri)
        wanted = params.context.only is None or not _KINDS_OF_FIXES.isdisjoint(params.context.only)
        return actions(file, params.range) if wanted and file and file.is_spec else []

    @made.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(server: Server, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        file = server.specs.get(params.text_document.uri)
        return symbols(file) if file and file.is_spec else []
