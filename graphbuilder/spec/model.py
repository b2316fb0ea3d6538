"""The grammar of a spec as pydantic models: strict, and closed to unknown keys.

A string that starts with ``=`` is an ``Expression`` by the time it is here; the arguments of steps stay unchecked,
since ``"=out"`` cannot be a positive integer yet. Nothing is computed in this room. Descriptions are what an editor
shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

from graphbuilder.document import Place
from graphbuilder.spec.expressions import Expression
from graphbuilder.spec.merged import Keys, Merged

FORMULA = {"type": "string", "pattern": "^=", "description": "An expression, such as `=width * 2`."}

Formula = Annotated[InstanceOf[Expression], WithJsonSchema(FORMULA)]
Scalar = bool | int | float | str
From = str | list[str] | dict[str, str]
Merge = Literal["add", "concat", "mul"]


class Placed(BaseModel):
    """A model that knows where it was written."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    _place: Place | None = PrivateAttr(default=None)

    @property
    def place(self) -> Place:
        """Where this table stands."""
        # Read where it is kept: pydantic's own way there is long, and a large spec asks a hundred thousand times.
        place: Place | None = (self.__pydantic_private__ or {}).get("_place")
        assert place is not None, "the loader gives every model its place"
        return place

    def place_of(self, key: str) -> Place:
        """Where the value of ``key`` stands, in whichever file wrote it."""
        return self.place / key

    def settle(self, place: Place) -> None:
        """Tell it, and every table in it, where it stands. The loader does, once."""
        self._place = place


