"""A spec read again whenever it changes, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.screen import safe

if TYPE_CHECKING:
    from graphbuilder.analysis.inference import TypedGraph
    from graphbuilder.compiler import Checked, Network
    from graphbuilder.differing import Differences


@dataclass(frozen=True, eq=False)
class News:
    """What was read.

    Attributes:
        network: what the spec says now, or None where it cannot be read.
        diagnostics: its mistakes, or its warnings.
        last: the network that was there before, the last that could be read; None at first.
        part: what can be drawn of a broken spec.
    """

    spec: str
    network: Network | None
    diagnostics: tuple[Diagnostic, ...]
    last: Network | None
    part: Callable[[], TypedGraph | None]

    def data(self) -> dict[str, Any] | None:
        """What a page shows: the network, or what can be drawn of a broken one while there is no other figure."""
        from graphbuilder.backends.graphviz import Options
        from graphbuilder.backends.html import network_data
        from graphbuilder.elaborate.mistakes import remedies

        if self.network is None and self.last is not None:
            return None
        typed = self.network.typed if self.network else self.part()
        return network_data(typed, Options(remedies=remedies(self.diagnostics))) if typed else None

    def mistakes(self) -> list[dict[str, Any]]:
        """The mistakes as a page shows them, their shapes as in its figure; none where there is a network."""
        if self.network is not None:
            return []
        shown = self._shown()
        return [_mistake(each, self.spec, shown) for each in self.diagnostics]

    def _shown(self) -> dict[str, str]:
        """What mistakes and remedies are in words of the figure, those of them that stand in the part that is drawn."""
        from graphbuilder.backends.graphviz.read.reader import in_figure
        from graphbuilder.elaborate.mistakes import remedies

        typed = self.part()
        return in_figure(typed, remedies(self.diagnostics)) if typed else {}

    def differences(self) -> Differences | None:
        """What changed since the last that could be read; None where nothing was, or is."""
        from graphbuilder.differing import Side, differences

        if self.network is None or self.last is None:
            return None
        return differences(Side(self.last, self.spec), Side(self.network, self.spec))


def follow(spec: str, check: Callable[[], Checked], refused: Callable[[Checked], bool]) -> Iterator[News]:
    """What the spec at ``spec`` says, at once and after every change of a file that it is made of; never ends.

    Args:
        check: reads it.
        refused: whether what was read counts as a mistake.
    """
    from graphbuilder.watching.sources import Sources

    last: Network | None = None
    sources = Sources(Path(spec))
    while True:
        sources.look()
        checked = check()
        if refused(checked) and sources.goes_on():
            continue
        network = None if refused(checked) else checked.network
        if network is not None:
            sources.keep()
        yield News(spec, network, checked.diagnostics, last, checked.part)
        last = network or last
        sources.wait()


def _mistake(diagnostic: Diagnostic, spec: str, shown: Mapping[str, str]) -> dict[str, Any]:
    """A mistake with its line, and with its file where that is not the spec's own."""
    from graphbuilder.elaborate.mistakes import said

    span, message = diagnostic.span, said(diagnostic)
    elsewhere = f"{span.path}: " if span is not None and span.path != spec else ""
    return {
        "code": diagnostic.code,
        "title": diagnostic.rule.title,
        "line": span.line if span else None,
        "text": safe(elsewhere + shown.get(message, message).removeprefix(f"{diagnostic.code}: ")),
        "help": safe(shown.get(diagnostic.help or "", diagnostic.help or "")),
    }
