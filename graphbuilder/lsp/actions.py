"""Quick fixes: the remedies of mistakes as edits, each tried before it is offered."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types as lsp

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic, Remedy
from graphbuilder.document.reading import instead
from graphbuilder.elaborate.trying import mends, near
from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.reports import reports


def actions(file: SpecFile, wanted: lsp.Range) -> list[lsp.CodeAction]:
    """The fixes of the mistakes that touch ``wanted``; none where the last check was of another text."""
    start, end = file.text.offset(wanted.start), file.text.offset(wanted.end)
    return [
        _action(file, diagnostic, remedy)
        for diagnostic in file.mistakes
        if diagnostic.span and diagnostic.span.path == file.name and _touch(diagnostic.span.offsets, (start, end))
        for remedy in _remedies(file, diagnostic)
    ]


def _touch(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _remedies(file: SpecFile, diagnostic: Diagnostic) -> Iterator[Remedy]:
    if diagnostic.remedy is not None:
        yield diagnostic.remedy
        return
    # Of the mistakes of one check a few are tried there.
    yield from (each for each in near(diagnostic, file.name) if _helps(file, diagnostic, each))


def _helps(file: SpecFile, diagnostic: Diagnostic, remedy: Remedy) -> bool:
    with instead(lambda path: file.extended.get(path.resolve())):
        after = check_text(remedy.applied, file.name, folder=file.folder).diagnostics
    return mends(remedy, diagnostic, file.mistakes, after)


def _action(file: SpecFile, diagnostic: Diagnostic, remedy: Remedy) -> lsp.CodeAction:
    edit = lsp.TextEdit(file.text.range_of(remedy.span), remedy.text)
    return lsp.CodeAction(
        _title(remedy),
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=reports(file, [diagnostic]),
        is_preferred=True,
        edit=lsp.WorkspaceEdit({file.uri: [edit]}),
    )


def _title(remedy: Remedy) -> str:
    """What the edit does, without what else there is to say."""
    edit = f"write {remedy.text}"
    told = edit if remedy.help.startswith(edit) else remedy.help
    return told[:1].upper() + told[1:]
