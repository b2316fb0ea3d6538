"""Moves that make and use blocks: of steps, with shortcuts, with branches, in lists, of several inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphbuilder.ir import TensorType
from tests.random.arguments import MOST_ELEMENTS, Unfit
from tests.random.maker import Draft, Maker, Move, Step
from tests.random.reading import TYPES, Body, one
from tests.random.steps import MERGES
from tests.random.values import ARGUMENTS, TYPE_OF, Spec, argument_values

PORTS: tuple[str, ...] = ("high", "low")


def new_block(maker: Maker, draft: Draft) -> None:
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
        return new_block(maker, draft)
    name = maker.random.choice(list(maker.tree["blocks"]))
    block = maker.tree["blocks"][name]
    if block.get("inputs") is not None:
        raise Unfit("another number of inputs")
    step = _use(maker, draft, name, argument_values(maker.random, block.get("args", {})))
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


def _block(maker: Maker, type_: TensorType, keep: bool) -> tuple[str, dict[str, Any]]:
    """A block that takes ``type_``, and the arguments that it was made with."""
    name = maker.random.choice(("unit", "stage", "cell", "layer")) + "_" + maker.name("v")
    names = [each for each in ARGUMENTS if each not in maker.reading.params and maker.chance(0.35)]
    values = argument_values(maker.random, dict.fromkeys(names))
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
    """Further steps behind the join, on whatever it gives: a product stays within the bounds that it was given."""
    flags = [name for name, value in scope.items() if isinstance(value, bool)]
    steps: list[Step] = [{"op": maker.random.choice(("relu", "tanh", "batchnorm", "dropout"))}]
    if flags and maker.chance(0.4):
        steps.append({"op": "elu", "when": f"={maker.random.choice(flags)}"})
    block["after"] = [*block.get("after", ()), *steps]


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
    if not options:
        raise Unfit("nothing small enough")
    (high, high_type), (low, low_type) = maker.random.choices(options, k=2)
    name = "cross_" + maker.name("v")
    types = dict(zip(PORTS, (high_type, low_type), strict=True))
    sides = [step for port in PORTS for step in _side(maker, port, types)]
    outputs = _given_on(maker, sides, high_type == low_type)
    block = {"inputs": [*PORTS], "outputs": outputs, "body": sides}
    maker.tree["blocks"][name] = block
    used = maker.name("crossed")
    step = {"id": used, "use": name, "from": {"high": high, "low": low}}
    if maker.chance(0.5):
        step["repeat"] = maker.dress(maker.random.choice((1, 2, 3)), draft.scope)
    if not draft.add(step):
        del maker.tree["blocks"][name]
        return
    draft.add({"op": "relu", "from": f"{used}.{maker.random.choice(PORTS)}"})


def _side(maker: Maker, port: str, types: Mapping[str, TensorType]) -> list[Step]:
    """One or two steps behind an input of a block, which keep its type."""
    scope = {**maker.reading.params, **{f"{each}_channels": type_.channels for each, type_ in types.items()}}
    draft = Draft(maker, Body({port: one(types[port])}, one(types[port])), scope, keep=True)
    reads = {f"new_{port}": port, f"newer_{port}": f"new_{port}"}
    count = maker.random.choice((1, 2))
    return [{"id": each, **maker.op_step(draft, (types[port],)), "from": reads[each]} for each in [*reads][:count]]


def _given_on(maker: Maker, sides: Sequence[Step], alike: bool) -> dict[str, str]:
    """The outputs of a block of two inputs: made in it, or one of them an input, any where both are of one type."""
    outputs = {port: next(step["id"] for step in reversed(sides) if step["id"].endswith(port)) for port in PORTS}
    if maker.chance(0.5):
        passed = maker.random.choice(PORTS)
        outputs[passed] = maker.random.choice(PORTS) if alike else passed
    return outputs


SHAPES: Mapping[Callable[[Maker, Spec, Draft], None], int] = {
    _plain: 4,
    _residual: 4,
    _projected: 3,
    _around: 2,
    _branches: 3,
}
MOVES: Mapping[Move, int] = {
    new_block: 6,
    _old_block: 4,
    _mixed: 1,
    _crossed: 1,
}
