"""A plan: which way was found fastest, for what, on what, and what else was tried; as TOML, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphbuilder.backends.table import columns as tables
from graphbuilder.backends.table import numbers
from graphbuilder.backends.table.columns import Column
from graphbuilder.backends.toml.writer import document
from graphbuilder.backends.torch.engines import Engine, Layout, Way
from graphbuilder.backends.torch.kernels.plans import Kind
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import PlanForeign, PlanInvalid
from graphbuilder.diagnostics.screen import safe
from graphbuilder.diagnostics.words import must
from graphbuilder.document import Document, Place, load

_REMEDY = "remove the file, and `compile --tune 30 --plan FILE` writes it anew"


class Case(NamedTuple):
    """What a plan is for.

    Attributes:
        network: its name.
        graph: the hash of the source that is run.
        inputs: the shapes of its inputs by name, with the batch.
        dtype: the type of all numbers, by its name.
        kind: torch's kind of device.
        device: the name of the card or the processor.
        threads: of the CPU.
        versions: of whatever could run it, by the name of the package.
    """

    network: str
    graph: str
    inputs: Mapping[str, tuple[int, ...]]
    dtype: str
    kind: str
    device: str
    threads: int
    versions: Mapping[str, str]


class Tried(NamedTuple):
    """What came of one way.

    Attributes:
        seconds: the median of a forward; None where it was left out.
        difference: how far its answers are from the plain network's, over the largest of these.
        left_out: why it was not timed to the end, or "".
    """

    seconds: float | None = None
    difference: float | None = None
    left_out: str = ""


@dataclass(frozen=True)
class Plan:
    """A choice, and what it was made of; ``str()`` of it is a table.

    Attributes:
        budget: the seconds that were given for it.
        tried: every way by what it is called, the choice that needs no tuning first.
        kernels: of a way with kernels of our own, the one that was fastest for every shape: what ``remember`` takes.
    """

    case: Case
    budget: float
    way: Way
    tried: Mapping[str, Tried]
    kernels: tuple[Mapping[str, Any], ...] = ()

    def toml(self) -> str:
        """The plan as a file."""
        case = self.case
        head = {
            "format": 1,
            "network": case.network,
            "graph": case.graph,
            "dtype": case.dtype,
            "kind": case.kind,
            "device": case.device,
            "threads": case.threads,
            "seconds": float(self.budget),
        }
        tried = {
            name: {key: each for key, each in one._asdict().items() if each not in (None, "")}
            for name, one in self.tried.items()
        }
        inputs = {name: list(shape) for name, shape in case.inputs.items()}
        tables = {"": head, "inputs": inputs, "versions": case.versions, "choice": self.way._asdict(), "tried": tried}
        return document({**tables, **({"kernels": {"found": list(self.kernels)}} if self.kernels else {})})

    def data(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            **self.case._asdict(),
            "seconds": self.budget,
            "choice": {**self.way._asdict(), "called": str(self.way)},
            "tried": {name: one._asdict() for name, one in self.tried.items()},
            "kernels": list(self.kernels),
        }

    def columns(self) -> tuple[Column, ...]:
        """A row for every way that was tried."""
        rows, first = self.tried, next(iter(self.tried.values()), Tried())
        chosen = str(self.way)

        def told(name: str, one: Tried) -> str:
            return "chosen" if name == chosen else one.left_out

        def gain(one: Tried) -> str:
            return f"{first.seconds / one.seconds:.2f}" if first.seconds and one.seconds else ""

        return (
            Column("way", tuple(map(safe, rows))),
            Column("a forward", tuple(_shown(one.seconds) for one in rows.values()), right=True),
            Column("times as fast", tuple(map(gain, rows.values())), right=True),
            Column("", tuple(safe(told(name, one)) for name, one in rows.items()), folds=True),
        )

    def __str__(self) -> str:
        return "\n".join(tables.plain(self.columns()))


def _shown(seconds: float | None) -> str:
    return "" if seconds is None else numbers.duration(seconds)


_Count = Annotated[int, Field(ge=0, lt=2**31)]
_Size = Annotated[int, Field(ge=1, lt=2**31)]
_Shape = Annotated[list[_Size], Field(min_length=4, max_length=4)]
_Two = Annotated[list[_Count], Field(min_length=2, max_length=2)]
_Four = Annotated[list[_Count], Field(min_length=4, max_length=4)]
_Activation = Literal["none", "relu", "relu6", "elu", "silu", "hardswish"]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Choice(_Strict):
    engine: Engine
    layout: Layout
    fused: bool


class _Tried(_Strict):
    seconds: float | None = Field(None, gt=0, allow_inf_nan=False)
    difference: float | None = Field(None, ge=0, allow_inf_nan=False)
    left_out: str = ""


class _Form(_Strict):
    stride: _Two
    padding: _Four
    dilation: _Two
    before: _Activation
    between: _Activation
    after: _Activation
    depthwise_first: bool


class _Window(_Strict):
    kernel: _Two
    stride: _Two
    padding: _Two
    ceil_mode: bool
    step: _Two


class _Problem(_Strict):
    device: str
    dtype: Literal["float32", "bfloat16", "float16"]
    shape: _Shape
    kernel: _Two
    made: _Size
    out: _Size
    pixels: _Size
    residual: bool
    form: _Form | _Window


class _Kernel(_Strict):
    kind: Kind
    rows: _Count
    columns: _Count
    depth: _Count
    warps: _Count
    stages: _Count
    images: _Count


class _Found(_Strict):
    problem: _Problem
    plan: _Kernel


class _Kernels(_Strict):
    found: list[_Found] = []


class _File(_Strict):
    format: Literal[1]
    network: str
    graph: str
    dtype: Literal["float32", "bfloat16", "float16"]
    kind: Literal["cpu", "cuda"]
    device: str
    threads: int
    seconds: float = Field(ge=0, allow_inf_nan=False)
    inputs: dict[str, list[int]]
    versions: dict[str, str] = {}
    choice: _Choice
    tried: dict[str, _Tried] = {}
    kernels: _Kernels = _Kernels()


def read(path: str | Path) -> tuple[Plan, Document]:
    """The plan of a file, and the file for places in it.

    Raises:
        CompileError: GB712 for what is wrong in it, and what ``document.load`` raises.
    """
    found = load(path)
    file = _validated(found)
    shapes = {name: tuple(shape) for name, shape in file.inputs.items()}
    case = Case(file.network, file.graph, shapes, file.dtype, file.kind, file.device, file.threads, file.versions)
    way = Way(file.choice.engine, file.choice.layout, file.choice.fused)
    tried = {name: Tried(one.seconds, one.difference, one.left_out) for name, one in file.tried.items()}
    return Plan(case, file.seconds, way, tried, tuple(each.model_dump() for each in file.kernels.found)), found


def _validated(found: Document) -> _File:
    try:
        return _File.model_validate(found.data)
    except ValidationError as error:
        faults = [(tuple(fault["loc"]), must(fault)) for fault in error.errors(include_url=False)]
    raise CompileError(
        tuple(
            PlanInvalid.at(found.span(keys), f"{'.'.join(map(str, keys))}: {message}", help=_REMEDY)
            for keys, message in faults
        )
    )


def demand_fit(plan: Plan, found: Document, case: Case) -> list[str]:
    """What differs of the machine that ``plan`` was made on, which changes nothing but how fast it may be.

    Raises:
        CompileError: GB713 where it is for something else.
    """
    wrong = [name for name in ("graph", "inputs", "dtype", "kind") if getattr(plan.case, name) != getattr(case, name)]
    if wrong:
        told = [
            PlanForeign.at(Place(found, (name,)).span, _TOLD[name].format(_said(case, name)), help=_REMEDY)
            for name in wrong
        ]
        raise CompileError(tuple(told))
    others = [name for name in ("device", "threads", "versions") if getattr(plan.case, name) != getattr(case, name)]
    return [f"the plan was made with other {name if name != 'device' else 'hardware'}" for name in others]


_TOLD = {
    "graph": "the plan is for another network than {}, or for other params of it",
    "inputs": "the plan is for other inputs than {}",
    "dtype": "the plan is not for {}",
    "kind": "the plan is not for {}",
}


def _said(case: Case, name: str) -> str:
    if name == "graph":
        return safe(case.network)
    if name == "inputs":
        return ", ".join(f"{key} {'x'.join(map(str, shape))}" for key, shape in case.inputs.items())
    return str(getattr(case, name))
