"""Whole specs made at random, right by construction: every step is kept only where the reading of the language in
``reading`` gives it a type.

Steps come from the declarations of the ops, values from expressions over what is in scope, and structure from every
construct of the language: blocks in blocks, repeats of all kinds, shortcuts, branches, ``before`` and ``after``,
sharing, several inputs and outputs, outputs of training.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from graphbuilder.ir import TensorType
from tests.random import blocks, steps, values
from tests.random.maker import Draft, Maker, Moves
from tests.random.reading import Body, Reading, Result, one
from tests.random.toml_text import written
from tests.random.values import Spec

MOST_STEPS = 40
MOVES = Moves(
    first={steps.one_op: 6, blocks.new_block: 3, steps.repeated_op: 1},
    later={**steps.MOVES, **blocks.MOVES},
)


class Network:
    """One random network: ``spec`` as nested dictionaries, ``text`` as TOML, ``outputs`` as they must come out."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.spec = _spec(Random(seed))
        self.text = written(self.spec)

    @property
    def outputs(self) -> dict[str, TensorType]:
        return Reading(self.spec).outputs()


def _spec(random: Random) -> Spec:
    maker = Maker(random, random.randint(6, MOST_STEPS), _tree(random), MOVES)
    maker.tree["defaults"] = values.defaults(random, maker.reading.params)
    maker.tree["init"] = values.init(random)
    draft = _body(maker)
    maker.tree["model"]["body"] = draft.steps
    outputs = _outputs(maker, draft)
    return {key: value for key, value in {**maker.tree, "outputs": outputs}.items() if value != {}}


def _tree(random: Random) -> Spec:
    return {
        "format": 1,
        "name": "made",
        "dialect": random.choice(("torch", "keras")),
        "params": values.params(random),
        "inputs": values.inputs(random),
        "defaults": {},
        "init": {},
        "model": {},
        "blocks": {},
    }


def _body(maker: Maker) -> Draft:
    """The body of the network; its last step is one value, and never left out."""
    inputs = {name: one(type_) for name, type_ in maker.reading.inputs().items()}
    only = next(iter(inputs.values())) if len(inputs) == 1 else None
    draft = Draft(maker, Body(dict(inputs), only), maker.reading.params)
    if only is None:
        _first(maker, draft, inputs)
    maker.fill(draft, maker.random.randint(2, 7))
    while draft.last is None or not draft.steps or draft.steps[-1].get("when") is not None:
        maker.left += 1
        steps.any_value(maker, draft)
    return draft


def _first(maker: Maker, draft: Draft, inputs: Mapping[str, Result]) -> None:
    """Each of several inputs gets a step that reads it, so that none is idle."""
    for name, result in inputs.items():
        maker.left += 1
        ops = ("relu", "conv", "linear", "batchnorm", "layernorm", "identity")
        step = {"id": maker.name("from_"), **maker.op_step(draft, (result.sole,), ops), "from": name}
        if not draft.add(step):
            assert draft.add({"op": "identity", "from": name})


def _outputs(maker: Maker, draft: Draft) -> Spec:
    assert draft.body.last is not None
    if maker.chance(0.5) and len(draft.body.last.ports) == 1:
        return {}
    body = draft.body
    paths = [path for path, _ in draft.paths() if path.partition(".")[0] in body.steps]
    chosen = maker.random.sample(paths, min(len(paths), maker.random.randint(1, 3)))
    outputs: Spec = {maker.name("out_"): path for path in chosen}
    if _auxiliary_is_plain(draft) and maker.chance(0.5):
        names = [name for name in body.steps if len(body.values[name].ports) == 1 and name not in body.skipped]
        names = [name for name in names if body.steps[name].get("op") and name not in chosen]
        if names:
            outputs[maker.name("aux_")] = {"from": maker.random.choice(names), "training": True}
    return outputs


def _auxiliary_is_plain(draft: Draft) -> bool:
    """What training alone reads from inside a block is refused, so with an output of training nothing is."""
    return all(len(result.ports) == 1 and not result.inside for result in draft.body.values.values())
