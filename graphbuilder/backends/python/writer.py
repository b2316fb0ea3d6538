"""Writes one class, and the whole file."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python import layout
from graphbuilder.backends.python.classes import Class, Variant, made_classes, templates
from graphbuilder.backends.python.constructors import Constructors, Made
from graphbuilder.backends.python.expressions import Expr, literal, text
from graphbuilder.backends.python.forward import Forward
from graphbuilder.backends.python.initialisers import LECUN, initialising
from graphbuilder.backends.python.layout import Doc
from graphbuilder.backends.python.names import camel, identifier, quoted, unused
from graphbuilder.backends.python.parts import ChainPart, Chains, OpPart, Part, RepeatPart, some
from graphbuilder.backends.python.results import Results
from graphbuilder.backends.python.scope import Parameter, Scope
from graphbuilder.backends.python.shapes import joining, makings
from graphbuilder.backends.python.skeleton import SkeletonStep
from graphbuilder.backends.python.steps import steps_of
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import SharedDiffer
from graphbuilder.ir import Value


def write(typed: TypedGraph) -> str:
    """The network as a Python file that needs nothing but torch.

    One class a block, children first; the network's own class comes last and takes no arguments. Names of weights are
    those of the graph.

    Raises:
        CompileError: calls of one module would construct it in two ways (GB701).
    """
    chains = Chains()
    taken = {root_name(typed)}
    classes: dict[TypedGraph, Class] = {}
    made: list[Class] = []
    for template, bodies in templates(typed, chains).items():
        if typed in bodies:
            taken.discard(root_name(typed))
        for cls in made_classes(bodies, template.name, chains, classes, taken):
            classes |= dict.fromkeys(cls.bodies, cls)
            made.append(cls)
    return _File(typed, made).text()


def root_name(typed: TypedGraph) -> str:
    """The name of the network's own class."""
    return unused(camel(typed.graph.template), ())


class _File:
    """The pieces of the file, in the order in which they stand."""

    def __init__(self, typed: TypedGraph, classes: Sequence[Class]) -> None:
        self._typed = typed
        self._classes = classes
        self._targets: set[str] = {"nn.Module"}

    def text(self) -> str:
        initialisers = initialising(self._classes)
        pieces = [line for cls in self._classes for line in self._class(cls, bool(initialisers))]
        helpers = self._helpers()
        lines = [*self._header(helpers), *helpers]
        if initialisers:
            lines += [
                *(LECUN.splitlines() if any("lecun" in line for line in initialisers) else ()),
                "",
                "",
                *initialisers,
            ]
        return "\n".join([*lines, *pieces]) + "\n"

    def _class(self, cls: Class, initialised: bool) -> list[str]:
        root = self._typed if self._typed in cls.bodies else None
        writer = ClassWriter(cls, self._targets, root, initialised)
        return writer.lines()

    def _header(self, helpers: Sequence[str]) -> list[str]:
        graph = self._typed.graph
        title = quoted(graph.title or graph.template)
        sizes = ", ".join(f"{name} {size}" for name, size in zip(graph.inputs, self._typed.inputs, strict=True))
        return [
            f'"""{title}',
            "",
            f"The network `{graph.template}` on {sizes}.",
            "Written by GraphBuilder from the network's spec; it needs nothing but torch.",
            '"""',
            "",
            *_imports(self._targets | _read_names(helpers)),
        ]

    def _helpers(self) -> list[str]:
        """What torch lacks, each class once."""
        found: dict[str, None] = {}
        for cls in self._classes:
            for parts in cls.parts:
                for part in parts.values():
                    found |= dict.fromkeys(_helper_texts(part))
        return [line for helper in found for line in ("", "", *helper.strip("\n").splitlines())]


def _helper_texts(part: Part) -> Iterator[str]:
    match part:
        case OpPart():
            if part.lowering.helper:
                yield part.lowering.helper
        case ChainPart() | RepeatPart():
            for each in part.parts:
                yield from _helper_texts(each)
        case _:
            return