class Step(Placed):
    """One step: `op` or `use` (or `share` with a sibling's id), the words that any step may carry, and its
    arguments."""

    model_config = ConfigDict(extra="allow")

    op: str | None = Field(default=None, description="The built-in operation that it runs.")
    use: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="The block of this file that it runs; a list is one copy after the other, of each."
    )
    id: str | None = Field(
        default=None, description="Its name, unique in its body; else it is named after its op or block."
    )
    title: str | None = Field(default=None, description="What a person calls it, for the figure.")
    from_: From | None = Field(
        default=None,
        alias="from",
        description="What it reads, when not the step before: a path, a list of paths, or a table of paths by input.",
    )
    repeat: int | list[Any] | Formula | None = Field(
        default=None,
        description="How often, or the list to go over: `i` is the index, `n` the count, `item` the element.",
    )
    merge: Merge | None = Field(default=None, description="Copies stand side by side and are joined so.")
    share: bool | str | None = Field(
        default=None,
        description="With `repeat`, true gives all copies one set of weights; a sibling's id runs its weights again.",
    )
    when: bool | Formula = Field(default=True, description="Whether the step is there at all.")
    init: Any = Field(
        default=None,
        description="How its weights are first filled: a name, or a table by weight; for a block, those by op.",
    )

    @property
    def args(self) -> Mapping[str, Any]:
        """The arguments for the op or block, with ``Expression`` wherever the file has ``"=..."``, inside lists and
        tables too."""
        return self.model_extra or {}

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that it runs: none, one, or one a copy."""
        return (self.use,) if isinstance(self.use, str) else tuple(self.use or ())

    @property
    def repeated(self) -> bool:
        """Whether it stands for copies, were it only one."""
        return self.repeat is not None or isinstance(self.use, list)

    @property
    def generation(self) -> int:
        """0 for a step that stands where it was written, else how late the file is that inserted it into another."""
        document = self.place.document
        return document.generation(self.place.keys) if isinstance(document, Merged) else 0

    def copy_number(self, index: int) -> Step:
        """What the copy of that number runs, where each may run another block."""
        return self.model_copy(update={"use": self.use[index]}) if isinstance(self.use, list) else self


class Body(Placed):
    """The network itself: steps, one after the other."""

    body: list[Step] = Field(description="The steps, each reading the one before it unless `from` says otherwise.")

    def settle(self, place: Place) -> None:
        super().settle(place)
        _settle(self.body, place / "body")


class Block(Placed):
    """A block: steps ahead of the fork; a body, perhaps with a shortcut, or named branches; steps behind the join."""

    args: dict[str, Any] = Field(
        default_factory=dict,
        description="Its arguments: a type (`int float bool str list`, or several: `int | list`) where one must be "
        "given, else the default.",
    )
    let: dict[str, Any] = Field(default_factory=dict, description="Names computed once, from top to bottom.")
    title: str | None = Field(default=None, description="What a person calls it, for the figure.")
    before: list[Step] = Field(
        default_factory=list[Step],
        description="Steps ahead of the fork: body, shortcut and branches all read what the last of them gives.",
    )
    body: list[Step] | None = Field(default=None, description="The steps.")
    branches: dict[str, list[Step]] | None = Field(
        default=None, min_length=1, description="Bodies side by side on one input, joined by `merge`."
    )
    shortcut: Literal["identity", "project"] | list[Step] | None = Field(
        default=None,
        description="The way around the body: `identity`, `project` (a strided 1x1 convolution if needed), or steps.",
    )
    shortcut_when: bool | Formula = Field(default=True, description="Whether there is the shortcut.")
    merge: Merge | None = Field(
        default=None, description="What joins body and shortcut, or branches: `add` unless said."
    )
    after: list[Step] = Field(default_factory=list[Step], description="Steps behind the join.")
    inputs: list[str] | None = Field(default=None, min_length=1, description="The names of its inputs, when not one.")
    outputs: dict[str, str] | list[str] | None = Field(
        default=None, min_length=1, description="Its outputs by name, each a path; a list when steps have the names."
    )

    def settle(self, place: Place) -> None:
        super().settle(place)
        _settle(self.before, place / "before")
        _settle(self.body or (), place / "body")
        _settle(self.after, place / "after")
        for name, steps in (self.branches or {}).items():
            _settle(steps, place / "branches" / name)
        if isinstance(self.shortcut, list):
            _settle(self.shortcut, place / "shortcut")


def _settle(steps: Sequence[Step], place: Place) -> None:
    for index, step in enumerate(steps):
        step.settle(place / index)


class Param(Placed):
    """A param: ``{ default = "none", choices = ["none", "relu"] }``; a bare value is a default that may be any other
    of its type. A list is held to choices and bounds item by item."""

    default: Scalar | list[Any] = Field(description="Its value unless a caller sets another, of the same type.")
    choices: list[Scalar] | None = Field(default=None, min_length=1, description="All that it may be.")
    min: int | float | None = Field(default=None, description="The least that it may be.")
    max: int | float | None = Field(default=None, description="The most that it may be.")

    @model_validator(mode="before")
    @classmethod
    def _from_default(cls, written: object) -> object:
        return cast("object", written) if isinstance(written, dict) else {"default": written}


class InputType(Placed):
    """An input: ``{ shape = [196, 768], layout = "channels_last" }``; a bare list is a shape with the channels
    first."""

    shape: list[int | Formula] = Field(min_length=1, description="Its sizes, batch left out.")
    layout: Literal["channels_first", "channels_last"] = Field(
        default="channels_first", description="Which axis holds the channels."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, written: object) -> object:
        return {"shape": cast("object", written)} if isinstance(written, list) else written

    def place_of(self, key: str) -> Place:
        """Where the value of ``key`` stands; the shape of a bare list stands where the input does."""
        inputs = self.place.document.data.get("inputs")
        written = cast("dict[Any, Any]", inputs).get(self.place.keys[-1]) if isinstance(inputs, dict) else None
        return super().place_of(key) if isinstance(written, dict) else self.place

    def shape_place(self, index: int) -> Place:
        """Where the size number ``index`` stands."""
        return self.place_of("shape") / index


class Output(Placed):
    """An output of the model: ``{ from = "aux", training = true }``; a bare string is its path."""

    from_: str = Field(alias="from", description="The step that gives it, or an output or step inside one: a path.")
    training: bool = Field(
        default=False, description="Whether it exists in training only; in evaluation its steps are not run."
    )
    by_name: bool = Field(
        default=False, description="Whether it comes in a dict, by its name, even where no other output is beside it."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, written: object) -> object:
        return {"from": written} if isinstance(written, str) else written

    @property
    def path_place(self) -> Place:
        """Where its path stands."""
        written = self.place.document.data["outputs"][self.place.keys[-1]]
        return self.place if isinstance(written, str) else self.place_of("from")


class Spec(Placed):
    """A network as data: what it is, what may be set, the network, then its blocks."""

    format: Literal[1] = Field(description="The version of the language: 1.")
    name: str = Field(min_length=1, description="What the network is called.")
    title: str | None = Field(default=None, description="The same for a person, for the figure.")
    dialect: Literal["torch", "keras"] = Field(
        default="torch",
        description="Whose defaults hold: norm constants, padding counted by average pools, slopes, initialisers.",
    )
    declared: dict[str, Param] = Field(
        default_factory=dict,
        alias="params",
        description="Everything that a caller may set, with its default, its choices or its bounds.",
    )
    inputs: dict[str, InputType] = Field(min_length=1, description="The inputs by name: `image = [3, 224, 224]`.")
    defaults: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Arguments by op; a step's own win. They reach the steps written in this file.",
    )
    init: dict[str, Any] = Field(default_factory=dict, description="How weights are first filled, by op.")
    model: Body = Field(description="The network.")
    blocks: dict[str, Block] = Field(default_factory=dict, description="Bodies with names, which steps `use`.")
    outputs: dict[str, Output] | None = Field(
        default=None, min_length=1, description="What the model returns, each a path; the last step when left out."
    )

    _unsound: frozenset[Keys] = PrivateAttr(default=frozenset())

    @cached_property
    def params(self) -> Mapping[str, Any]:
        """Every param with its default."""
        return {name: param.default for name, param in self.declared.items()}

    @property
    def unsound(self) -> frozenset[Keys]:
        """The places whose values are not what was meant, each reported: see ``mending``."""
        return self._unsound

    def mended(self, unsound: Iterable[Keys]) -> None:
        """Note the places at which stand-ins are. The loader does, once."""
        self._unsound = frozenset(unsound)

    @field_validator("format", mode="before")
    @classmethod
    def _integer(cls, written: object) -> object:
        """1.0 and true are equal to 1, and are not it."""
        if type(written) is not int:
            raise PydanticKnownError("int_type")
        return written

    def settle(self, place: Place) -> None:
        super().settle(place)
        self.model.settle(place / "model")
        for name, param in self.declared.items():
            param.settle(place / "params" / name)
        for name, type_ in self.inputs.items():
            type_.settle(place / "inputs" / name)
        for name, block in self.blocks.items():
            block.settle(place / "blocks" / name)
        for name, output in (self.outputs or {}).items():
            output.settle(place / "outputs" / name)
