"""The grammar: what is a spec, and what is said of what is none, all of it in one go."""

from typing import Any

import pytest

from graphbuilder import document, spec
from graphbuilder.diagnostics import Rule
from graphbuilder.diagnostics.catalogue import grammar
from graphbuilder.document import Place
from graphbuilder.spec.expressions import Expression, parse
from tests.spec.reading import HEAD, faults, load

WHOLE = """\
format = 1
name = "whole"
title = "All of the language"
dialect = "keras"
[params]
width = 8
rate = 0.5
on = true
kind = "relu"
sizes = [1, [2, 3]]
[inputs]
image = [3, "=width * 4", 32]
tokens = { shape = [4, "=width"], layout = "channels_last" }
[defaults]
conv = { kernel = 3, out = "=width" }
[init]
conv = "kaiming_normal"
[model]
body = [
  { id = "stem", op = "conv", title = "Stem", from = "image", kernel = ["=width - 5", 3], init = { weight = "zeros" } },
  { use = "unit", out = 4, repeat = "=sizes", when = "=on", merge = "add" },
  { op = "concat", from = ["stem", "unit.0"] },
  { op = "resize", from = { x = "concat", like = "stem" }, repeat = 2, share = true },
  { share = "stem", id = "again", from = "image", when = true, title = "Again" },
]
[blocks.unit]
title = "Unit"
args = { out = "int", step = 1, kind = "=kind" }
let = { half = "=out // 2" }
inputs = ["low", "high"]
outputs = { low = "conv", high = "conv" }
body = [{ op = "conv" }]
shortcut = [{ op = "conv" }]
shortcut_when = "=step == 1"
merge = "concat"
after = [{ op = "relu" }]
[blocks.wide]
outputs = ["out"]
merge = "mul"
before = [{ op = "tanh" }]
branches.left = [{ op = "relu" }]
branches.right = []
[outputs]
first = "stem"
second = { from = "unit.0", training = true }
"""


def test_a_whole_spec() -> None:
    whole = load(WHOLE)
    width = parse("=width")
    assert whole.params == {"width": 8, "rate": 0.5, "on": True, "kind": "relu", "sizes": [1, [2, 3]]}
    assert whole.inputs["image"].shape == [3, parse("=width * 4"), 32]
    assert whole.inputs["tokens"].shape == [4, width]
    assert whole.inputs["tokens"].layout == "channels_last"
    assert whole.defaults == {"conv": {"kernel": 3, "out": width}}
    stem, unit, join, resize, again = whole.model.body
    assert stem.args == {"kernel": [parse("=width - 5"), 3]}
    assert (stem.id, stem.op, stem.use, stem.title, stem.from_, stem.when) == (
        "stem",
        "conv",
        None,
        "Stem",
        "image",
        True,
    )
    assert stem.init == {"weight": "zeros"}
    assert (unit.repeat, unit.when, unit.merge, unit.args) == (parse("=sizes"), parse("=on"), "add", {"out": 4})
    assert (join.from_, resize.from_) == (["stem", "unit.0"], {"x": "concat", "like": "stem"})
    assert (resize.repeat, resize.share, again.share) == (2, True, "stem")
    block = whole.blocks["unit"]
    assert block.args == {"out": "int", "step": 1, "kind": parse("=kind")}
    assert (block.let, block.shortcut_when) == ({"half": parse("=out // 2")}, parse("=step == 1"))
    assert (block.inputs, block.outputs) == (["low", "high"], {"low": "conv", "high": "conv"})
    assert list(whole.blocks["wide"].branches or ()) == ["left", "right"]
    assert [step.op for step in whole.blocks["wide"].before] == ["tanh"]
    outputs = {name: (output.from_, output.training) for name, output in (whole.outputs or {}).items()}
    assert outputs == {"first": ("stem", False), "second": ("unit.0", True)}


def _text_at(text: str, place: Place) -> str:
    span = place.span
    return text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]


def test_every_table_knows_its_place() -> None:
    whole = load(WHOLE)
    stem, unit, *_ = whole.model.body
    block, wide = whole.blocks["unit"], whole.blocks["wide"]
    assert isinstance(block.shortcut, list)
    assert wide.branches is not None
    rows = [
        (unit.place, '{ use = "unit", out = 4, repeat = "=sizes", when = "=on", merge = "add" }'),
        (stem.place_of("kernel") / 0, '"=width - 5"'),
        (stem.place_of("title"), '"Stem"'),
        (block.place_of("args") / "out", '"int"'),
        ((block.body or [])[0].place_of("op"), '"conv"'),
        (block.shortcut[0].place, '{ op = "conv" }'),
        (block.after[0].place, '{ op = "relu" }'),
        (wide.branches["left"][0].place, '{ op = "relu" }'),
        (whole.inputs["image"].place, '[3, "=width * 4", 32]'),
        (whole.inputs["image"].place_of("shape"), '[3, "=width * 4", 32]'),
        (whole.inputs["image"].shape_place(1), '"=width * 4"'),
        (whole.inputs["tokens"].shape_place(1), '"=width"'),
        (whole.place_of("defaults") / "conv" / "out", '"=width"'),
        (whole.place_of("params") / "rate", "0.5"),
        (whole.model.place, "[model]"),
    ]
    assert [(_text_at(WHOLE, place), text) for place, text in rows] == [(text, text) for _, text in rows]


def test_all_mistakes_at_once_in_reading_order() -> None:
    text = """\
format = 1
nam = "x"
[params]
width = "=3"
for = 1
[inputs]
image = [3, "=1 +"]
[model]
body = [
  { op = "relu", when = 1, from = ["a", 2] },
  { id = "x" },
  { op = "relu", id = "image", merge = "add" },
]
[blocks.b]
after = []
"""
    rows = [(diagnostic.code, diagnostic.span.line if diagnostic.span else 0) for diagnostic in faults(text)]
    assert rows == [
        ("GB101", 2),
        ("GB113", 4),
        ("GB111", 5),
        ("GB151", 7),
        ("GB103", 10),
        ("GB103", 10),
        ("GB106", 11),
        ("GB112", 12),
        ("GB109", 12),
        ("GB108", 14),
        ("GB109", 15),
    ]


def test_the_first_use_of_a_name_is_shown() -> None:
    text = HEAD + 'model.body = [{ op = "x", id = "a" },\n { op = "x", id = "a" }]'
    (fault,) = faults(text)
    assert fault.span is not None
    assert (fault.span.line, fault.related[0].span.line) == (5, 4)


def _rules() -> list[type[Rule]]:
    rules: list[Any] = [
        rule for rule in vars(grammar).values() if isinstance(rule, type) and rule.__module__ == grammar.__name__
    ]
    return [rule for rule in rules if rule.bad]


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: rule.code)
def test_the_examples_of_each_rule(rule: type[Rule]) -> None:
    assert rule in [diagnostic.rule for diagnostic in faults(rule.bad)]
    load(rule.good)


def test_the_document_stays_as_it_is() -> None:
    read = document.parse(WHOLE, "x.toml")
    spec.parse(read)
    assert read.data["inputs"]["image"] == [3, "=width * 4", 32]
    assert not any(isinstance(value, Expression) for value in read.data["defaults"]["conv"].values())


def test_an_empty_file_lacks_all_keys_at_once() -> None:
    found = faults("")
    assert {each.rule for each in found} == {grammar.MissingKey}
    assert [each.message for each in found] == ["the file has no `format` and no `name` and no `inputs` and no `model`"]
