"""What a spec's values must be, worked out a second time: by the language reference alone, with Python's arithmetic.

It reads the nested dictionaries of a spec and asks only the ops of the catalogue for their types. It knows no names,
places or messages of errors, and refuses (``Unfit``) whatever it does not know to be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from typing import Any

from graphbuilder.ir import TensorType
from graphbuilder.ops import catalogue
from graphbuilder.ops.dialects import DIALECTS
from tests.random.arguments import Unfit, made, results

WORDS = frozenset({"op", "use", "id", "title", "from", "repeat", "merge", "share", "when", "init"})
TYPES = frozenset({"int", "float", "bool", "str", "list"})
FUNCTIONS: Mapping[str, Any] = {
    "true": True,
    "false": False,
    **{function.__name__: function for function in (min, max, sum, len, round, int, ceil)},
}

Step = Mapping[str, Any]
Scope = Mapping[str, Any]


@dataclass
class Result:
    """What a step gives: its outputs by name, and what stands inside it and may be read."""

    ports: dict[str, TensorType]
    inside: dict[str, Result] = field(default_factory=dict)

    @property
    def sole(self) -> TensorType:
        if len(self.ports) != 1:
            raise Unfit("several values where one is wanted")
        return next(iter(self.ports.values()))


def one(type_: TensorType) -> Result:
    return Result({"out": type_})


def evaluate(value: Any, scope: Scope) -> Any:
    """A value of the file, its expressions computed."""
    if isinstance(value, list):
        return [evaluate(item, scope) for item in value]
    if isinstance(value, dict):
        return {key: evaluate(item, scope) for key, item in value.items()}
    if not isinstance(value, str) or not value.startswith("="):
        return value
    try:
        return eval(value[1:], {"__builtins__": {}}, {**FUNCTIONS, **scope})  # noqa: S307  (a test's own text)
    except (ArithmeticError, LookupError, NameError, TypeError, ValueError) as error:
        raise Unfit(f"{value}: {error}") from error


class Names:
    """The names of steps in written order: the id, else the op or block with a number."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def of(self, step: Step) -> str:
        if "id" in step:
            return step["id"]
        base = step.get("op") or step.get("use") or step.get("share")
        base = base[0] if isinstance(base, list) else str(base)
        self.counts[base] = self.counts.get(base, 0) + 1
        return base if self.counts[base] == 1 else f"{base}_{self.counts[base]}"


@dataclass
class Body:
    """A body as far as it is read: its values by name, and what the next step reads if it names nothing."""

    values: dict[str, Result]
    last: Result | None
    names: Names = field(default_factory=Names)
    steps: dict[str, Step] = field(default_factory=dict)
    reads: dict[str, tuple[TensorType, ...]] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    strides: list[tuple[int, ...]] = field(default_factory=list)


