"""Moves that add steps of ops: on the step before or elsewhere, on several values, shared, left out, repeated."""

from __future__ import annotations

from collections.abc import Mapping

from graphbuilder.ops import catalogue
from tests.random.arguments import Unfit, draw
from tests.random.maker import Draft, Maker, Move, Step

MULTIPLY = frozenset({"mul", "matmul"})
MERGES = ("add", "add", "concat", "mul")


def one_op(maker: Maker, draft: Draft) -> None:
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


def any_value(maker: Maker, draft: Draft) -> None:
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


def repeated_op(maker: Maker, draft: Draft) -> None:
    if draft.last is None:
        raise Unfit("several values")
    count = maker.random.choice((1, 2, 3, 4))
    step = maker.op_step(draft, (draft.last,), ("conv", "linear", "batchnorm", "relu", "sepconv", "tanh", "dropout"))
    copies = _copies(maker, draft, step, count)
    draft.add({**draft.identified(step), **copies})
    if copies.get("merge") in MULTIPLY:
        draft.add({"op": "tanh"})


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


MOVES: Mapping[Move, int] = {
    one_op: 12,
    _elsewhere: 3,
    _perhaps: 3,
    _joined: 3,
    _ported: 2,
    _split: 1,
    _again: 2,
    repeated_op: 3,
}
