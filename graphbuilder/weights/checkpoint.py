"""What a weights file holds, apart from how it is stored: names, shapes, and tensors read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import prod
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from graphbuilder.diagnostics import CompileError, Rule
from graphbuilder.diagnostics.catalogue.weights import WeightsOversized, WeightsTooMany

if TYPE_CHECKING:
    import numpy as np

Source = Literal["keras", "keras_h5", "safetensors", "torch"]
Convention = Literal["keras", "torch"]

MOST = 100_000
LONGEST = 1_000
_AXES = 64


class Stored(NamedTuple):
    """One tensor of a file.

    Attributes:
        shape: as the file declares it, in the file's own order of axes.
        dtype: the name of its kind of number, as numpy or torch calls it.
        origin: what the file itself calls it; a Keras file's own path differs from the name of the layer.
        read: gives the numbers; raises ``CompileError`` where the file turns out to be damaged.
    """

    shape: tuple[int, ...]
    dtype: str
    origin: str
    read: Callable[[], np.ndarray[Any, Any]]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The tensors of one open file by name, in the file's order; a context manager that closes it.

    Attributes:
        path: the file as the person wrote it.
        source: how it is stored.
        tensors: by the name that mappings speak of, ``block1_conv1/kernel`` or ``layer1.0.conv1.weight``.
        beside: the names of those that stand beside the weights, such as an optimizer's: what no rule asks for is
            left out.
        config: what a Keras file says of its model, as data; nothing where it has weights alone.
        bare: the layers of a Keras file of weights alone that have none.
    """

    path: str
    source: Source
    tensors: Mapping[str, Stored]
    beside: frozenset[str] = frozenset()
    config: Mapping[str, object] = field(default_factory=dict[str, object])
    bare: tuple[str, ...] = ()
    _open: ExitStack = field(default_factory=ExitStack, repr=False)

    @property
    def convention(self) -> Convention:
        """Whose names and whose order of axes its tensors have."""
        return "keras" if self.source in ("keras", "keras_h5") else "torch"

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def refusal(rule: type[Rule], message: str, help: str | None = None) -> CompileError:
    """The error that ends the reading of a file."""
    return CompileError((rule.at(None, message, help=help),))


def refuse_oversized(path: str, name: str, shape: tuple[int, ...], itemsize: int, available: int) -> None:
    """Refuse a tensor of more bytes than the ``available`` ones of its file, before anything is reserved for it.

    Raises:
        CompileError: GB404.
    """
    declared = prod(shape) * itemsize
    if declared > available:
        message = f"{path}: {name} is declared with {declared:,} bytes, and the file has {available:,}"
        raise refusal(WeightsOversized, message)


def refuse_many(path: str, names: Collection[str]) -> None:
    """Refuse more tensors than any network has, and names that nobody can read.

    Raises:
        CompileError: GB414.
    """
    if len(names) > MOST:
        raise refusal(WeightsTooMany, f"{path} holds {len(names):,} tensors, and {MOST:,} are read at most")
    long = next((name for name in names if len(name) > LONGEST), None)
    if long is not None:
        message = f"{path} holds a tensor whose name has more than {LONGEST:,} characters"
        raise refusal(WeightsTooMany, message, f"it begins with `{long[:40]}`")


def refuse_axes(path: str, tensors: Mapping[str, Stored]) -> None:
    """Refuse tensors of more axes than numpy and torch know.

    Raises:
        CompileError: GB414.
    """
    found = next(((name, len(each.shape)) for name, each in tensors.items() if len(each.shape) > _AXES), None)
    if found is not None:
        name, axes = found
        raise refusal(WeightsTooMany, f"{path}: {name} has {axes:,} axes, and {_AXES} are read at most")
