"""Where the weights of a module came from, and which of them were left as they were drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphbuilder.diagnostics import Diagnostic

if TYPE_CHECKING:
    from torch import Tensor

    from graphbuilder.compiler import Network

_SHOWN = 6


@dataclass(frozen=True)
class Filled:
    """The tensors of a file for a network; without a file, none.

    Attributes:
        file: as the person wrote it.
        by: the mapping that its names were read by, where they are not ours.
        drawn: the names of the weights that the file does not fill, as was asked for.
        warnings: what was noticed of the file and is no error.
    """

    file: str | None = None
    by: str | None = None
    tensors: Mapping[str, Tensor] | None = None
    drawn: Sequence[str] = ()
    warnings: Sequence[Diagnostic] = ()

    @property
    def is_whole(self) -> bool:
        """Whether no number was drawn."""
        return self.file is not None and not self.drawn

    def rows(self, seed: int) -> Iterator[tuple[str, str]]:
        """The same for a person, as names and texts."""
        if self.file is None:
            yield "weights", f"drawn from seed {seed}"
            return
        yield "weights", f"from {self.file}" + (f", by {self.by}" if self.by else "")
        if self.drawn:
            more = f" and {len(self.drawn) - _SHOWN} more" if len(self.drawn) > _SHOWN else ""
            yield "but", f"{', '.join(self.drawn[:_SHOWN])}{more} drawn from seed {seed}"

    def data(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"weights": self.file, "weights_map": self.by, "drawn": list(self.drawn) if self.file else None}


def fill(network: Network, file: str, weights_map: str | None, weights_except: Sequence[str]) -> Filled:
    """The tensors of ``file`` for ``network``.

    Raises:
        CompileError: where they do not fit, or the file cannot be read.
    """
    from graphbuilder.weights.load import fitting
    from graphbuilder.weights.report import not_finite

    with fitting(network.typed, network.files, file, weights_map, weights_except, network.params) as fit:
        tensors = fit.tensors()
        by = str(fit.by.path) if fit.by else None
        return Filled(file, by, tensors, fit.match.left, (*fit.warnings, *not_finite(file, tensors)))
