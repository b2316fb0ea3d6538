"""What is drawn of a broken spec: everything, each mistake where it belongs, and nothing that is not known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graphbuilder import compiler
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import Options, drawing
from graphbuilder.elaborate import Limits
from graphbuilder.ir import Copies, Graph, Node
from graphbuilder.ir.fault import Fault, faults
from tests.backends.graphviz.geometry import faults as overlaps
from tests.elaborate.broken import EDITS, SOUND, broken

# What is wrong with the file and not with the network stands beside this.
LOOSE = {
    "unknown key of the file",
    "unknown table of the file",
    "unknown key of the model",
    "unknown key of an output",
    "format not known",
    "dialect not known",
    "no name",
    "no inputs",
    "no body of the model",
    "a param that is an expression",
    "defaults of no op",
    "a default of no argument",
    "block with an op's name",
    "what it extends is not there",
}
NOT_READ = {"no body of the model", "what it extends is not there"}


def drawn(text: str) -> tuple[list[str], TypedGraph]:
    """What is wrong, and what is drawn of it."""
    checked = compiler.check_text(text)
    typed = checked.part()
    assert checked.network is None and typed is not None
    return [f"{each.code}: {each.message}" for each in checked.diagnostics if each.severity == "error"], typed


def nodes(graph: Graph) -> Iterator[Node]:
    """Every node, of copies those that are written out."""
    for node in graph.nodes.head if isinstance(graph.nodes, Copies) else graph.nodes:
        yield node
        if isinstance(node.callee, Graph):
            yield from nodes(node.callee)


def test_the_network_is_sound_without_a_mistake() -> None:
    assert compiler.check_text(SOUND).network is not None


@pytest.mark.parametrize("kind", EDITS)
def test_each_mistake_is_drawn_in_its_place(kind: str) -> None:
    errors, typed = drawn(broken(kind))
    wrong = [node for node in nodes(typed.graph) if isinstance(node.callee, Fault) and node.callee.errors]
    told = {error for node in wrong if isinstance(node.callee, Fault) for error in node.callee.errors}
    assert set(errors) <= told
    assert any(node.name.startswith("mistake") for node in wrong) is (kind in LOOSE)


@pytest.mark.parametrize("kind", sorted(EDITS.keys() - NOT_READ))
def test_what_is_sound_is_drawn_around_it(kind: str) -> None:
    _, typed = drawn(broken(kind))
    names = {node.name for node in typed.graph.nodes}
    assert {"stem", "stages", "logits"} <= names
    assert len(names & {"mixed", "pool"}) + (kind in ("name taken twice", "name that none can be")) == 2
    figure = drawing(typed, Options())
    assert list(overlaps(figure)) == []
    assert any(shape.style == "fault" for shape in figure.shapes)


@pytest.mark.parametrize(
    ("kind", "step", "reads", "read_by"),
    [
        ("unknown op", "pool", "mixed", "logits"),
        ("unknown op at first", "stem", "image", "stages"),
        ("unknown block", "stages", "stem", "mixed"),
        ("argument of an op missing", "logits", "pool", None),
        ("merge without copies", "pool", "mixed", "logits"),
        ("name that none can be", "po ol", "mixed", "logits"),
        ("cycle", "stages", "stem", "mixed"),
        ("empty reference", "pool", "mixed", "logits"),
    ],
)
def test_a_fault_is_joined_to_its_neighbours(kind: str, step: str, reads: str, read_by: str | None) -> None:
    _, typed = drawn(broken(kind))
    by_name = typed.graph.by_name
    fault = by_name[step].callee
    assert isinstance(fault, Fault) and fault.errors
    assert [value.node for value in by_name[step].inputs] == [reads]
    assert read_by is None or step in [value.node for value in by_name[read_by].inputs]


def test_what_is_known_behind_a_mistake_is_drawn_as_ever() -> None:
    _, typed = drawn(broken("merge without copies"))
    assert [str(type_) for type_ in typed.outputs] == ["10"]
    _, typed = drawn(broken("unknown argument of a block"))
    assert [str(type_) for type_ in typed.outputs] == ["10"]


def test_a_mistake_of_one_use_is_told_at_that_use_alone() -> None:
    spec = SOUND.replace('op = "globalavgpool" }', 'op = "globalavgpool" }, { id = "last", use = "stage", out = 4 }')
    errors, typed = drawn(spec)
    assert len(errors) == 1 and len(list(faults(typed.graph))) == 1
    first, last = (typed.graph.by_name[name].callee for name in ("stages", "last"))
    assert isinstance(first, Graph) and isinstance(last, Graph)
    assert [*faults(first)] == [] and len([*faults(last)]) == 1


def test_more_mistakes_than_can_be_read_are_counted() -> None:
    keys = "".join(f"key{number} = 1\n" for number in range(40))
    _, typed = drawn(f"{keys}{SOUND}")
    told = [error for fault in faults(typed.graph) for error in fault.errors]
    assert len(told) == 12 and told[-1] == "29 more mistakes"


@pytest.mark.parametrize("limits", [Limits(mistakes=3), Limits(steps=4), Limits(nodes=5), Limits(parameters=10)])
def test_a_limit_is_drawn_too(limits: Limits) -> None:
    text = SOUND if limits.mistakes > 3 else SOUND.replace('op = "', 'op = "x')
    checked = compiler.check_text(text, limits=limits)
    typed = checked.part()
    assert checked.network is None and typed is not None
    assert any(error.startswith("GB6") for fault in faults(typed.graph) for error in fault.errors)


def test_a_mistake_in_a_setting_is_drawn() -> None:
    checked = compiler.check_text(SOUND, settings=["dept=3"])
    typed = checked.part()
    assert typed is not None and {"stem", "logits"} <= set(typed.graph.by_name)
    assert len(list(faults(typed.graph))) == 1
