"""Whole specs made at random, right by construction: every step is kept only where the reading of the language in
``reading`` gives it a type.

Steps come from the declarations of the ops, values from expressions over what is in scope, and structure from every
construct of the language: blocks in blocks, repeats of all kinds, shortcuts, branches, ``before`` and ``after``,
sharing, several inputs and outputs, outputs of training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any

from graphbuilder.ir import TensorType
from graphbuilder.ops import BUILT_IN, catalogue
from tests.random.arguments import MOST_ELEMENTS, Unfit, draw
from tests.random.expressions import dressed
from tests.random.reading import TYPES, Body, Reading, Result, one
from tests.random.toml_text import written

Spec = dict[str, Any]
Step = dict[str, Any]

MOST_STEPS = 40
INPUTS = (
    {"shape": [3, 8, 8]},
    {"shape": [4, 6, 6]},
    {"shape": [2, 7, 5]},
    {"shape": [4, 12]},
    {"shape": [2, 4, 4, 3]},
    {"shape": [9, 6], "layout": "channels_last"},
    {"shape": [4, 4, 6], "layout": "channels_last"},
    {"shape": [12]},
)
COMMON = ("conv", "conv", "conv", "batchnorm", "relu", "linear", "sepconv", "dwconv", "maxpool", "layernorm", "gelu")
# Their results may be infinite where nothing is wrong.
UNSTEADY = frozenset({"div"})
MULTIPLY = frozenset({"mul", "matmul"})
MERGES = ("add", "add", "concat", "mul")
PARAMS = ("width", "depth", "deep", "act", "drop", "widths", "size", "plain")
ARGUMENTS = ("out", "count", "flag", "kind", "rate", "sizes")


class Network:
    """One random network: ``spec`` as nested dictionaries, ``text`` as TOML, ``outputs`` as they must come out."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.spec = Maker(Random(seed)).spec()
        self.text = written(self.spec)

    @property
    def outputs(self) -> dict[str, TensorType]:
        return Reading(self.spec).outputs()


class Draft:
    """A body under construction: the steps that were kept, and what they give."""

    def __init__(self, maker: Maker, body: Body, scope: Mapping[str, Any], keep: bool = False) -> None:
        self.maker, self.body, self.scope, self.keep = maker, body, scope, keep
        self.steps: list[Step] = []

    @property
    def last(self) -> TensorType | None:
        """What the next step reads, where that is one value."""
        last = self.body.last
        return last.sole if last is not None and len(last.ports) == 1 else None

    def add(self, step: Step) -> bool:
        """Keep ``step`` if it can be read; where the body must keep its type, only if it does."""
        if self.maker.left <= 0:
            return False
        before = self.body.last
        try:
            given = self.maker.reading.step(self.body, step, self.scope)
        except Unfit:
            return False
        assert before is not None or "from" in step
        self.steps.append(step)
        self.maker.left -= 1
        return bool(given.ports)

    def fits(self, type_: TensorType) -> bool:
        return not self.keep or type_ == self.last

    def paths(self) -> Iterator[tuple[str, TensorType]]:
        """Everything that a step may read: values, outputs of several, and what stands inside."""
        for name, result in self.body.values.items():
            if name not in self.body.skipped:
                yield from _paths(name, result, 2)

    def alike(self, type_: TensorType) -> list[str]:
        return [path for path, each in self.paths() if each == type_]

    def identified(self, step: Step) -> Step:
        return {"id": self.maker.name("step"), **step} if self.maker.random.random() < 0.4 else step


def _paths(name: str, result: Result, depth: int) -> Iterator[tuple[str, TensorType]]:
    if len(result.ports) == 1:
        yield name, result.sole
    else:
        yield from ((f"{name}.{port}", type_) for port, type_ in result.ports.items())
    if depth:
        for inner, each in result.inside.items():
            yield from _paths(f"{name}.{inner}", each, depth - 1)


