"""Which bodies share a class, what the classes are called, and what a caller passes to them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import chain, count
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python.expressions import Expr
from graphbuilder.backends.python.names import RESERVED, camel
from graphbuilder.backends.python.parts import Argument, Call, Chains, Part, parts_of, shown
from graphbuilder.backends.python.scope import Column, Declared, Parameter
from graphbuilder.backends.python.skeleton import Outline, Outputs, Skeleton, outline_of, unify
from graphbuilder.ir import Node, Op, Value

# A template with more differing forms than this is not searched for ones that could share a class.
MOST_FORMS = 16


@dataclass(frozen=True)
class Variant:
    """Instances that give out the same; all but the first variant of a class are subclasses of it."""

    name: str
    outputs: Outputs
    instances: tuple[int, ...]


@dataclass(eq=False)
class Class:
    """One class of the file, and in which words its instances are made.

    Attributes:
        bodies: its instances, in the order in which they are met.
        parts: the steps of each instance, by name.
        parameters: of its constructor, known once it is written.
        channels: for each output (of a class or subclass, by port) its number of channels, in terms of the parameters
            and of ``channel_names``, which has a name for each input's.
    """

    bodies: tuple[TypedGraph, ...]
    parts: tuple[Mapping[str, Part], ...]
    skeleton: Skeleton
    variants: tuple[Variant, ...]
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
        """The arguments that the template declares; the network itself declares none, its params are settled."""
        first = self.bodies[0].graph
        if first.kind == "model":
            return Declared({}, {})
        names = [name for name in first.args if all(name in body.graph.args for body in self.bodies)]
        columns = {name: tuple(_frozen(body.graph.args[name]) for body in self.bodies) for name in names}
        if first.composite is None:
            return Declared(columns, first.defaults)
        fields = type(first.composite).model_fields
        defaults = {name: row.get_default() for name, row in fields.items() if not row.is_required()}
        return Declared(columns, defaults, quiet=True)


def _argument(parameter: Parameter, instance: int, node: Node) -> Argument:
    written = node.written.get(parameter.name) if parameter.declared else None
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


def made_classes(
    bodies: Sequence[TypedGraph], base: str, chains: Chains, classes: Mapping[TypedGraph, Class], taken: set[str]
) -> list[Class]:
    """The classes that serve ``bodies``, all of one template; their names are added to ``taken``."""
    forms: dict[Hashable, Form] = {}
    for body in bodies:
        parts = parts_of(body, chains, classes)
        member = Member(body, {part.node.name: part for part in parts}, outline_of(body, parts))
        forms.setdefault(member.outline.key, []).append(member)
    groups = _grouped(list(forms.values()))
    usual = groups[0].members
    return [_class(group, base + _difference(group.members, usual), taken) for group in groups]


class Group(NamedTuple):
    """Members that share a class."""

    members: list[Member]
    outlines: list[Outline]
    skeleton: Skeleton


def _grouped(forms: list[Form]) -> list[Group]:
    groups: list[Group] = []
    for form in forms:
        own = list({member.outline.outputs: member.outline for member in form}.values())
        for number, group in enumerate(groups[:MOST_FORMS]):
            outlines = [*group.outlines, *own]
            skeleton = unify(outlines)
            if skeleton:
                groups[number] = Group([*group.members, *form], outlines, skeleton)
                break
        else:
            skeleton = unify(own)
            assert skeleton is not None, "bodies of one outline unify"
            groups.append(Group(form, own, skeleton))
    return groups


def _class(group: Group, base: str, taken: set[str]) -> Class:
    by_outputs: dict[Outputs, list[int]] = {}
    for number, member in enumerate(group.members):
        outputs = group.skeleton.outputs(member.outline, group.outlines)
        assert outputs is not None, "the skeleton has the outputs of every instance"
        by_outputs.setdefault(outputs, []).append(number)
    main = _claim(base, taken)
    ranked = sorted(by_outputs.items(), key=lambda row: len(row[0]))
    variants = [
        Variant(main if number == 0 else _claim(main + _given(outputs), taken), outputs, tuple(instances))
        for number, (outputs, instances) in enumerate(ranked)
    ]
    bodies, parts = [member.body for member in group.members], [member.parts for member in group.members]
    return Class(tuple(bodies), tuple(parts), group.skeleton, tuple(variants))


def _claim(name: str, taken: set[str]) -> str:
    apart = "_" if name[-1].isdigit() else ""
    numbers = (f"{name}{apart}{number}" for number in count(2))
    chosen = next(each for each in chain([name], numbers) if each not in taken and each not in RESERVED)
    taken.add(chosen)
    return chosen


def _difference(members: Sequence[Member], usual: Sequence[Member]) -> str:
    """What tells this class from the template's first one: a step that only it has, or lacks."""
    mine = {step for member in members for step in member.parts} - {"merge"}
    theirs = {step for member in usual for step in member.parts} - {"merge"}
    more, less = sorted(mine - theirs), sorted(theirs - mine)
    if len(more) == 1:
        return f"With{camel(more[0])}"
    return f"Without{camel(less[0])}" if len(less) == 1 and not more else ""


