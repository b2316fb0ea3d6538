"""The grammar of a spec as pydantic models: strict, and closed to unknown keys.

A string that starts with ``=`` is an ``Expression`` by the time it is here; the arguments of steps stay unchecked, since ``"=out"``
cannot be a positive integer yet. Nothing is computed in this room.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from graphbuilder.document import Place
from graphbuilder.spec.expressions import Expression

Scalar = bool | int | float | str
From = str | list[str] | dict[str, str]
WORDS = ("op", "use", "id", "title", "from", "repeat", "merge", "share", "when", "init")
Merge = Literal["add", "concat", "mul"]


class Placed(BaseModel):
    """A model that knows where it was written; a key that an override brought knows its own place."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", arbitrary_types_allowed=True, populate_by_name=True)

    _place: Place | None = PrivateAttr(default=None)
    _overrides: dict[str, Place] = PrivateAttr(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where this table stands."""
        assert self._place is not None, "the loader gives every model its place"
        return self._place

    def place_of(self, key: str) -> Place:
        """Where the value of ``key`` stands."""
        return self._overrides.get(key) or self.place / key


class Step(Placed):
    """One inline table of a body: ``op`` or ``use`` (or ``share`` with a sibling's name), its words and its arguments."""

    model_config = ConfigDict(extra="allow")

    op: str | None = None
    use: str | None = None
    id: str | None = None
    title: str | None = None
    from_: From | None = Field(default=None, alias="from")
    repeat: int | list[Any] | Expression | None = None
    merge: Merge | None = None
    share: bool | str | None = None
    when: bool | Expression = True
    init: Any = None

    @property
    def args(self) -> Mapping[str, Any]:
        """The arguments for the op or block, with ``Expression`` wherever the file has ``"=..."``, inside lists and tables too."""
        return self.model_extra or {}


class Body(Placed):
    """The steps of ``[model]`` or of a block without branches."""

    body: list[Step]


class Block(Placed):
    """``[blocks.name]``: a body, perhaps with a shortcut, or named branches; then what stands behind the join."""

    args: dict[str, Any] = Field(default_factory=dict)
    let: dict[str, Any] = Field(default_factory=dict)
    title: str | None = None
    body: list[Step] | None = None
    branches: dict[str, list[Step]] | None = None
    shortcut: Literal["identity", "project"] | list[Step] | None = None
    shortcut_when: bool | Expression = True
    merge: Merge | None = None
    after: list[Step] = Field(default_factory=list)
    inputs: list[str] | None = None
    outputs: dict[str, str] | list[str] | None = None


class InputType(Placed):
    """``image = { shape = [196, 768], layout = "tokens" }``; a bare list is a shape with channels first."""

    shape: list[int | Expression]
    layout: Literal["channels_first", "channels_last"] = "channels_first"


class Spec(Placed):
    """A whole file, what it extends already merged in."""

    format: Literal[1]
    name: str
    title: str | None = None
    dialect: Literal["torch", "keras"] = "torch"
    params: dict[str, Scalar | list[Any]] = Field(default_factory=dict)
    inputs: dict[str, InputType]
    defaults: dict[str, dict[str, Any]] = Field(default_factory=dict)
    init: dict[str, Any] = Field(default_factory=dict)
    model: Body
    blocks: dict[str, Block] = Field(default_factory=dict)
    outputs: dict[str, str] | None = None