class Maker:
    """Makes one spec from one source of chance."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.left = random.randint(6, MOST_STEPS)
        self.count = 0
        self.depth = 0
        self.tree: Spec = {
            "format": 1,
            "name": "made",
            "dialect": random.choice(("torch", "keras")),
            "params": self._params(),
            "inputs": self._inputs(),
            "defaults": {},
            "init": {},
            "model": {},
            "blocks": {},
        }
        self.reading = Reading(self.tree)

    def name(self, base: str) -> str:
        self.count += 1
        return f"{base}{self.count}"

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def spec(self) -> Spec:
        self.tree["defaults"], self.tree["init"] = self._defaults(), self._init()
        inputs = {name: one(type_) for name, type_ in self.reading.inputs().items()}
        only = next(iter(inputs.values())) if len(inputs) == 1 else None
        draft = Draft(self, Body(dict(inputs), only), self.reading.params)
        if only is None:
            self._first(draft, inputs)
        self.fill(draft, self.random.randint(2, 7))
        while draft.last is None or not draft.steps or draft.steps[-1].get("when") is not None:
            self.left += 1
            _any_value(self, draft)
        self.tree["model"]["body"] = draft.steps
        outputs = self._outputs(draft)
        return {key: value for key, value in {**self.tree, "outputs": outputs}.items() if value != {}}

    def _params(self) -> Spec:
        random = self.random
        known: Spec = {
            "width": random.choice((2, 3, 4, 6, 8)),
            "depth": random.choice((1, 2, 3)),
            "deep": self.chance(0.5),
            "act": random.choice(("relu", "gelu", "tanh")),
            "drop": random.choice((0.1, 0.25, 0.5)),
            "widths": random.choices((2, 4, 6), k=random.randint(1, 3)),
            "size": random.choice((4, 6, 8)),
            "plain": self.chance(0.5),
        }
        return {name: known[name] for name in PARAMS if self.chance(0.6)}

    def _inputs(self) -> Spec:
        names = ("image", "extra", "third")[: self.random.choice((1, 1, 1, 2, 3))]
        return {name: self._input() for name in names}

    def _input(self) -> Any:
        table = dict(self.random.choice(INPUTS))
        return table["shape"] if "layout" not in table and self.chance(0.7) else table

    def _defaults(self) -> Spec:
        known: Spec = {
            "conv": {"kernel": 3, "padding": "half", "bias": self.chance(0.5)},
            "sepconv": {"kernel": 3, "padding": "same"},
            "dwconv": {"kernel": 3, "padding": "half"},
            "maxpool": {"kernel": 2},
            "linear": {"bias": False},
            "batchnorm": {"momentum": 0.2},
            "dropout": {"rate": 0.25},
        }
        chosen = {op: values for op, values in known.items() if self.chance(0.3)}
        return {
            op: {key: self.dress(value, self.reading.params) for key, value in v.items()} for op, v in chosen.items()
        }

    def _init(self) -> Spec:
        known: Spec = {
            "conv": {"kind": "kaiming_normal", "mode": "fan_out"},
            "linear": "xavier_uniform",
            "batchnorm": {"weight": "ones"},
        }
        return {op: value for op, value in known.items() if self.chance(0.15)}

    def dress(self, value: Any, scope: Mapping[str, Any], often: float = 0.4) -> Any:
        return dressed(self.random, value, scope, often)

    def _first(self, draft: Draft, inputs: Mapping[str, Result]) -> None:
        """Each of several inputs gets a step that reads it, so that none is idle."""
        for name, result in inputs.items():
            self.left += 1
            ops = ("relu", "conv", "linear", "batchnorm", "layernorm", "identity")
            step = {"id": self.name("from_"), **self.op_step(draft, (result.sole,), ops), "from": name}
            if not draft.add(step):
                assert draft.add({"op": "identity", "from": name})

    def fill(self, draft: Draft, number: int) -> None:
        """Up to ``number`` more moves, the first of them never one that may be left out."""
        for _ in range(number):
            moves = PLAIN if not draft.steps else MOVES
            move = self.random.choices(list(moves), list(moves.values()))[0]
            self.attempt(move, draft)
        if not draft.steps:
            self.left += 1
            assert draft.add({"op": "identity"})

    def attempt(self, move: Callable[[Maker, Draft], None], draft: Draft) -> None:
        for _ in range(3):
            kept = len(draft.steps)
            try:
                move(self, draft)
            except Unfit:
                continue
            if len(draft.steps) > kept:
                return

    def op_step(self, draft: Draft, inputs: tuple[TensorType, ...], ops: tuple[str, ...] = ()) -> Step:
        """A step of an op that takes ``inputs``.

        Raises:
            Unfit: none that was tried does.
        """
        for _ in range(8):
            op = self.random.choice(ops or (COMMON if self.chance(0.5) else tuple(BUILT_IN)))
            declared = catalogue()[op]
            if op in UNSTEADY or declared.variadic or len(declared.ports) - declared.optional != len(inputs):
                continue
            try:
                return self.op_with(draft, op, inputs)
            except Unfit:
                continue
        raise Unfit("no op was found")

    def op_with(self, draft: Draft, op: str, inputs: tuple[TensorType, ...]) -> Step:
        given = self.reading.arguments({"op": op}, {})
        arguments = draw(self.random, op, inputs, given)
        for name in list(arguments):
            if name in given and self.chance(0.6):
                del arguments[name]
        step: Step = {"op": op}
        step |= {name: self.dress(value, draft.scope) for name, value in arguments.items()}
        if op == "groupnorm" and arguments.get("scale") is False and arguments.get("bias", True):
            raise Unfit("torch cannot derive it")  # a group norm with a bias and no factor, as of 2.13
        if draft.keep and self.reading.call(step, draft.scope, inputs).ports != {"out": inputs[0]}:
            raise Unfit("another type")
        return self.with_init(step, inputs)

    def with_init(self, step: Step, inputs: tuple[TensorType, ...]) -> Step:
        if step["op"] in ("conv", "linear", "dwconv") and self.chance(0.15):
            kinds = ("normal", "he_uniform", {"kind": "truncated_normal", "std": 0.2}, {"weight": "glorot_normal"})
            return {**step, "init": self.random.choice(kinds)}
        return step

    @contextmanager
    def deeper(self) -> Iterator[None]:
        if self.depth >= 2:
            raise Unfit("deep enough")
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def _outputs(self, draft: Draft) -> Spec:
        assert draft.body.last is not None
        if self.chance(0.5) and len(draft.body.last.ports) == 1:
            return {}
        body = draft.body
        paths = [path for path, _ in draft.paths() if path.partition(".")[0] in body.steps]
        chosen = self.random.sample(paths, min(len(paths), self.random.randint(1, 3)))
        outputs: Spec = {self.name("out_"): path for path in chosen}
        if self._auxiliary_is_plain(draft) and self.chance(0.5):
            names = [name for name in body.steps if len(body.values[name].ports) == 1 and name not in body.skipped]
            names = [name for name in names if body.steps[name].get("op") and name not in chosen]
            if names:
                outputs[self.name("aux_")] = {"from": self.random.choice(names), "training": True}
        return outputs

    def _auxiliary_is_plain(self, draft: Draft) -> bool:
        """What training alone reads from inside a block is refused, so with an output of training nothing is."""
        return all(len(result.ports) == 1 and not result.inside for result in draft.body.values.values())


def _op(maker: Maker, draft: Draft) -> None:
    if draft.last is None:
        raise Unfit("several values")
    step = maker.op_step(draft, (draft.last,))
    draft.add(draft.identified(step))
    if step["op"] in MULTIPLY:
        draft.add({"op": "tanh"})


def _elsewhere(maker: Maker, draft: Draft) -> None:
    """An op on something else than the step before."""
    path, type_ = maker.random.choice(list(draft.paths()))
    draft.add(draft.identified({**maker.op_step(draft, (type_,)), "from": path}))


def _any_value(maker: Maker, draft: Draft) -> None:
    path, _ = maker.random.choice(list(draft.paths()))
    draft.add({"op": "identity", "from": path})


def _perhaps(maker: Maker, draft: Draft) -> None:
    """A step that is there or not."""
    if draft.last is None:
        raise Unfit("several values")
    step = maker.op_step(draft, (draft.last,), ("relu", "conv", "dropout", "batchnorm", "tanh", "layernorm"))
    flags = [name for name, value in draft.scope.items() if isinstance(value, bool)]
    condition = maker.dress(maker.chance(0.6), draft.scope, 0.8)
    draft.add({**step, "when": f"={maker.random.choice(flags)}" if flags and maker.chance(0.6) else condition})


def _joined(maker: Maker, draft: Draft) -> None:
    """Two or three values of one shape, or beside one another."""
    if draft.last is None:
        raise Unfit("several values")
    options = draft.alike(draft.last)
    op = maker.random.choice(("add", "sub", "mul", "max", "min", "mean", "concat"))
    chosen = maker.random.choices(options, k=maker.random.choice((2, 2, 3)))
    draft.add(draft.identified({"op": op, "from": chosen}))
    if op in MULTIPLY:
        draft.add({"op": "tanh"})


def _ported(maker: Maker, draft: Draft) -> None:
    """An op whose inputs have names."""
    op = maker.random.choice(("resize", "crop", "attend", "attention", "matmul"))
    declared = catalogue()[op]
    count = maker.random.randint(max(len(declared.ports) - declared.optional, 1), len(declared.ports))
    paths = list(draft.paths())
    for _ in range(10):
        chosen = maker.random.choices(paths, k=count)
        try:
            step = {"op": op, **draw(maker.random, op, tuple(type_ for _, type_ in chosen))}
        except Unfit:
            continue
        source = {port: path for port, (path, _) in zip(declared.ports, chosen, strict=False)}
        draft.add(draft.identified({**step, "from": source}))
        draft.add({"op": "tanh"})
        return


def _split(maker: Maker, draft: Draft) -> None:
    if draft.last is None or draft.last.channels % 2:
        raise Unfit("odd")
    name = maker.name("parts")
    if draft.add({"id": name, "op": "split", "count": 2}):
        draft.add({"op": maker.random.choice(("add", "concat", "max")), "from": [f"{name}.0", f"{name}.1"]})


def _again(maker: Maker, draft: Draft) -> None:
    """A sibling once more, on another value of its type."""
    first = maker.random.choice(list(draft.body.steps))
    step = draft.body.steps[first]
    if (
        "share" in step
        or "repeat" in step
        or isinstance(step.get("use"), list)
        or "when" in step
        or len(draft.body.reads[first]) != 1
    ):
        raise Unfit("not to be shared")
    options = draft.alike(draft.body.reads[first][0])
    again = {"share": first, "from": maker.random.choice(options)}
    draft.add({"id": maker.name("again"), **again})


def _repeated_op(maker: Maker, draft: Draft) -> None:
    if draft.last is None:
        raise Unfit("several values")
    count = maker.random.choice((1, 2, 3, 4))
    step = maker.op_step(draft, (draft.last,), ("conv", "linear", "batchnorm", "relu", "sepconv", "tanh", "dropout"))
    draft.add({**draft.identified(step), **_copies(maker, draft, step, count)})


def _copies(maker: Maker, draft: Draft, step: Step, count: int) -> Step:
    """The words of a repeat, and arguments that differ by copy."""
    kind = maker.random.choice(("row", "row", "list", "beside", "shared"))
    words: Step = {"repeat": maker.dress(count, draft.scope)}
    if kind == "list" and "out" in step:
        return {"repeat": [maker.random.choice((2, 4, 6)) for _ in range(count)], "out": "=item"}
    if kind == "beside":
        words["merge"] = maker.random.choice(MERGES)
    if kind == "shared":
        words["share"] = True
    if kind == "row" and "out" in step and maker.chance(0.5):
        words["out"] = maker.random.choice(("=2 * (i + 1)", "=[2, 4, 6, 8][i]", "=4 if i < n - 1 else 3", "=n + i"))
    return words


def _new_block(maker: Maker, draft: Draft) -> None:
    """A block made for what the last step gives, and its first use."""
    if draft.last is None or maker.left < 4:
        raise Unfit("no room")
    with maker.deeper():
        name, values = _block(maker, draft.last, draft.keep)
    step = _use(maker, draft, name, values)
    count = maker.random.choice((0, 0, 0, 2, 3))
    draft.add({**draft.identified(step), **(_block_copies(maker, draft, count) if count else {})})


def _block_copies(maker: Maker, draft: Draft, count: int) -> Step:
    words: Step = {"repeat": maker.dress(count, draft.scope)}
    kind = maker.random.choice(("row", "row", "beside", "shared"))
    if kind == "beside":
        words["merge"] = maker.random.choice(("add", "concat"))
    if kind == "shared":
        words["share"] = True
    return words


def _use(maker: Maker, draft: Draft, name: str, values: Mapping[str, Any]) -> Step:
    """A use of a block with these arguments, some of them left to their defaults."""
    declared = maker.tree["blocks"][name].get("args", {})
    needed = [key for key, value in declared.items() if value != values[key] or maker.chance(0.3)]
    return {"use": name, **{key: maker.dress(values[key], draft.scope) for key in needed}}


def _old_block(maker: Maker, draft: Draft) -> None:
    """Another use of a block, with other arguments."""
    if not maker.tree["blocks"]:
        return _new_block(maker, draft)
    name = maker.random.choice(list(maker.tree["blocks"]))
    block = maker.tree["blocks"][name]
    if block.get("inputs") is not None:
        raise Unfit("another number of inputs")
    step = _use(maker, draft, name, _argument_values(maker, block.get("args", {})))
    count = maker.random.choice((0, 0, 2))
    step = {**draft.identified(step), **(_block_copies(maker, draft, count) if count else {})}
    if draft.keep and (
        draft.last is None or maker.reading.call(step, draft.scope, (draft.last,)).ports != one(draft.last).ports
    ):
        raise Unfit("another type")
    draft.add(step)
    return None


def _mixed(maker: Maker, draft: Draft) -> None:
    """A list of blocks, each of which needs no argument."""
    free = [name for name, block in maker.tree["blocks"].items() if _is_free(block)]
    if not free:
        raise Unfit("none")
    draft.add({"id": maker.name("mixed"), "use": maker.random.choices(free, k=maker.random.randint(1, 3))})


def _is_free(block: Mapping[str, Any]) -> bool:
    args = block.get("args", {}).values()
    return "inputs" not in block and not any(value in TYPES for value in args if isinstance(value, str))


def _argument_values(maker: Maker, declared: Mapping[str, Any]) -> dict[str, Any]:
    random = maker.random
    known: dict[str, Any] = {
        "out": random.choice((2, 3, 4, 6)),
        "count": random.choice((0, 1, 2, 3)),
        "flag": maker.chance(0.5),
        "kind": random.choice(("relu", "tanh", "silu")),
        "rate": random.choice((0.1, 0.25, 0.5)),
        "sizes": random.choices((1, 2, 3, 4), k=2),
    }
    return {name: known[name] for name in declared}


TYPE_OF = {"out": "int", "count": "int", "flag": "bool", "kind": "str", "rate": "float", "sizes": "list"}


def _block(maker: Maker, type_: TensorType, keep: bool) -> tuple[str, dict[str, Any]]:
    """A block that takes ``type_``, and the arguments that it was made with."""
    name = maker.random.choice(("unit", "stage", "cell", "layer")) + "_" + maker.name("v")
    names = [each for each in ARGUMENTS if each not in maker.reading.params and maker.chance(0.35)]
    values = _argument_values(maker, dict.fromkeys(names))
    declared = {each: TYPE_OF[each] if maker.chance(0.5) else values[each] for each in names}
    block: Spec = {**({"args": declared} if declared else {})}
    scope = maker.reading.scope_of(block, {"use": name, **values}, {}, (type_,))
    if maker.chance(0.4):
        block["let"] = {"hidden": maker.dress(maker.random.choice((2, 3, 4)), scope, 0.9)}
        scope = maker.reading.scope_of(block, {"use": name, **values}, {}, (type_,))
    fork = one(type_)
    outside = {"in": fork}
    shape = maker.random.choices(list(SHAPES), list(SHAPES.values()))[0]
    if shape is not _plain and maker.chance(0.25):
        before = Draft(maker, Body(outside, fork), scope, keep=keep)
        maker.fill(before, maker.random.randint(1, 2))
        if before.last is not None:
            block["before"], fork = before.steps, one(before.last)
            outside = {"in": outside["in"], "before": fork}
    shape(maker, block, Draft(maker, Body(dict(outside), fork), scope, keep=keep))
    if shape is not _plain and maker.chance(0.3):
        _after(maker, block, scope)
    _accept(maker, name, block, values, type_)
    return name, values


def _accept(maker: Maker, name: str, block: Spec, values: Mapping[str, Any], type_: TensorType) -> None:
    """Keep the block if it can be read as a whole."""
    maker.tree["blocks"][name] = block
    try:
        maker.reading.block({"use": name, **values}, {}, (type_,))
    except Unfit:
        del maker.tree["blocks"][name]
        raise


def _after(maker: Maker, block: Spec, scope: Mapping[str, Any]) -> None:
    """Steps behind the join, on whatever it gives."""
    flags = [name for name, value in scope.items() if isinstance(value, bool)]
    steps: list[Step] = [{"op": maker.random.choice(("relu", "tanh", "batchnorm", "dropout"))}]
    if flags and maker.chance(0.4):
        steps.append({"op": "elu", "when": f"={maker.random.choice(flags)}"})
    block["after"] = steps


def _plain(maker: Maker, block: Spec, draft: Draft) -> None:
    maker.fill(draft, maker.random.randint(1, 4))
    block["body"] = draft.steps
    if "before" not in block and not draft.keep and maker.chance(0.3):
        names = [path for path, _ in draft.paths() if path not in ("in", "before")]
        chosen = maker.random.sample(names, min(2, len(names)))
        if len(chosen) == 2 and draft.last is not None:
            block["outputs"] = {"main": chosen[0], "side": chosen[1]}


def _residual(maker: Maker, block: Spec, draft: Draft) -> None:
    draft.keep = True
    maker.fill(draft, maker.random.randint(1, 4))
    block |= {"body": draft.steps, "shortcut": "identity"}
    _merged(maker, block, draft.scope)


def _merged(maker: Maker, block: Spec, scope: Mapping[str, Any]) -> None:
    if maker.chance(0.4):
        block["merge"] = maker.random.choice(MERGES)
    if maker.chance(0.25):
        block["shortcut_when"] = maker.dress(maker.chance(0.7), scope, 0.9)
    if block.get("merge") == "mul":
        block["after"] = [{"op": "tanh"}]


def _projected(maker: Maker, block: Spec, draft: Draft) -> None:
    """A chain whose sizes are those of a strided 1x1 convolution."""
    type_ = draft.last
    if type_ is None or type_.layout == "last" or type_.rank < 2:
        raise Unfit("not maps")
    out = maker.dress(maker.random.choice((type_.channels, 4, 6)), draft.scope)
    stride = maker.random.choice((1, 2, 2))
    padding = maker.random.choice(("same", "half"))
    steps: list[Step] = [
        {"op": "conv", "out": out, "kernel": 3, "stride": stride, "padding": padding},
        {"op": "batchnorm"},
        {"op": "relu"},
        {"op": "sepconv", "out": out, "kernel": 3, "padding": "same"},
        {"op": "maxpool", "kernel": 3, "stride": maker.random.choice((1, 2)), "padding": "half"},
    ]
    for step in steps[: maker.random.choice((1, 2, 3, 4, 5))]:
        draft.add(step)
    if not draft.steps:
        raise Unfit("no room")
    block |= {"body": draft.steps, "shortcut": "project"}
    if maker.chance(0.3):
        block["merge"] = maker.random.choice(("add", "concat", "mul"))
    if block.get("merge") == "mul":
        block["after"] = [{"op": "tanh"}]


def _around(maker: Maker, block: Spec, draft: Draft) -> None:
    """A shortcut of steps, beside a body that gives what it gives."""
    start = draft.body.last
    outside = dict(draft.body.values)
    maker.fill(draft, maker.random.randint(1, 3))
    side = Draft(maker, Body(outside, start), draft.scope)
    maker.fill(side, maker.random.randint(1, 2))
    block |= {"body": draft.steps, "shortcut": side.steps}
    block["merge"] = maker.random.choice(MERGES)
    if block["merge"] == "mul":
        block["after"] = [{"op": "tanh"}]


def _branches(maker: Maker, block: Spec, draft: Draft) -> None:
    outside, start = dict(draft.body.values), draft.body.last
    paths: dict[str, list[Step]] = {}
    for name in ("left", "right", "middle")[: maker.random.choice((2, 2, 3))]:
        side = Draft(maker, Body(dict(outside), start), draft.scope, keep=maker.chance(0.6))
        maker.fill(side, maker.random.randint(1, 3))
        paths[name] = side.steps
    block |= {"merge": maker.random.choice(("add", "concat", "concat", "mul")), "branches": paths}
    if block["merge"] == "mul":
        block["after"] = [{"op": "tanh"}]


def _crossed(maker: Maker, draft: Draft) -> None:
    """A block of two inputs and two outputs that are carried on from copy to copy."""
    if maker.left < 8:
        raise Unfit("no room")
    options = [(path, type_) for path, type_ in draft.paths() if type_.elements < MOST_ELEMENTS // 2]
    (high, high_type), (low, low_type) = maker.random.choices(options, k=2)
    name = "cross_" + maker.name("v")
    sides = []
    for port, type_ in (("high", high_type), ("low", low_type)):
        scope = {**maker.reading.params, "high_channels": high_type.channels, "low_channels": low_type.channels}
        inner = Draft(maker, Body({port: one(type_)}, one(type_)), scope, keep=True)
        step = {"id": f"new_{port}", **maker.op_step(inner, (type_,)), "from": port}
        sides.append(step)
    block = {"inputs": ["high", "low"], "outputs": {"high": "new_high", "low": "new_low"}, "body": sides}
    maker.tree["blocks"][name] = block
    used = maker.name("crossed")
    step = {"id": used, "use": name, "from": {"high": high, "low": low}}
    if maker.chance(0.5):
        step["repeat"] = maker.dress(maker.random.choice((1, 2, 3)), draft.scope)
    if not draft.add(step):
        del maker.tree["blocks"][name]
        return
    draft.add({"op": "relu", "from": f"{used}.{maker.random.choice(('high', 'low'))}"})


PLAIN: Mapping[Callable[[Maker, Draft], None], int] = {_op: 6, _new_block: 3, _repeated_op: 1}
MOVES: Mapping[Callable[[Maker, Draft], None], int] = {
    _op: 12,
    _elsewhere: 3,
    _perhaps: 3,
    _joined: 3,
    _ported: 2,
    _split: 1,
    _again: 2,
    _repeated_op: 3,
    _new_block: 6,
    _old_block: 4,
    _mixed: 1,
    _crossed: 1,
}
SHAPES: Mapping[Callable[[Maker, Spec, Draft], None], int] = {
    _plain: 4,
    _residual: 4,
    _projected: 3,
    _around: 2,
    _branches: 3,
}