def _given(outputs: Outputs) -> str:
    """What a subclass gives out besides."""
    ports = [camel(port.replace(".", "_")) for port, _ in outputs if port != "out"]
    return f"With{''.join(ports)}" if ports and len(ports) <= 2 else "WithFeatures"


class Template(NamedTuple):
    """What a class is made of: a block, a composite, a branch of a block that is no chain."""

    name: str
    place: Hashable
    height: int = 0


def templates(root: TypedGraph, chains: Chains) -> dict[Template, list[TypedGraph]]:
    """Every body that gets a class by its template, children first; one that uses itself is a template a level."""
    survey = _Survey(chains)
    survey.visit(root, None)
    recursive: set[Template] = set()
    while True:
        groups, edges = survey.grouped(recursive)
        try:
            order = list(TopologicalSorter(edges).static_order())
        except CycleError as error:
            recursive |= {template._replace(height=0) for template in error.args[1]}
            continue
        return {template: groups[template] for template in _as_read(order, edges)}


def _as_read(order: Sequence[Template], edges: Mapping[Template, Sequence[Template]]) -> Iterator[Template]:
    """Children directly before the first that uses them, as far as can be."""
    root = order[-1]
    seen: set[Template] = set()
    stack = [(root, iter(edges[root]))]
    while stack:
        template, children = stack[-1]
        child = next((each for each in children if each not in seen), None)
        if child is not None:
            seen.add(child)
            stack.append((child, iter(edges[child])))
            continue
        yield template
        stack.pop()


class _Survey:
    """Walks every body once."""

    def __init__(self, chains: Chains) -> None:
        self._chains = chains
        self._templates: dict[TypedGraph, Template] = {}
        self._heights: dict[TypedGraph, int] = {}
        self._children: dict[TypedGraph, list[TypedGraph]] = {}
        self._seen: set[TypedGraph] = set()

    def visit(self, body: TypedGraph, within: Template | None) -> None:
        self._seen.add(body)
        if self._chains.named(body):
            within = self._templates[body] = _template(body, within)
        distinct = dict.fromkeys(
            body.bodies[node.name] for node in shown(body.graph) if not isinstance(node.callee, Op)
        )
        for inner in distinct:
            if inner not in self._seen:
                self.visit(inner, within)
        self._heights[body] = 1 + max((self._heights[inner] for inner in distinct), default=0)
        self._children[body] = list(distinct)

    def grouped(
        self, recursive: set[Template]
    ) -> tuple[dict[Template, list[TypedGraph]], dict[Template, list[Template]]]:
        """Bodies by template, and which templates each uses."""
        named = {
            body: template._replace(height=self._heights[body]) if template in recursive else template
            for body, template in self._templates.items()
        }
        groups: dict[Template, list[TypedGraph]] = {}
        edges: dict[Template, dict[Template, None]] = {}
        for body, template in named.items():
            groups.setdefault(template, []).append(body)
            edges.setdefault(template, {}).update(dict.fromkeys(named[inner] for inner in self._used(body)))
        return groups, {template: list(children) for template, children in edges.items()}

    def _used(self, body: TypedGraph) -> Iterator[TypedGraph]:
        """The bodies with a class that ``body`` uses directly or inside its anonymous bodies."""
        for inner in self._children[body]:
            if inner in self._templates:
                yield inner
            else:
                yield from self._used(inner)


def _template(body: TypedGraph, within: Template | None) -> Template:
    graph = body.graph
    if graph.composite is not None:
        return Template(type(graph.composite).__name__, ("composite", graph.composite.op))
    if graph.kind == "branch" and within is not None:
        return Template(within.name + camel(graph.template), ("branch", within.place, graph.template))
    return Template(camel(graph.template), (graph.kind, graph.template))
