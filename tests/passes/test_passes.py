"""Each pass by itself: the graph before and after, as text; and what it must leave alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from graphbuilder.analysis.inference import TypedGraph, infer
from graphbuilder.backends.python import write
from graphbuilder.ir import Copies, Graph
from graphbuilder.ir import text as ir_text
from graphbuilder.ir.invariants import breaches
from graphbuilder.passes import optimise
from graphbuilder.passes.batch_siblings import batch_siblings
from graphbuilder.passes.drop_training import drop_training
from graphbuilder.passes.fold_norms import fold_norms
from graphbuilder.passes.fuse_pools import fuse_pools
from graphbuilder.passes.fuse_sepconvs import fuse_sepconvs
from graphbuilder.passes.hoist_activations import hoist_activations
from graphbuilder.passes.merge_pads import merge_pads
from graphbuilder.passes.pipeline import Pass
from tests.backends.networks import shipped, spelt

CONV = "{ op = 'conv', out = 4, bias = false }"
NORM = "{ op = 'batchnorm' }"
HEAD = "[defaults]\nconv = { kernel = 3, padding = 'half' }\n"

CASES: dict[str, tuple[Pass, str]] = {
    "fold_a_norm": (fold_norms, f"[model]\nbody = [{CONV}, {NORM}, {{ op = 'relu' }}]"),
    "fold_into_a_composite": (
        fold_norms,
        f"[model]\nbody = [{{ op = 'sepconv', out = 4, kernel = 3, norm = true, bias = false }}, {NORM}]",
    ),
    "fold_in_a_repeat": (
        fold_norms,
        f"[model]\nbody = [{{ use = 'unit', repeat = 5 }}]\n[blocks.unit]\n"
        f"body = [{CONV}, {NORM}]\nshortcut = 'identity'",
    ),
    "fold_into_a_block": (
        fold_norms,
        "[model]\nbody = [{ use = 'bare' }, { op = 'batchnorm' }, { id = 'again', use = 'bare' }]\n"
        f"[blocks.bare]\nbody = [{{ op = 'relu' }}, {CONV}]",
    ),
    "fold_shared_weights": (
        fold_norms,
        "[inputs]\nother = [4, 8, 8]\n"
        "[model]\nbody = [{ id = 'a', op = 'conv', out = 4, from = 'image' }, { id = 'a_norm', op = 'batchnorm' },\n"
        "{ id = 'b', share = 'a', from = 'other' }, { id = 'b_norm', share = 'a_norm' },\n"
        "{ op = 'add', from = ['a_norm', 'b_norm'] }]",
    ),
    "drop_dropout": (
        drop_training,
        "[model]\nbody = [{ op = 'conv', out = 4 }, { op = 'dropout' }, { use = 'branch', repeat = 2 }]\n"
        "[blocks.branch]\nbody = [{ op = 'relu' }, { op = 'droppath', rate = 0.1 }]\nshortcut = 'identity'",
    ),
    "drop_a_whole_body": (
        drop_training,
        "[model]\nbody = [{ op = 'relu' }, { use = 'rest', repeat = 3 }, { use = 'rest' }]\n"
        "[blocks.rest]\nbody = [{ op = 'identity' }, { op = 'dropout' }]",
    ),
    "drop_outputs_of_training": (
        drop_training,
        "[model]\nbody = [{ id = 'a', op = 'relu' }, { id = 'b', op = 'relu' },\n"
        "{ id = 'c', op = 'conv', out = 2, from = 'a' }]\n"
        "[outputs]\nmain = 'b'\naux = { from = 'c', training = true }",
    ),
    "merge_a_pad": (
        merge_pads,
        "[model]\nbody = [{ op = 'pad', sides = [1, 2] }, { op = 'conv', out = 4, padding = 1, stride = 2 },\n"
        "{ op = 'pad', sides = [[0, 1], [0, 1]] }, { op = 'dwconv', kernel = 3, padding = [[1, 0], [1, 0]] }]",
    ),
}

SEPCONV = "{ op = 'sepconv', out = 4, kernel = 3, padding = 'same' }"
CASES |= {
    "fuse_a_sepconv": (fuse_sepconvs, f"[model]\nbody = [{{ op = 'relu' }}, {SEPCONV}, {{ op = 'elu' }}]"),
    "fuse_in_a_repeat": (
        fuse_sepconvs,
        f"[model]\nbody = [{{ use = 'unit', repeat = 5 }}]\n[blocks.unit]\n"
        f"body = [{{ op = 'relu6' }}, {SEPCONV}]\nshortcut = 'identity'\nafter = [{{ op = 'silu' }}]",
    ),
    "fuse_what_stands_between": (
        fuse_sepconvs,
        "[model]\nbody = [{ op = 'sepconv', out = 6, kernel = [3, 1], stride = 2, between = 'hardswish' },\n"
        "{ op = 'relu' }, { op = 'sepconv', out = 4, kernel = 3, order = 'pointwise_first' }]",
    ),
    "fuse_a_sum_behind_a_repeat": (
        fuse_sepconvs,
        f"[model]\nbody = [{{ use = 'middle', repeat = 3 }}, {{ use = 'middle' }}]\n"
        "[blocks.middle]\nbody = [{ use = 'unit', repeat = 3 }]\nshortcut = 'identity'\n"
        f"[blocks.unit]\nbody = [{{ op = 'relu' }}, {SEPCONV}]",
    ),
    "fuse_shared_weights": (
        fuse_sepconvs,
        "[model]\nbody = [{ op = 'relu' }, { id = 'a', op = 'sepconv', out = 4, kernel = 3, padding = 'same' },\n"
        "{ op = 'relu6' }, { share = 'a', id = 'b' }]",
    ),
}

POINT = "{ op = 'conv', out = 4, kernel = 1, padding = 0, stride = 2 }"
POOL = "{ op = 'maxpool', kernel = 3, stride = 2, padding = 'same' }"


def halved(pool: str, *shortcut: str) -> str:
    """A block that ends in a pool beside a shortcut."""
    body = f"body = [{CONV}, {pool}]\nshortcut = [{', '.join(shortcut or [POINT])}]"
    return f"[{{ use = 'down' }}, {{ use = 'down' }}]\n[blocks.down]\n{body}"


CASES["fuse_a_pool"] = (fuse_pools, f"[model]\nbody = {halved(POOL)}")
UNIT = f"[blocks.unit]\nbody = [{{ op = 'relu' }}, {CONV}, {NORM}]"
CASES |= {
    "hoist_between_blocks": (
        hoist_activations,
        f"[model]\nbody = [{{ use = 'unit', repeat = 3 }}, {{ use = 'last' }}, {{ op = 'relu' }}]\n{UNIT}\n"
        f"[blocks.last]\nbody = [{{ use = 'unit' }}, {{ use = 'unit' }}]",
    ),
    "hoist_what_readers_share": (
        hoist_activations,
        "[model]\nbody = [{ id = 'a', op = 'conv', out = 4 }, { use = 'unit' }, { op = 'relu6', from = 'unit' },\n"
        f"{{ id = 'b', op = 'relu', from = 'a' }}, {{ op = 'add', from = ['b', 'relu6', 'unit'] }}]\n{UNIT}",
    ),
}

NARROW = "{ op = 'conv', out = 2, kernel = 1, padding = 0 }"
CASES |= {
    "batch_siblings": (
        batch_siblings,
        f"[model]\nbody = [{{ use = 'module', repeat = 2 }}, {{ op = 'relu' }}]\n[blocks.module]\nmerge = 'concat'\n"
        f"[blocks.module.branches]\na = [{{ use = 'unit', out = 4 }}]\nb = [{{ use = 'unit', out = 3 }}, {CONV}]\n"
        f"c = [{NARROW}]\nd = [{{ op = 'maxpool', kernel = 3, stride = 1, padding = 1 }}, {NARROW}]\n"
        "[blocks.unit]\nargs = { out = 'int' }\n"
        "body = [{ op = 'conv', out = '=out', kernel = 1, padding = 0 }, { op = 'relu' }]",
    ),
    "batch_siblings_of_siblings": (
        batch_siblings,
        "[model]\nbody = [{ id = 'a', op = 'conv', out = 4 }, { id = 'b', op = 'conv', out = 2, from = 'image' },\n"
        "{ id = 'c', op = 'conv', out = 3, from = 'a' }, { id = 'd', op = 'conv', out = 4, from = 'a' },\n"
        "{ op = 'concat', from = ['a', 'b', 'c', 'd'] }]",
    ),
}

# Of each, the op that must still be there, as often as before.
LEFT: dict[str, tuple[Pass, str, str]] = {
    "read twice": (fold_norms, "batchnorm", f"[{CONV}, {NORM}, {{ op = 'add', from = ['conv', 'batchnorm'] }}]"),
    "behind a pool": (fold_norms, "batchnorm", f"[{CONV}, {{ op = 'maxpool', kernel = 2 }}, {NORM}]"),
    "an input": (fold_norms, "batchnorm", f"[{NORM}, {CONV}]"),
    "behind standardised weights": (
        fold_norms,
        "batchnorm",
        f"[{{ op = 'stdconv', out = 4, kernel = 3 }}, {NORM}]",
    ),
    "one of two calls": (
        fold_norms,
        "batchnorm",
        f"[{CONV}, {NORM}, {{ id = 'more', share = 'conv' }}, {{ op = 'relu' }}]",
    ),
    "along another axis": (fold_norms, "batchnorm", f"[{{ op = 'linear', out = 8, axis = 1 }}, {NORM}]"),
    "one side": (merge_pads, "pad", "[{ op = 'pad', sides = [[0, 1], [0, 1]] }, { op = 'conv', out = 4, kernel = 3 }]"),
    "of ones": (merge_pads, "pad", "[{ op = 'pad', sides = 1, value = 1.0 }, { op = 'conv', out = 4, kernel = 3 }]"),
    "of edges": (
        merge_pads,
        "pad",
        "[{ op = 'pad', sides = 1, mode = 'reflect' }, { op = 'conv', out = 4, kernel = 3 }]",
    ),
    "read by a pool too": (
        merge_pads,
        "pad",
        "[{ op = 'pad', sides = 1 }, { op = 'conv', out = 4, kernel = 3, padding = 'valid' },"
        " { op = 'maxpool', kernel = 3, stride = 1, from = 'pad' },"
        " { op = 'add', from = ['conv', 'maxpool'] }]",
    ),
    "what follows the size": (
        merge_pads,
        "pad",
        "[{ op = 'pad', sides = 1 }, { op = 'conv', out = 4, kernel = 3, padding = 'same' }]",
    ),
    "read by others too": (
        fuse_sepconvs,
        "relu",
        f"[{{ op = 'relu' }}, {SEPCONV}, {{ op = 'add', from = ['relu', 'sepconv'] }}]",
    ),
    "unlike what the kernel knows": (fuse_sepconvs, "elu", f"[{{ op = 'elu', alpha = 0.5 }}, {SEPCONV}]"),
    "an activation that is learnt": (fuse_sepconvs, "prelu", f"[{SEPCONV}, {{ op = 'prelu' }}]"),
    "a sum with what others read": (
        fuse_sepconvs,
        "add",
        f"[{{ use = 'unit' }}, {{ op = 'add', from = ['in', 'unit'] }}, {{ op = 'add', from = ['add', 'unit'] }}]\n"
        f"[blocks.unit]\nbody = [{SEPCONV}]",
    ),
    "a sum with copies that share": (
        fuse_sepconvs,
        "add",
        f"[{{ use = 'unit', repeat = 3, share = true }}, {{ op = 'add', from = ['in', 'unit'] }}]\n"
        f"[blocks.unit]\nbody = [{SEPCONV}]",
    ),
    "a sum with itself": (
        fuse_sepconvs,
        "add",
        f"[{{ use = 'unit' }}, {{ op = 'add', from = ['unit', 'unit'] }}]\n[blocks.unit]\nbody = [{SEPCONV}]",
    ),
    "a sum of three": (
        fuse_sepconvs,
        "add",
        f"[{{ op = 'identity' }}, {SEPCONV}, {{ op = 'add', from = ['in', 'identity', 'sepconv'] }}]",
    ),
    "a norm between": (
        fuse_sepconvs,
        "sepconv",
        "[{ op = 'sepconv', out = 4, kernel = 3, norm = true }]",
    ),
    "siblings of another stride": (
        batch_siblings,
        "conv",
        f"[{{ id = 'a', op = 'conv', out = 4 }}, {POOL}, \n"
        "{ id = 'b', op = 'conv', out = 4, stride = 2, from = 'in' }, { op = 'add', from = ['maxpool', 'b'] }]",
    ),
    "siblings in groups": (
        batch_siblings,
        "conv",
        "[{ id = 'a', op = 'conv', out = 4, groups = 2 },\n"
        "{ id = 'b', op = 'conv', out = 4, groups = 2, from = 'in' }, { op = 'add', from = ['a', 'b'] }]",
    ),
    "siblings that share": (
        batch_siblings,
        "conv",
        f"[{CONV}, {{ id = 'b', share = 'conv', from = 'in' }}, {{ op = 'add', from = ['conv', 'b'] }}]",
    ),
    "a pool that needs a pad": (
        fuse_pools,
        "maxpool",
        halved("{ op = 'maxpool', kernel = 3, stride = 2, padding = [[0, 1], [1, 0]] }"),
    ),
    "a dilated pool": (
        fuse_pools,
        "maxpool",
        halved("{ op = 'maxpool', kernel = 3, stride = 2, padding = 'same', dilation = 2 }"),
    ),
    "a shortcut of more": (fuse_pools, "maxpool", halved(POOL, POINT, NORM)),
    "a shortcut that looks around": (fuse_pools, "maxpool", halved(POOL, "{ op = 'conv', out = 4, stride = 2 }")),
    "a pool that others read": (
        fuse_pools,
        "maxpool",
        f"[{CONV}, {POOL}, {{ id = 's', use = 'side', from = 'conv' }}, {{ op = 'add', from = ['maxpool', 's'] }},\n"
        f"{{ op = 'mul', from = ['maxpool', 'add'] }}]\n[blocks.side]\nbody = [{POINT}]",
    ),
    "what a shortcut reads too": (
        hoist_activations,
        "relu",
        f"[{CONV}, {{ use = 'unit' }}]\n[blocks.unit]\nbody = [{{ op = 'relu' }}, {CONV}]\nshortcut = 'identity'",
    ),
    "what is called twice": (
        hoist_activations,
        "relu",
        f"[{CONV}, {{ use = 'unit', repeat = 2, share = true }}]\n{UNIT}",
    ),
    "nothing but an activation": (
        hoist_activations,
        "relu",
        f"[{CONV}, {{ use = 'act' }}]\n[blocks.act]\nbody = [{{ op = 'relu' }}]",
    ),
    "some copies of a repeat": (
        drop_training,
        "repeat",
        "[{ use = ['rest', 'work', 'rest'] }]\n"
        "[blocks.rest]\nbody = [{ op = 'dropout' }]\n[blocks.work]\nbody = [{ op = 'conv', out = 4 }]",
    ),
}


def changed(graph: Pass, typed: TypedGraph) -> Graph:
    after = graph(typed).graph
    assert breaches(after) == []
    infer(after, typed.inputs)
    return after


@pytest.mark.parametrize("name", CASES)
def test_before_and_after(name: str, golden: Callable[[str, str], None]) -> None:
    each, body = CASES[name]
    extra, _, model = body.rpartition("[model]") if body.startswith("[inputs]") else ("", "", body)
    head = extra.removeprefix("[inputs]\n")
    typed = spelt(f"{head}{HEAD}[model]{model}" if head else f"{HEAD}{body}")
    result = each(typed)
    after = changed(each, typed)
    folds = "".join(f"{fold}\n" for fold in result.folds)
    golden(f"passes/{name}.txt", f"{ir_text.write(typed.graph)}\n=>\n\n{ir_text.write(after)}{folds}")


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_alone(name: str) -> None:
    each, op, body = LEFT[name]
    typed = spelt(f"{HEAD}[model]\nbody = {body}")
    word = re.compile(rf"\b{op}\b")
    before, after = (ir_text.write(graph) for graph in (typed.graph, changed(each, typed)))
    assert len(word.findall(before)) == len(word.findall(after)) > 0


@pytest.mark.parametrize("name", ["xception", "resnext50_32x4d"])
def test_equal_bodies_stay_one(name: str) -> None:
    optimised = optimise(shipped(name), "inference").typed

    def bodies(typed: TypedGraph) -> set[int]:
        return {id(typed), *(each for inner in typed.bodies.values() for each in bodies(inner))}

    # An activation that moves tells the first, the last and the other units of a block apart.
    assert len(bodies(optimised)) <= len(bodies(shipped(name))) + (2 if name == "xception" else 0)


def test_a_long_repeat_is_not_written_out() -> None:
    typed = spelt(f"{HEAD}[model]\nbody = [{{ use = 'unit', repeat = 3000 }}]\n[blocks.unit]\nbody = [{CONV}, {NORM}]")
    optimised = optimise(typed, "inference")
    (node,) = optimised.typed.graph.nodes
    assert isinstance(node.callee, Graph)
    assert isinstance(node.callee.nodes, Copies)
    assert len(optimised.recipe.folds) == 3_000


def test_the_source_of_an_optimised_network(golden: Callable[[str, str], None]) -> None:
    golden("python/xception_for_inference.py", write(optimise(shipped("xception"), "inference").typed))


def test_steps_follow_one_another() -> None:
    typed = shipped("xception")
    optimised = optimise(typed, "inference")
    assert [step.name for step in optimised.steps] == [
        "drop_training",
        "merge_pads",
        "fold_norms",
        "batch_siblings",
        "hoist_activations",
    ]
    assert optimised.steps[0].before is typed
    assert optimised.steps[-1].after is optimised.typed
    assert all(one.after is two.before for one, two in pairwise(optimised.steps))
    assert optimise(typed, "none").typed is typed
    assert [step.name for step in optimise(typed, "inference", "cuda").steps][4:] == ["fuse_sepconvs", "fuse_pools"]


def test_the_source_for_a_gpu(golden: Callable[[str, str], None]) -> None:
    golden("python/xception_for_a_gpu.py", write(optimise(shipped("xception"), "inference", "cuda").typed))
