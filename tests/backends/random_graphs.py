"""Graphs made at random: blocks used with other arguments, on other shapes, with steps left out and outputs taken from
inside.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from graphbuilder.analysis.inference import Inference, TypedGraph
from graphbuilder.ir import Graph, Node, Op, TensorType, Value
from graphbuilder.ops import catalogue

CATALOGUE = catalogue()
IMAGE = TensorType((4, 6, 6))


class Script(NamedTuple):
    """A block: which kinds of step it has, and the blocks that it may use."""

    name: str
    kinds: tuple[str, ...]
    children: tuple[Script, ...]


class Body:
    """A body under construction."""

    def __init__(self, maker: Maker, input_name: str, type_: TensorType, args: dict[str, Any]) -> None:
        self.maker = maker
        self.args = args
        self.nodes: list[Node] = []
        self.last = Value(input_name)
        self.types = {self.last: type_}
        self.counts: dict[str, int] = {}

    @property
    def type(self) -> TensorType:
        return self.types[self.last]

    def name(self, base: str) -> str:
        self.counts[base] = self.counts.get(base, 0) + 1
        return base if self.counts[base] == 1 else f"{base}_{self.counts[base]}"

    def call(
        self,
        base: str,
        callee: Op | Graph,
        *inputs: Value,
        name: str | None = None,
        owner: str | None = None,
        **written: str,
    ) -> Value:
        name = name or self.name(base)
        inputs = inputs or (self.last,)
        node = Node(name, callee, inputs, owner or name, written)
        given = self.maker.inference.results(callee, tuple(self.types[each] for each in inputs))
        self.nodes.append(node)
        for port, type_ in zip(node.results, given, strict=True):
            self.types[Value(name, port)] = type_
        self.last = Value(name, node.results[0])
        return self.last

    def op(self, op: str, *inputs: Value, **args: Any) -> Value:
        """An op; an argument given as ``@name`` is the block's argument of that name."""
        values = {key: self.args[value[1:]] if _is_name(value) else value for key, value in args.items()}
        written = {key: value[1:] for key, value in args.items() if _is_name(value)}
        return self.call(op, CATALOGUE[op](**values), *inputs, **written)

    def alike(self, random: Random) -> Value | None:
        """An earlier value of the type of the last."""
        options = [value for value, type_ in self.types.items() if type_ == self.type and value != self.last]
        return random.choice(options) if options else None

    def outputs(self, random: Random) -> tuple[tuple[str, Value], ...]:
        """The last value, and now and then one from inside."""
        inner = [Value(node.name, node.results[0]) for node in self.nodes if Value(node.name) != self.last]
        if inner and random.random() < 0.15:
            return (("out", self.last), ("inner", inner[-1]))
        return (("out", self.last),)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")


