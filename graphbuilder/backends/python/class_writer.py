"""Writes one class: its constructor, its ``forward``, and the subclasses that only give out something else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python import layout
from graphbuilder.backends.python.classes import Class, Variant
from graphbuilder.backends.python.constructors import Constructors, Made
from graphbuilder.backends.python.expressions import Expr, constant, document, literal, text
from graphbuilder.backends.python.forward import Forward
from graphbuilder.backends.python.layout import Doc
from graphbuilder.backends.python.names import identifier, quoted, unused
from graphbuilder.backends.python.parts import OpPart, Part, RepeatPart, some
from graphbuilder.backends.python.recomputing import DECORATOR, TARGETS
from graphbuilder.backends.python.results import Results
from graphbuilder.backends.python.scope import Parameter, Scope
from graphbuilder.backends.python.shapes import joining, makings
from graphbuilder.backends.python.skeleton import SkeletonStep
from graphbuilder.backends.python.steps import steps_of
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import SharedDiffer
from graphbuilder.ir import Value


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

    def lines(self) -> list[str]:
        """Written again where names of what is never printed kept apart names that are."""
        lines = self._written(())
        return self._written(free) if (free := self._scope.free) and self._scope.crowded(free) else lines

    def _written(self, free: Collection[str]) -> list[str]:
        cls = self.cls
        columns = {
            name: cls.channels_of(Value(port))
            for name, port in zip(cls.channel_names, cls.skeleton.inputs, strict=True)
        }
        scope = self._scope = Scope(len(cls.bodies), cls.declared(), columns, free)
        self._flags: dict[str, Expr] = {}
        self._channels: dict[Value, Expr | None] = {
            Value(port): scope.input(name) for name, port in zip(columns, cls.skeleton.inputs, strict=True)
        }
        self._added = dict(self._joined())
        body = self._constructors()
        attributes = frozenset(step.module for step in cls.skeleton.steps.values())
        results = Results(scope, self.targets, attributes, self._flags)
        forwards = [self._decorated(variant, results) for variant in cls.variants]
        cls.parameters = scope.parameters()
        cls.channels = self._outputs()
        kept = [f"        self.{attribute} = {each}" for attribute, each in sorted(results.stored.items())]
        return [*self._main(kept, body, forwards[0]), *self._subclasses(forwards[1:])]

    def _main(self, kept: list[str], body: list[str], forward: list[str]) -> list[str]:
        graph = self.cls.bodies[0].graph
        drawn = ["        self.apply(init_weights)"] if self.root and self.initialised else []
        inside = [*kept, *body, *drawn]
        lines = ["", "", f"class {self.cls.name}(nn.Module):"]
        told = f"{quoted(graph.title)}." if graph.title and not self.root else self.cls.unlike
        if told:
            lines += [f'    """{told}"""', ""]
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

    def _joined(self) -> Iterator[tuple[Value, tuple[Value, ...]]]:
        """Values that are added to or multiplied with others, perhaps behind steps that keep their channels."""
        for step in self.cls.skeleton.steps.values():
            if joining(some(self.cls.column(step.name))) not in ("torch.add", "torch.mul"):
                continue
            for value in step.reads:
                yield value, step.reads
                while (before := self._kept(value)) is not None:
                    value = before
                    yield value, step.reads

    def _kept(self, value: Value) -> Value | None:
        """What was read by the op that gives ``value``, where it gives as many channels as it reads."""
        step = self.cls.skeleton.steps.get(value.node)
        part = some(self.cls.column(value.node)) if step else None
        if step is None or len(step.reads) != 1 or not isinstance(part, OpPart):
            return None
        chosen = part.call is not None and any(argument.result for argument in part.call.arguments)
        return None if chosen else step.reads[0]

    def _goal(self, name: str) -> Expr | None:
        """The channels of a value that is joined with what step ``name`` gives, where that value came first."""
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

    def _decorated(self, variant: Variant, results: Results) -> list[str]:
        """``forward``, or of a subclass that is only run again, the decorated one of its class."""
        if not variant.recomputed:
            return self._forward(variant, results)
        self.targets.update(TARGETS)
        main = self.cls.variants[0]
        if variant.outputs == main.outputs and not main.recomputed:
            return [f"    forward = {DECORATOR}({main.name}.forward)"]
        return [f"    @{DECORATOR}", *self._forward(variant, results)]

    def _forward(self, variant: Variant, results: Results) -> list[str]:
        inputs = self._input_names()
        training = self.cls.bodies[0].graph.training
        always = [(port, value) for port, value in variant.outputs if port not in training]
        trained = [(port, value) for port, value in variant.outputs if port in training]
        forward = Forward(
            steps_of(self.cls), inputs, [value for _, value in always], results, [value for _, value in trained]
        )
        docs = forward.write()
        if trained:
            self._give_more([port for port, _ in always], docs, [port for port, _ in trained], forward)
        else:
            forward.state("return ", self._returned([port for port, _ in always], docs))
        return [f"    def forward(self, {', '.join(inputs.values())}):", *self._checks(), *forward.lines]

    @staticmethod
    def _give_more(always: Sequence[str], docs: Sequence[Doc], trained: Sequence[str], forward: Forward) -> None:
        """What is always given out, and under the one condition what training has besides."""
        outputs = forward.keep("outputs", _table(always, docs))
        forward.state("if self.training:", "")
        for port, doc in zip(trained, forward.write_training(), strict=True):
            forward.state(f"{outputs}[{literal(port)}] = ", doc, 1)
        forward.state(f"return {outputs}", "")

    def _input_names(self) -> dict[Value, str]:
        ports = self.cls.skeleton.inputs
        if len(ports) == 1 and not self.root:
            return {Value(ports[0]): "x"}
        names: dict[Value, str] = {}
        for port in ports:
            # A side path may read the input without a name beside what stands ahead of the fork.
            names[Value(port)] = unused("x" if port == "in" else identifier(port), set(names.values()))
        return names

    def _returned(self, ports: Sequence[str], docs: Sequence[Doc]) -> Doc:
        if len(docs) == 1 and not self.cls.bodies[0].graph.by_name_always:
            return docs[0]
        return _table(ports, docs) if self.root else layout.Group("", tuple(docs), "", bare=True)

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


def _table(ports: Sequence[str], docs: Sequence[Doc]) -> Doc:
    """Outputs by name."""
    rows = (layout.prefixed(f"{literal(port)}: ", doc) for port, doc in zip(ports, docs, strict=True))
    return layout.sequence(rows, "{}")


def _signature(parameters: Sequence[Parameter]) -> list[str]:
    words: list[Doc] = ["self"]
    for number, parameter in enumerate(parameters):
        if parameter.keyword_only and not any(each.keyword_only for each in parameters[:number]):
            words.append("*")
        default = layout.prefixed(f"{parameter.name}=", document(constant(parameter.default)))
        words.append(default if parameter.has_default else parameter.name)
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