class Reading:
    """One spec being read."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.spec = spec
        self.params: Scope = dict(spec.get("params", {}))
        self.depth = 0

    def inputs(self) -> dict[str, TensorType]:
        return {name: self._input(value) for name, value in self.spec["inputs"].items()}

    def _input(self, value: Any) -> TensorType:
        table = value if isinstance(value, Mapping) else {"shape": value}
        shape = tuple(evaluate(list(table["shape"]), self.params))
        return TensorType(shape, "last" if table.get("layout") == "channels_last" and len(shape) > 1 else "first")

    def model(self) -> Body:
        """The body of the model, all of it."""
        inputs = {name: one(type_) for name, type_ in self.inputs().items()}
        start = next(iter(inputs.values())) if len(inputs) == 1 else None
        body = Body(dict(inputs), start)
        self.run(body, self.spec["model"]["body"], self.params)
        return body

    def outputs(self) -> dict[str, TensorType]:
        """What the network gives, training included, in the order of evaluation and then of training."""
        body = self.model()
        declared = self.spec.get("outputs")
        if not declared:
            assert body.last is not None
            return {list(body.values)[-1]: body.last.sole}
        paths = {
            name: each if isinstance(each, Mapping) else {"from": each, "training": False}
            for name, each in declared.items()
        }
        kept = sorted(paths.items(), key=lambda item: item[1]["training"])
        return {name: self.find(body, path["from"]).sole for name, path in kept}

    def run(self, body: Body, steps: Iterable[Step], scope: Scope) -> Result:
        before = len(body.steps), len(body.skipped)
        for step in steps:
            self.step(body, step, scope)
        if body.last is None or len(body.steps) - before[0] == len(body.skipped) - before[1]:
            raise Unfit("no step, or every one is left out")
        return body.last

    def step(self, body: Body, step: Step, scope: Scope) -> Result:
        """Read one more step of ``body``, which stays as it was where that fails."""
        names = Names()
        names.counts = dict(body.names.counts)
        name = names.of(step)
        if name in body.values:
            raise Unfit(f"{name} twice")
        inputs = self._reads(body, step)
        skipped = self._skipped(step, scope)
        given = one(inputs[0]) if skipped else self._called(body, step, scope, inputs)
        body.names = names
        body.reads[name] = tuple(inputs)
        body.values[name] = body.last = given
        body.steps[name] = step
        if skipped:
            body.skipped.add(name)
        return given

    def _skipped(self, step: Step, scope: Scope) -> bool:
        if evaluate(step.get("when", True), scope) is not True:
            return True
        copies = self._copies(step, scope)
        if isinstance(copies, int) and copies < 0:
            raise Unfit("less than no copies")
        return copies in (0, [])

    def _copies(self, step: Step, scope: Scope) -> Any:
        if isinstance(step.get("use"), list):
            return len(step["use"])
        return evaluate(step["repeat"], scope) if "repeat" in step else None

    def _ports(self, step: Step) -> tuple[str, ...] | None:
        """The inputs of what a step calls; None for any number."""
        if "op" in step:
            op = catalogue()[step["op"]]
            return None if op.variadic else op.ports
        use = step["use"]
        return tuple(self.spec["blocks"][use if isinstance(use, str) else use[0]].get("inputs", ("in",)))

    def _reads(self, body: Body, step: Step) -> list[TensorType]:
        step = self._shared(body, step)
        ports, source = self._ports(step), step.get("from")
        if isinstance(source, list):
            if ports is not None:
                raise Unfit("a list for one input")
            return [type_ for path in source for type_ in self._all(body, path)]
        if isinstance(source, Mapping):
            assert ports is not None
            return [self.find(body, source[port]).sole for port in ports if port in source]
        result = body.last if source is None else self.find(body, source)
        if result is None:
            raise Unfit("nothing to read")
        needed = 1 if ports is None else len(ports) - (catalogue()[step["op"]].optional if "op" in step else 0)
        if needed > 1:
            assert ports is not None
            if not set(ports[:needed]) <= set(result.ports):
                raise Unfit("inputs that nothing gives")
            return [result.ports[port] for port in ports if port in result.ports]
        return [result.sole]

    def _shared(self, body: Body, step: Step) -> Step:
        """A step that shares a sibling's weights, with what it calls."""
        if not isinstance(step.get("share"), str):
            return step
        first = body.steps[step["share"]]
        return {**{key: value for key, value in first.items() if key not in ("from", "id")}, **step}

    def _all(self, body: Body, path: str) -> list[TensorType]:
        head, _, rest = path.partition(".")
        if rest != "*":
            return [self.find(body, path).sole]
        copies = body.values[head].inside
        return [copies[str(index)].sole for index in range(len(copies))]

    def find(self, body: Body, path: str) -> Result:
        head, *rest = path.split(".")
        if head not in body.values:
            raise Unfit(path)
        result = body.values[head]
        for part in rest:
            if part in result.ports and part == rest[-1]:
                return one(result.ports[part])
            if part not in result.inside:
                raise Unfit(path)
            result = result.inside[part]
        return result

    def _called(self, body: Body, step: Step, scope: Scope, inputs: list[TensorType]) -> Result:
        shared = step.get("share")
        if isinstance(shared, str):
            if tuple(inputs) != body.reads[shared] or shared in body.skipped:
                raise Unfit("shared on another shape")
            return body.values[shared]
        copies = self._copies(step, scope)
        if copies is not None:
            return self._repeated(step, scope, inputs, copies)
        return self.call(step, scope, inputs, body)

    def _repeated(self, step: Step, scope: Scope, inputs: list[TensorType], copies: Any) -> Result:
        count = len(copies) if isinstance(copies, list) else copies
        uses = step["use"] if isinstance(step.get("use"), list) else None
        inside: dict[str, Result] = {}
        current = list(inputs)
        for index in range(count):
            names = {"i": index, "n": count, **({"item": copies[index]} if isinstance(copies, list) else {})}
            one_step = {**step, "use": uses[index]} if uses else step
            result = self.call(one_step, {**scope, **names}, current)
            inside[str(index)] = result
            if not step.get("merge"):
                carried = self._carried(step, result, current)
                if step.get("share") is True and carried != current:
                    raise Unfit("copies that share must be equal")
                current = carried
        last = inside[str(count - 1)]
        if step.get("merge"):
            last = one(self.join(step["merge"], [each.sole for each in inside.values()]))
        return Result(dict(last.ports), inside)

    def _carried(self, step: Step, result: Result, current: list[TensorType]) -> list[TensorType]:
        if len(current) == 1 and len(result.ports) == 1:
            return [result.sole]
        ports = self._ports(step) or ()
        if not set(ports) & set(result.ports):
            raise Unfit("nothing is carried on")
        return [result.ports.get(port, type_) for port, type_ in zip(ports, current, strict=True)]

    def join(self, op: str, inputs: Sequence[TensorType]) -> TensorType:
        return results(made(op, self.arguments({"op": op}, {})), tuple(inputs))[0]

    def arguments(self, step: Step, scope: Scope) -> dict[str, Any]:
        """The arguments of an op's step over the file's defaults and the dialect's."""
        op = step["op"]
        dialect = DIALECTS[self.spec.get("dialect", "torch")].defaults_of(op)
        defaults = evaluate(dict(self.spec.get("defaults", {}).get(op, {})), self.params)
        own = {key: evaluate(value, scope) for key, value in step.items() if key not in WORDS}
        return {**dialect, **defaults, **own}

    def call(self, step: Step, scope: Scope, inputs: Sequence[TensorType], body: Body | None = None) -> Result:
        if "use" in step:
            return self.block(step, scope, inputs)
        op = made(step["op"], self.arguments(step, scope))
        if not op.variadic and not len(op.ports) - op.optional <= len(inputs) <= len(op.ports):
            raise Unfit("a number of inputs")
        given = results(op, tuple(inputs))
        if body is not None:
            body.strides.append(op.strides(tuple(inputs)) if inputs[0].spatial else ())
        return Result(dict(zip(op.results(), given, strict=True)))

    def block(self, step: Step, scope: Scope, inputs: Sequence[TensorType]) -> Result:
        """A use of a block."""
        block = self.spec["blocks"][step["use"]]
        self.depth += 1
        try:
            if self.depth > 8:
                raise Unfit("too deep")
            return self._block(block, self.scope_of(block, step, scope, inputs), inputs)
        finally:
            self.depth -= 1

    def scope_of(self, block: Mapping[str, Any], step: Step, scope: Scope, inputs: Sequence[TensorType]) -> Scope:
        """What the expressions of a block may name."""
        declared = block.get("args", {})
        given = {key: evaluate(value, scope) for key, value in step.items() if key not in WORDS}
        required = {name for name, value in declared.items() if isinstance(value, str) and value in TYPES}
        if not required <= set(given) <= set(declared):
            raise Unfit("arguments")
        inner: dict[str, Any] = {**self.params}
        names = block.get("inputs")
        for prefix, type_ in zip(names or ("in",), inputs, strict=True):
            inner |= {f"{prefix}_channels": type_.channels, f"{prefix}_shape": list(type_.shape)}
        for name, value in declared.items():
            inner[name] = given.get(name, value)
        for name, value in block.get("let", {}).items():
            inner[name] = evaluate(value, inner)
        return inner

    def _block(self, block: Mapping[str, Any], scope: Scope, inputs: Sequence[TensorType]) -> Result:
        names = block.get("inputs", ("in",))
        values = {name: one(type_) for name, type_ in zip(names, inputs, strict=True)}
        start = one(inputs[0]) if len(inputs) == 1 else None
        body = Body(dict(values), start)
        if "before" in block:
            body.last = body.values["before"] = self.run(body, block["before"], scope)
        fork = body.last
        outside = {**values, **({"before": body.values["before"]} if "before" in block else {})}
        if "branches" in block:
            joined = [self._path(outside, fork, steps, scope) for steps in block["branches"].values()]
            body.last = one(self.join(block.get("merge", "add"), joined))
        else:
            body.strides = []
            self.run(body, block["body"], scope)
            self._with_shortcut(block, body, outside, fork, scope)
        if "after" in block:
            self.run(body, block["after"], scope)
        return self._given(block, body)

    def _path(self, outside: Mapping[str, Result], fork: Result | None, steps: Iterable[Step], scope: Scope) -> Any:
        return self.run(Body(dict(outside), fork), steps, scope).sole

    def _with_shortcut(
        self, block: Mapping[str, Any], body: Body, outside: Mapping[str, Result], fork: Result | None, scope: Scope
    ) -> None:
        way = block.get("shortcut")
        if way is None or not evaluate(block.get("shortcut_when", True), scope):
            return
        assert fork is not None and body.last is not None
        around = fork.sole
        if way == "project":
            around = self._projected(around, body)
        elif way != "identity":
            around = self._path(outside, fork, way, scope)
        merge = block.get("merge", "add")
        inside = body.last.sole
        body.last = one(self.join(merge, [around, inside] if merge == "concat" else [inside, around]))

    def _projected(self, around: TensorType, body: Body) -> TensorType:
        """Its stride is the body's in all; a body of one chain of ops is all that is asked for here."""
        assert body.last is not None
        stride = [prod(axis) for axis in zip(*body.strides, strict=True)]
        channels = body.last.sole.channels
        if set(stride) == {1} and channels == around.channels:
            return around
        sizes = [-(-size // step) for size, step in zip(around.spatial, stride, strict=True)]
        return around.of(channels, tuple(sizes))

    def _given(self, block: Mapping[str, Any], body: Body) -> Result:
        declared = block.get("outputs")
        assert body.last is not None
        inside = {name: result for name, result in body.values.items() if "id" in body.steps.get(name, {})}
        if declared is None:
            return Result(dict(body.last.ports), inside)
        paths = declared if isinstance(declared, Mapping) else {name: name for name in declared}
        return Result({name: self.find(body, path).sole for name, path in paths.items()}, inside)