class Maker:
    """Makes the bodies of one random network; equal instances are one body."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.inference = Inference()
        self.made: dict[Any, Graph] = {}

    def script(self, depth: int, number: int) -> Script:
        kinds = tuple(self.random.choices(list(STEPS), k=self.random.randint(2, 6)))
        children = tuple(self.script(depth - 1, index) for index in range(self.random.randint(1, 2))) if depth else ()
        return Script(f"block{depth}_{number}_{self.random.randint(0, 99)}", kinds, children)

    def block(self, script: Script, type_: TensorType) -> Graph:
        args = {
            "out": self.random.choice((4, 4, 8)),
            "flag": self.random.random() < 0.7,
            "kernel": self.random.choice((1, 3)),
        }
        variation = self.random.randint(0, 9)
        key = (script.name, tuple(args.items()), variation, type_)
        if key not in self.made:
            body = Body(self, "in", type_, args)
            steps = Random(f"{script.name} {variation if variation > 7 else 0}")
            for kind in script.kinds:
                STEPS[kind](body, script, steps)
            if not body.nodes:
                body.op("relu")
            outputs = body.outputs(self.random)
            self.made[key] = Graph(
                "block", script.name, ("in",), tuple(body.nodes), outputs, args, defaults={"flag": True}
            )
        return self.made[key]

    def network(self) -> TypedGraph:
        script = self.script(2, 0)
        body = Body(self, "image", IMAGE, {})
        for _ in range(self.random.randint(2, 4)):
            _child(body, Script("root", (), (script, *script.children)), self.random)
        body.op("globalavgpool")
        body.op("linear", out=3)
        graph = Graph("model", "random", ("image",), tuple(body.nodes), (("out", body.last),))
        return self.inference.body(graph, (IMAGE,))


def _conv_op(kernel: int) -> Op:
    return CATALOGUE["conv"].model_validate({"out": 4, "kernel": kernel, "padding": "half"})


def _conv(body: Body, script: Script, random: Random) -> None:
    out = random.choice(("@out", "@out", 4))
    body.op("conv", out=out, kernel=random.choice(("@kernel", 1, 3)), padding="half", bias=random.random() < 0.5)


def _same(body: Body, script: Script, random: Random) -> None:
    body.op("conv", out="@out", kernel=2, padding="same", stride=random.choice((1, 2)) if body.type.shape[1] > 4 else 1)


def _norm(body: Body, script: Script, random: Random) -> None:
    body.op("batchnorm")


def _relu(body: Body, script: Script, random: Random) -> None:
    body.op(random.choice(("relu", "relu", "relu6", "silu")))


def _flagged(body: Body, script: Script, random: Random) -> None:
    if body.args["flag"]:
        body.op(random.choice(("tanh", "relu")))
    else:
        body.name("tanh")
        body.name("relu")


def _residual(body: Body, script: Script, random: Random) -> None:
    other = body.alike(random)
    if other is not None:
        body.op(random.choice(("add", "add", "mul", "sub")), body.last, other)


def _concat(body: Body, script: Script, random: Random) -> None:
    other = body.alike(random)
    if other is not None and body.type.channels <= 16:
        body.op("concat", other, body.last)


def _split(body: Body, script: Script, random: Random) -> None:
    if body.type.channels % 2 == 0:
        body.op("split", count=2)
        first = body.last
        body.op(random.choice(("add", "concat")), first, first._replace(port="1"))


def _child(body: Body, script: Script, random: Random) -> None:
    if script.children:
        child = random.choice(script.children)
        body.call(child.name, body.maker.block(child, body.type))


def _again(body: Body, script: Script, random: Random) -> None:
    """An earlier module once more, on another value of its type."""
    for node in body.nodes:
        if node.owns and body.types[node.inputs[0]] == body.type and len(node.inputs) == 1:
            body.call(node.name, node.callee, name=body.name("again"), owner=node.name)
            return


def _branch(body: Body, script: Script, random: Random) -> None:
    """A side path: a chain of modules, or a gate, which is none."""
    inner = Body(body.maker, "in", body.type, body.args)
    if random.random() < 0.5:
        inner.op("globalavgpool", keep=True)
        inner.op("sigmoid")
        join = "mul"
    else:
        inner.op("conv", out=body.type.channels, kernel=3, padding="half")
        inner.op("batchnorm")
        join = "add"
    graph = Graph("branch", "side", ("in",), tuple(inner.nodes), (("out", inner.last),))
    trunk = body.last
    body.op("relu" if random.random() < 0.5 else "identity")
    main = body.last
    side = body.call("side", graph, trunk)
    body.op(join, main, side)


def _repeat(body: Body, script: Script, random: Random) -> None:
    """Copies in a row: of an op or of a block, all equal or not."""
    inner = Body(body.maker, "in", body.type, body.args)
    count = body.maker.random.randint(1, 7)
    alike = random.random() < 0.5
    child = random.choice(script.children) if script.children else None
    callee: Op | Graph | None = None
    reads = body.type
    for index in range(count):
        if callee is None or not alike or inner.type != reads:
            reads = inner.type
            callee = body.maker.block(child, inner.type) if child else _conv_op(3)
        inner.call("copy", callee, name=str(index))
    outputs = [("out", inner.last)]
    if count > 2 and random.random() < 0.3:
        outputs.append(("1", Value("1", inner.nodes[1].results[0])))
    base = child.name if child else "conv"
    graph = Graph("repeat", base, ("in",), tuple(inner.nodes), tuple(outputs))
    body.call("row", graph)


def _fan(body: Body, script: Script, random: Random) -> None:
    """Copies side by side, joined in order."""
    inner = Body(body.maker, "in", body.type, body.args)
    start = inner.last
    kernels = [random.choice((1, 3)) for _ in range(random.randint(2, 4))]
    each = [inner.call("copy", _conv_op(kernel), start, name=str(index)) for index, kernel in enumerate(kernels)]
    inner.call("merge", CATALOGUE[random.choice(("add", "concat", "mul"))](), *each, name="merge")
    graph = Graph("repeat", "conv", ("in",), tuple(inner.nodes), (("out", inner.last),))
    body.call("fan", graph)


STEPS: dict[str, Callable[[Body, Script, Random], None]] = {
    "conv": _conv,
    "same": _same,
    "norm": _norm,
    "relu": _relu,
    "flagged": _flagged,
    "residual": _residual,
    "concat": _concat,
    "split": _split,
    "child": _child,
    "again": _again,
    "branch": _branch,
    "repeat": _repeat,
    "fan": _fan,
}
