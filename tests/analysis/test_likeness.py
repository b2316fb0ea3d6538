"""Which copies are one thing to a reader, and what is said of those that differ."""

import pytest

from graphbuilder import compiler
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import alike, bodies, details, variants

HEAD = 'format = 1\nname = "net"\n[inputs]\nx = [8, 16, 16]\n'


def repeat(step: str, body: str, args: str = "", block: str = "") -> TypedGraph:
    """The body of a repeat of a block."""
    text = (
        f'{HEAD}[model]\nbody = [{{ id = "copies", use = "copy", {step} }}]\n[blocks.copy]\n{args}\nbody = [{body}]\n'
    )
    checked = compiler.check_text(text + block)
    assert checked.network is not None, checked.diagnostics
    return checked.network.typed.bodies["copies"]


DROPS = ('repeat = 4, rate = "=0.1 * i"', '{ op = "dropout", rate = "=rate" }', "args = { rate = 0.0 }")
DENSE = ("repeat = 3", '{ op = "conv", out = 4, kernel = 3, padding = "half" }', "", 'shortcut = "identity"\n')


SLOPES = ('repeat = 2, slope = "=0.1 * i"', '{ op = "leakyrelu", slope = "=slope" }', "args = { slope = 0.0 }")
DILATED = '{ op = "dwconv", kernel = 3, padding = "half", dilation = "=d" }'
JOINED = (*DENSE[:3], f'{DENSE[3]}merge = "concat"\n')


@pytest.mark.parametrize(
    ("spec", "growing", "names"),
    [
        (DROPS, False, ["0-3"]),
        ((DROPS[0].replace("* i", "* (i // 2)"), *DROPS[1:]), False, ["0-3"]),
        (SLOPES, False, ["0-1"]),
        (('repeat = 3, d = "=i + 1"', DILATED, "args = { d = 1 }"), True, ["0", "1", "2"]),
        (JOINED, True, ["0-2"]),
        (JOINED, False, ["0", "1", "2"]),
        (("repeat = 3", '{ op = "conv", out = "=2 * in_channels", kernel = 1 }'), True, ["0", "1", "2"]),
        (("repeat = 3", '{ op = "conv", out = 16, kernel = 1 }'), True, ["0", "1-2"]),
    ],
)  # fmt: skip
def test_copies_that_differ_in_fractions_or_grow_are_alike(
    spec: tuple[str, ...], growing: bool, names: list[str]
) -> None:
    assert [run.name for run in alike(repeat(*spec), growing)] == names


def test_the_range_is_said_of_what_differs() -> None:
    typed = repeat(*DROPS)
    (run,) = alike(typed)
    copies = bodies(variants(run, typed, ()))
    (inner,) = alike(copies[0])
    assert details(variants(inner, copies[0], copies)) == "0 to 0.3"


def test_of_equal_copies_there_is_nothing_to_say() -> None:
    typed = repeat("repeat = 4, rate = 0.25", *DROPS[1:])
    (run,) = alike(typed)
    assert bodies(variants(run, typed, ())) == ()
