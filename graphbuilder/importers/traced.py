"""The one form that every reader gives: a model as a flat list of calls in the catalogue's own terms.

Nothing here knows a framework, nor how a spec is written.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any, Literal, NamedTuple

from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.diagnostics.catalogue.importing import NotExpressible
from graphbuilder.ir import TensorType, Value
from graphbuilder.spec.names import Kind, fault_of

Source = Literal["keras", "torch"]


class Scope(NamedTuple):
    """A module or model that a call stands in: its name there, its class, and which of its calls this is, from 0."""

    name: str
    kind: str
    number: int = 0


class Folded(NamedTuple):
    """A tensor that was computed of ``sources``, the learnt tensors of the model by name, and of constants."""

    tensor: Any
    sources: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Call:
    """One op of a model.

    Attributes:
        name: unique among the calls.
        op: the catalogue's name.
        args: its arguments, as a spec would have them; what is not said is the op's default, whatever the dialect.
        inputs: what it reads: outputs of calls, or inputs of the model.
        scope: what it stands in, the outermost first.
        label: what a person called it, within its scope; "" where nobody did.
        layer: whose weights it has, by the name in a weights file, "" for the model itself; None without weights.
        leaves: tensors whose names are not the layer's own: ours, below the op, to the file's name.
        where: the place that an error names.
        shape: of what it gives, without the batch, where the framework tells.
    """

    name: str
    op: str
    args: Mapping[str, Any]
    inputs: tuple[Value, ...]
    scope: tuple[Scope, ...] = ()
    label: str = ""
    layer: str | None = None
    leaves: Mapping[str, str] = field(default_factory=dict[str, str])
    where: str = ""
    shape: tuple[int, ...] = ()

    @property
    def has_weights(self) -> bool:
        return self.layer is not None

    def tensor(self, leaf: str) -> str:
        """The name in a weights file of what is ``leaf`` here."""
        return self.leaves.get(leaf) or (f"{self.layer}.{leaf}" if self.layer else leaf)


@dataclass(frozen=True, eq=False)
class Traced:
    """A model.

    Attributes:
        name: what the spec is called.
        source: whose names its weights have.
        inputs: types by name.
        calls: in an order in which each stands behind what it reads.
        outputs: values by name.
        ignore: tensors of its weights file that the spec has no use for, as patterns.
        training: the outputs that there are in training alone.
        dropped: what was left out, since it does something in training alone.
        uncalled: what was left out, since it is never called.
        otherwise: what the spec does in training otherwise than the model.
        trained_at: the size of images that what was left out runs with, where those of the example are too small.
        folded: tensors that its weights file has not, by the names that ``calls`` know them by.
        by_name: whether it gives a table, even of one output.
        fixed: why the size of its images is not to be set; "" where it may be.
        follows: whether padding that is what "same" comes to follows the size as that does.
    """

    name: str
    source: Source
    inputs: Mapping[str, TensorType]
    calls: Sequence[Call]
    outputs: Mapping[str, Value]
    ignore: tuple[str, ...] = ()
    training: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    uncalled: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    trained_at: int | None = None
    folded: Mapping[str, Folded] = field(default_factory=dict[str, Folded])
    by_name: bool = False
    fixed: str = ""
    follows: bool = False


def size_of(model: Traced) -> int | None:
    """The size of the images, where every input is square and as large, and it may be set."""
    if model.fixed:
        return None
    sizes = {size for type_ in model.inputs.values() for size in type_.spatial}
    return sizes.pop() if len(sizes) == 1 and all(len(each.shape) == 3 for each in model.inputs.values()) else None


def name_for(wanted: str, kind: Kind, taken: Container[str], otherwise: str) -> str:
    """``wanted`` as a name of the language that is not ``taken``: itself, what can be kept of it, or ``otherwise``."""
    kept = re.sub(r"[^A-Za-z0-9_]+", "_", wanted).strip("_")[:64]
    names = chain((wanted, kept, otherwise), (f"{otherwise}_{number}" for number in count(2)))
    return next(name for name in names if name not in taken and fault_of(name, kind) is None)


class Unexpressed:
    """Collects what the language cannot say, so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: dict[str, Diagnostic] = {}

    def add(self, what: str, where: str, help: str | None = None) -> None:
        message = f"{where}: {what}"
        self._found.setdefault(message, NotExpressible.at(None, message, help=help))

    def raise_if_any(self) -> None:
        """Raises:
        CompileError: GB801, once a place.
        """
        if self._found:
            raise CompileError(tuple(self._found.values()))
