"""Which bodies share a class, what the classes are called, and what a caller passes to them."""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python.expressions import Expr
from graphbuilder.backends.python.names import RESERVED, camel
from graphbuilder.backends.python.parts import Argument, Call, Chains, Part, parts_of
from graphbuilder.backends.python.scope import Column, Declared, Parameter
from graphbuilder.backends.python.settable import settable
from graphbuilder.backends.python.shapes import joining
from graphbuilder.backends.python.skeleton import Outline, Outputs, Skeleton, outline_of, unify
from graphbuilder.backends.python.survey import Survey
from graphbuilder.ir import Graph, Node, Value

# A template with more differing forms than this is not searched for ones that could share a class.
MOST_FORMS = 16
# How many steps the description of a class names.
MOST_NAMED = 2


@dataclass(frozen=True)
class Variant:
    """Instances that give out the same; all but the first variant of a class are subclasses of it.

    ``recomputed`` says that they are run again in the backward pass.
    """

    name: str
    outputs: Outputs
    instances: tuple[int, ...]
    recomputed: bool = False


@dataclass(eq=False)
class Class:
    """One class of the file, and in which words its instances are made.

    Attributes:
        bodies: its instances, in the order in which they are met.
        parts: the steps of each instance, by name.
        args: the arguments that the steps of each instance were written with.
        unlike: where only a number tells it from the template's first class, in which steps it differs.
        parameters: of its constructor, known once it is written.
        channels: for each output (of a class or subclass, by port) its number of channels, in terms of the parameters
            and of ``channel_names``, which has a name for each input's.
    """

    bodies: tuple[TypedGraph, ...]
    parts: tuple[Mapping[str, Part], ...]
    args: tuple[Mapping[str, object], ...]
    skeleton: Skeleton
    variants: tuple[Variant, ...]
    unlike: str = ""
    parameters: tuple[Parameter, ...] = ()
    channels: Mapping[tuple[str, str], Expr] = field(default_factory=dict[tuple[str, str], Expr])

    def __post_init__(self) -> None:
        self._instances = {body: number for number, body in enumerate(self.bodies)}
        self._names = {self.bodies[i]: variant.name for variant in self.variants for i in variant.instances}

    @property
    def name(self) -> str:
        return self.variants[0].name

    def name_of(self, body: TypedGraph) -> str:
        """The name of the class, or of the subclass, that an instance is of."""
        return self._names[body]

    def call(self, body: TypedGraph, node: Node) -> Call:
        """The constructor call of an instance."""
        instance = self._instances[body]
        return Call(self.name_of(body), tuple(_argument(each, instance, node) for each in self.parameters))

    @property
    def channel_names(self) -> tuple[str, ...]:
        inputs = self.skeleton.inputs
        return ("in_channels",) if len(inputs) == 1 else tuple(f"{each}_channels" for each in inputs)

    def words(self, printed: Mapping[str, Expr], reads: Sequence[Expr | None]) -> dict[str, Expr]:
        """What a caller says for the parameters and channel names, given what it printed and what it reads."""
        known = zip(self.channel_names, reads, strict=True)
        return {**{each: read for each, read in known if read is not None}, **printed}

    def column(self, step: str) -> tuple[Part | None, ...]:
        """A step in each instance; None where it is left out."""
        return tuple(parts.get(step) for parts in self.parts)

    def channels_of(self, value: Value) -> Column:
        """The number of channels of a value in each instance."""
        passed = (self.skeleton.passed(value, parts) for parts in self.parts)
        return tuple(body.types[at].channels for body, at in zip(self.bodies, passed, strict=True))

    def declared(self) -> Declared:
        """The arguments that the template declares; of the network itself, the params that its class may take."""
        first = self.bodies[0].graph
        if first.kind == "model":
            taken = {param: _frozen(first.defaults[param]) for param in settable(first.defaults, self.parts[0])}
            return Declared({param: (value,) for param, value in taken.items()}, taken, keyword_only=True)
        names = [name for name in self.args[0] if all(name in args for args in self.args)]
        columns = {name: tuple(_frozen(args[name]) for args in self.args) for name in names}
        if first.composite is None:
            return Declared(columns, {name: _frozen(value) for name, value in first.defaults.items()})
        fields = type(first.composite).model_fields
        defaults = {name: row.get_default() for name, row in fields.items() if not row.is_required()}
        return Declared(columns, defaults, quiet=True)


def _argument(parameter: Parameter, instance: int, node: Node) -> Argument:
    branch = isinstance(node.callee, Graph) and node.callee.kind == "branch"
    written = (parameter.name if branch else node.written.get(parameter.name)) if parameter.declared else None
    value = parameter.value(instance)
    return Argument(parameter.name, value, parameter.default, not parameter.has_default, written, parameter.channels)