def _read_names(lines: Sequence[str]) -> set[str]:
    tree = ast.parse("\n".join(lines))
    return {f"{node.id}." for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _imports(targets: set[str]) -> Iterator[str]:
    if "OrderedDict" in targets:
        yield "from collections import OrderedDict"
    if "reduce" in targets:
        yield "from functools import reduce"
    if targets & {"OrderedDict", "reduce"}:
        yield ""
    if any(target.startswith("torch.") for target in targets):
        yield "import torch"
    if any(target.startswith("F.") for target in targets):
        yield "import torch.nn.functional as F"
    yield "from torch import nn"


@dataclass(eq=False)
class ClassWriter:
    """Writes one class and its subclasses; on the way it learns the parameters, which the class then knows.

    Attributes:
        root: the network, when this is its class.
        initialised: whether the file draws weights by itself.
    """

    cls: Class
    targets: set[str]
    root: TypedGraph | None
    initialised: bool
    _channels: dict[Value, Expr | None] = field(default_factory=dict[Value, "Expr | None"])
    _flags: dict[str, Expr] = field(default_factory=dict[str, Expr])

    def lines(self) -> list[str]:
        cls = self.cls
        columns = {
            name: cls.channels_of(Value(port))
            for name, port in zip(cls.channel_names, cls.skeleton.inputs, strict=True)
        }
        scope = self._scope = Scope(len(cls.bodies), cls.declared(), columns)
        self._channels |= {
            Value(port): scope.input(name) for name, port in zip(columns, cls.skeleton.inputs, strict=True)
        }
        self._added = {
            value: step.reads
            for step in cls.skeleton.steps.values()
            if joining(some(cls.column(step.name))) == "torch.add"
            for value in step.reads
        }
        body = self._constructors()
        attributes = frozenset(step.module for step in cls.skeleton.steps.values())
        results = Results(scope, self.targets, attributes, self._flags)
        forwards = [self._forward(variant, results) for variant in cls.variants]
        cls.parameters = scope.parameters()
        cls.channels = self._outputs()
        kept = [f"        self.{attribute} = {each}" for attribute, each in sorted(results.stored.items())]
        return [*self._main(kept, body, forwards[0]), *self._subclasses(forwards[1:])]

    def _main(self, kept: list[str], body: list[str], forward: list[str]) -> list[str]:
        graph = self.cls.bodies[0].graph
        drawn = ["        self.apply(init_weights)"] if self.root and self.initialised else []
        inside = [*kept, *body, *drawn]
        lines = ["", "", f"class {self.cls.name}(nn.Module):"]
        if graph.title and not self.root:
            lines += [f'    """{quoted(graph.title)}."""', ""]
        if inside:
            lines += [*_signature(self.cls.parameters), "        super().__init__()", *inside, ""]
        return [*lines, *forward]

    def _subclasses(self, forwards: Sequence[list[str]]) -> Iterator[str]:
        for variant, forward in zip(self.cls.variants[1:], forwards, strict=True):
            yield from ("", "", f"class {variant.name}({self.cls.name}):", *forward)

    def _constructors(self) -> list[str]:
        """The lines of ``__init__``, step by step; a call of another step's module has none."""
        writer = Constructors(self._scope, self.targets)
        owners: dict[str, Made] = {}
        lines: list[str] = []
        for name, step in self.cls.skeleton.steps.items():
            column = self.cls.column(name)
            if step.module != name:
                self._check_shared(step, column)
                self._follow(name, column, owners[step.module].channels)
                continue
            reads = [self._channels[value] for value in step.reads]
            made = owners[name] = writer.make_towards(self._goal(name), column, reads)
            self._follow(name, column, made.channels)
            flag = self._flag(name, column)
            if made.doc is not None:
                lines += _assignment(name, made.doc, flag)
        return lines

    def _goal(self, name: str) -> Expr | None:
        """The channels of a value that is added to what step ``name`` gives, where that value came first."""
        others = self._added.get(Value(name), ())
        return next((self._channels[each] for each in others if self._channels.get(each) is not None), None)

    def _follow(self, name: str, column: Sequence[Part | None], channels: Sequence[Expr | None]) -> None:
        """Remember the channels of what a step gives, where they hold in the instances that lack the step, too."""
        for port, expr in zip(some(column).node.results, channels, strict=True):
            value = Value(name, port)
            holds = expr is not None and self._scope.holds(expr, self.cls.channels_of(value))
            self._channels[value] = expr if holds else None

    def _flag(self, name: str, column: Sequence[Part | None]) -> Expr | None:
        """The condition under which a step is there, where an instance lacks it; a chain of no copies needs none."""
        part = some(column)
        if None not in column or isinstance(part, RepeatPart):
            return None
        present = tuple(each is not None for each in column)
        flag = self._scope.slot(present, name, name, written=part.node.written.get("when"))
        self._flags[name] = flag
        return flag

    def _check_shared(self, step: SkeletonStep, column: Sequence[Part | None]) -> None:
        """Demand that a call of another step's module would construct it in the same way, in every instance."""
        owners = self.cls.column(step.module)
        for owner, part in zip(owners, column, strict=True):
            if part is None or (owner is not None and makings(owner) == makings(part)):
                continue
            place = part.node.place
            message = f"`{step.name}` runs the module of `{step.module}`, and would need it constructed in another way"
            help_ = "give it weights of its own, or let both read the same sizes"
            raise CompileError((SharedDiffer.at(place.span if place else None, message, help=help_),))

    def _outputs(self) -> Mapping[tuple[str, str], Expr]:
        """The channels of what each variant gives, where they are known."""
        known = (
            (variant.name, port, self._channels[value])
            for variant in self.cls.variants
            for port, value in variant.outputs
        )
        return {(name, port): expr for name, port, expr in known if expr is not None}

    def _forward(self, variant: Variant, results: Results) -> list[str]:
        inputs = self._input_names()
        steps = steps_of(self.cls)
        forward = Forward(steps, inputs, [value for _, value in variant.outputs], results)
        docs = forward.write()
        head = f"    def forward(self, {', '.join(inputs.values())}):"
        return [head, *self._checks(), *forward.lines, *layout.lines(self._returned(variant, docs), 2)]

    def _input_names(self) -> dict[Value, str]:
        ports = self.cls.skeleton.inputs
        if len(ports) == 1 and not self.root:
            return {Value(ports[0]): "x"}
        names: dict[Value, str] = {}
        for port in ports:
            names[Value(port)] = unused(identifier(port), set(names.values()))
        return names

    def _returned(self, variant: Variant, docs: Sequence[Doc]) -> Doc:
        if len(docs) == 1:
            return layout.prefixed("return ", docs[0])
        if not self.root:
            return "return " + ", ".join(map(layout.flat, docs))
        rows = [
            layout.prefixed(f"{literal(port)}: ", doc) for (port, _), doc in zip(variant.outputs, docs, strict=True)
        ]
        return layout.prefixed("return ", layout.sequence(rows, "{}"))

    def _checks(self) -> Iterator[str]:
        """The network refuses a wrong shape before any kernel runs; in plain Python, which every tracer understands."""
        if self.root is None:
            return
        for (value, name), type_ in zip(self._input_names().items(), self.root.inputs, strict=True):
            shape = ", ".join(map(str, ("N", *type_.shape)))
            expected = literal(tuple(type_.shape))
            yield f"        if {name}.shape[1:] != {expected}:"
            message = f"{value.node}: expected ({shape}), got {{tuple({name}.shape)}}"
            yield from layout.lines(layout.call("raise ValueError", [f'f"{message}"']), 3)


def _signature(parameters: Sequence[Parameter]) -> list[str]:
    words: list[str] = ["self"]
    for number, parameter in enumerate(parameters):
        if parameter.keyword_only and not any(each.keyword_only for each in parameters[:number]):
            words.append("*")
        words.append(f"{parameter.name}={literal(parameter.default)}" if parameter.has_default else parameter.name)
    return layout.lines(layout.suffixed(layout.call("def __init__", words), ":"), 1)


def _assignment(name: str, doc: Doc, flag: Expr | None) -> list[str]:
    plain = layout.prefixed(f"self.{name} = ", doc)
    if flag is None:
        return layout.lines(plain, 2)
    short = f"{layout.INDENT * 2}{layout.flat(plain)} if {text(flag)} else nn.Identity()"
    if len(short) <= layout.WIDTH:
        return [short]
    condition = f"        if {text(flag)}:"
    return [condition, *layout.lines(plain, 3), "        else:", f"            self.{name} = nn.Identity()"]