def _frozen(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return value


class Member(NamedTuple):
    """A body with its steps."""

    body: TypedGraph
    parts: Mapping[str, Part]
    outline: Outline


Form = list[Member]


class Maker:
    """Makes the classes of one file, children first."""

    def __init__(self, chains: Chains, survey: Survey, root: str) -> None:
        self._chains = chains
        self._args = survey.args
        self._root = root
        self._taken = {*survey.taken, root}
        self._classes: dict[TypedGraph, Class] = {}

    def make(self, bodies: Sequence[TypedGraph], base: str) -> list[Class]:
        """The classes that serve ``bodies``, all of one template."""
        forms: dict[Hashable, Form] = {}
        for body in bodies:
            parts = parts_of(body, self._chains, self._classes)
            member = Member(body, {part.node.name: part for part in parts}, outline_of(body, parts))
            forms.setdefault(member.outline.key, []).append(member)
        groups = _grouped(list(forms.values()))
        usual = groups[0].members
        first = self._class(groups[0], base)
        others: list[Class] = []
        for group in groups[1:]:
            difference = _difference(group.members, usual)
            unlike = "" if difference else _unlike(first.name, group.members, usual)
            others.append(self._class(group, base + difference, unlike))
        return [first, *others]

    def _class(self, group: Together, base: str, unlike: str = "") -> Class:
        alike: dict[tuple[Outputs, bool], list[int]] = {}
        for number, member in enumerate(group.members):
            outputs = group.skeleton.outputs(member.outline, group.outlines)
            assert outputs is not None, "the skeleton has the outputs of every instance"
            alike.setdefault((outputs, member.body.graph.recomputed), []).append(number)
        main = self._root if group.members[0].body.graph.kind == "model" else self._claim(base)
        (first, *others) = sorted(alike, key=lambda key: (key[1], len(key[0])))
        names = [main, *(self._claim(main + _difference_of(key, first)) for key in others)]
        variants = [
            Variant(name, key[0], tuple(alike[key]), key[1]) for name, key in zip(names, [first, *others], strict=True)
        ]
        bodies = tuple(member.body for member in group.members)
        parts = tuple(member.parts for member in group.members)
        args = tuple(self._args[body] for body in bodies)
        made = Class(bodies, parts, args, group.skeleton, tuple(variants), unlike)
        self._classes |= dict.fromkeys(bodies, made)
        return made

    def _claim(self, name: str) -> str:
        chosen = class_name(name, self._taken)
        self._taken.add(chosen)
        return chosen


def class_name(name: str, taken: Container[str]) -> str:
    """``name``, or the first of ``name2``, ``name3`` ... that is not taken."""
    apart = "_" if name[-1].isdigit() else ""
    numbers = (f"{name}{apart}{number}" for number in count(2))
    return next(each for each in chain([name], numbers) if each not in taken and each not in RESERVED)


class Together(NamedTuple):
    """Members that share a class."""

    members: list[Member]
    outlines: list[Outline]
    skeleton: Skeleton


def _grouped(forms: list[Form]) -> list[Together]:
    groups: list[Together] = []
    for form in forms:
        own = list({member.outline.outputs: member.outline for member in form}.values())
        for number, group in enumerate(groups[:MOST_FORMS]):
            outlines = [*group.outlines, *own]
            skeleton = unify(outlines)
            if skeleton:
                groups[number] = Together([*group.members, *form], outlines, skeleton)
                break
        else:
            skeleton = unify(own)
            assert skeleton is not None, "bodies of one outline unify"
            groups.append(Together(form, own, skeleton))
    return groups


def _difference(members: Sequence[Member], usual: Sequence[Member]) -> str:
    """What tells this class from the template's first one: a sum with its input, a step that only it has, or lacks."""
    if _is_residual(members) != _is_residual(usual):
        return "Residual" if _is_residual(members) else "Plain"
    mine = {step for member in members for step in member.parts} - {"merge"}
    theirs = {step for member in usual for step in member.parts} - {"merge"}
    more, less = sorted(mine - theirs), sorted(theirs - mine)
    if len(more) == 1:
        return f"With{camel(more[0])}"
    return f"Without{camel(less[0])}" if len(less) == 1 and not more else ""


def _unlike(name: str, members: Sequence[Member], usual: Sequence[Member]) -> str:
    """In which steps a class differs from the one called ``name``, where those are few."""
    steps = dict.fromkeys(step for member in (*members, *usual) for step in member.parts)
    different = [f"`{step}`" for step in steps if _shapes(members, step).isdisjoint(_shapes(usual, step))]
    return f"Unlike `{name}` in {' and '.join(different)}." if 0 < len(different) <= MOST_NAMED else ""


def _shapes(members: Sequence[Member], step: str) -> set[Hashable]:
    """The shapes of a step; None stands for its absence."""
    found = (member.outline.steps.get(step) for member in members)
    return {each and each.shape for each in found}


def _is_residual(members: Sequence[Member]) -> bool:
    merges = [member.parts.get("merge") for member in members]
    return all(merge is not None and joining(merge) == "torch.add" for merge in merges)


def _difference_of(variant: tuple[Outputs, bool], first: tuple[Outputs, bool]) -> str:
    """What tells a subclass from its class: what it gives out, that it is run again."""
    given = "" if variant[0] == first[0] else _given(variant[0])
    return given + ("Recomputed" if variant[1] and not first[1] else "")


def _given(outputs: Outputs) -> str:
    """What a subclass gives out besides."""
    ports = [camel(port.replace(".", "_")) for port, _ in outputs if port != "out"]
    return f"With{''.join(ports)}" if ports and len(ports) <= 2 else "WithFeatures"
