"""Broken networks are drawn up to and around their faults: whatever a rule refuses that is TOML at all."""

from pathlib import Path

import pytest

from graphbuilder import CompileError, compiler, rendering
from graphbuilder.backends.graphviz import Options, drawing
from graphbuilder.backends.graphviz.lay.drawing import Drawing
from graphbuilder.backends.mermaid import write as write_mermaid
from graphbuilder.backends.tikz import write as write_tex
from graphbuilder.diagnostics.catalogue import rules
from tests.backends.graphviz.geometry import faults

NO_TOML = {"GB007", "GB602", "GB603"}
REFUSED = [code for code, rule in sorted(rules().items()) if rule.bad and rule.severity == "error"]
HEAD = 'format = 1\nname = "t"\n[inputs]\nimage = [3, 16, 16]\n'


def drawn(spec: str, options: Options = Options()) -> Drawing:  # noqa: B008
    part = compiler.check_text(spec).part()
    assert part is not None
    return drawing(part, options)


def words(figure: Drawing) -> list[str]:
    """The lines of every fault, its own word first."""
    shapes = [shape for shape in figure.shapes if shape.style == "fault" and shape.tip]
    return [" ".join(run.text for line in shape.lines for run in line) for shape in shapes]


@pytest.mark.parametrize("code", [code for code in REFUSED if code not in NO_TOML])
def test_what_a_rule_refuses_is_drawn_in_red_and_on_nothing_else(code: str) -> None:
    for options in (Options(), Options(direction="LR"), Options(names=True)):
        figure = drawn(rules()[code].bad, options)
        assert any(code in said for said in words(figure))
        assert list(faults(figure)) == []
        assert any(each.text.startswith("This model is broken") for each in figure.words)


def test_a_sound_network_has_no_part() -> None:
    assert compiler.check("specs/xception.toml").part() is None


@pytest.mark.parametrize("text", [rules()[code].bad for code in sorted(NO_TOML)])
def test_what_cannot_be_read_is_not_drawn(text: str) -> None:
    checked = compiler.check_text(text)
    assert checked.part() is None
    with pytest.raises(CompileError):
        rendering.render(checked)


XCEPTION = Path("specs/xception.toml").read_text(encoding="utf-8")


def test_the_sound_part_of_a_network_is_drawn_as_ever() -> None:
    figure = drawn(XCEPTION.replace('{ op = "maxpool" }', '{ op = "maxpool", padding = "valid" }'))
    keys = {shape.key for shape in figure.shapes}
    assert {"entry.stem.conv", "entry.block2.unit.sepconv", "entry.block2.shortcut.conv"} <= keys
    assert words(figure) == ["+ GB204: cannot add 73×73×128 and 74×74×128"]
    rest = {shape.style for shape in figure.shapes if shape.key.startswith(("entry.block3", "middle", "exit."))}
    assert rest == {"unknown"}


def test_what_is_said_of_a_broken_network_is_whole_and_of_what_is_known() -> None:
    broken = XCEPTION.replace('{ op = "maxpool" }', '{ op = "maxpool", padding = "valid" }')
    figure = drawn(broken, Options(level=0))
    rows = [each.text for each in figure.words if each.tone == "muted" and each.size == 10]
    assert " ".join(rows).endswith("of what stands behind it nothing is known") and len(rows) > 1
    assert any("where shapes are known, every Conv" in each.text for each in drawn(broken).words)


BODIES = {
    "beside": (
        '{ op = "conv", out = 4, kernel = 1 }, { id = "a", op = "linear", out = 2, from = "cnov" },'
        ' { op = "relu", from = "conv" }, { op = "conv", out = 4, kernel = 99 }',
        {"conv", "a", "relu", "conv_2"},
    ),
    "repeat": (
        '{ op = "maxpool", kernel = 2, stride = 2, repeat = 6 }, { op = "relu" }',
        {"maxpool.0", "maxpool.1", "maxpool.2", "maxpool.3", "maxpool.4", "relu"},
    ),
    "inside": (
        '{ use = "b", repeat = 3 }, { op = "relu" }',
        {"b.0.conv", "b.0.shortcut.conv", "b.0.merge", "relu"},
    ),
}
BLOCK = """
[blocks.b]
body = [{ op = "conv", out = 8, kernel = 3 }]
shortcut = [{ op = "conv", out = 7, kernel = 3 }]
"""


@pytest.mark.parametrize("name", BODIES)
def test_it_is_drawn_up_to_and_around_the_fault(name: str) -> None:
    body, expected = BODIES[name]
    block = BLOCK if "use" in body else ""
    figure = drawn(f"{HEAD}[model]\nbody = [{body}]\n{block}", Options(expand=("*",)))
    assert {shape.tip for shape in figure.shapes if shape.tip and shape.tip != "image"} == expected
    assert len(words(figure)) == {"beside": 2}.get(name, 1)


def test_other_formats_show_it_too() -> None:
    part = compiler.check_text(rules()["GB204"].bad).part()
    assert part is not None
    assert "GB204" in write_tex(part)
    assert "classDef fault" in write_mermaid(part)


def test_what_mends_a_fault_stands_with_it_and_shapes_are_told_in_one_way() -> None:
    broken = XCEPTION.replace('{ op = "maxpool" }', '{ op = "maxpool", padding = "valid" }')
    for level in (None, 0):
        found = rendering.render(compiler.check_text(broken), format="svg", level=level).decode()
        assert "cannot add 73×73×128 and 74×74×128" in found
        assert "help: write padding = &quot;same&quot; at" in found and "128x7" not in found
    assert b"help#58; write padding" in rendering.render(compiler.check_text(broken), format="mmd")


@pytest.mark.parametrize("step", ['{ use = "b", repeat = 3 }', '{ use = "outer" }'])
def test_what_is_wrong_in_a_repeat_says_how_often_it_is_repeated(step: str) -> None:
    outer = '[blocks.outer]\nbody = [{ op = "relu" }, { use = "b", repeat = 3 }]'
    figure = drawn(f"{HEAD}[model]\nbody = [{step}]\n{outer}\n{BLOCK}")
    assert [said.text for said in figure.words if said.bold and said.text.endswith("× 3")]


def test_what_stands_before_the_second_of_two_with_one_name_is_sound() -> None:
    relu = '{ id = "a", op = "relu" }'
    figure = drawn(f'{HEAD}[model]\nbody = [{relu}, {{ op = "maxpool", kernel = 2 }}, {relu}, {{ op = "tanh" }}]\n')
    styles = {shape.key: shape.style for shape in figure.shapes if shape.tip}
    assert list(styles.values()) == ["activation", "pooling", "fault", "unknown"]
    assert "8×8×3" in {said.text for said in figure.words}


def test_an_error_says_what_a_spec_says_and_nothing_else() -> None:
    figure = drawn(f'{HEAD}[model]\nbody = [{{ op = "relu" }}, {{ op = "tanh", from = "<b>\\u202E" }}]\n')
    assert words(figure) == ["Tanh GB301: no step or input `<b>\\u202e` in this body"]


@pytest.mark.parametrize("options", [Options(level=0), Options(collapse=("entry",)), Options(level=1)])
def test_a_fault_is_seen_in_what_is_folded(options: Options) -> None:
    figure = drawn(XCEPTION.replace('{ op = "maxpool" }', '{ op = "maxpool", padding = "valid" }'), options)
    assert [said for said in words(figure) if "GB204" in said]


def test_a_fault_stands_for_itself_where_steps_are_gathered() -> None:
    steps = ['{ op = "relu" }'] * 900 + ['{ op = "rellu" }'] + ['{ op = "tanh" }'] * 900
    figure = drawn(f"{HEAD}[model]\nbody = [{', '.join(steps)}]\n")
    assert words(figure) == ["rellu GB303: there is no op `rellu`"]
    assert len(figure.shapes) < 120


def test_every_step_of_an_op_that_does_not_exist_is_wrong() -> None:
    body = (
        "[model]\nbody = [{ use = 'two' }, { use = 'two' }]\n[blocks.two]\nbody = [{ op = 'blur' }, { op = 'relu' }]\n"
    )
    figure = drawn(HEAD + body)
    wrong = [shape for shape in figure.shapes if shape.style == "fault" and shape.lines[0][0].text == "blur"]
    assert len([shape for shape in wrong if not shape.key.startswith("legend")]) == 2


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('id = "block3", use = "dwon"', "block3: dwon GB304"),
        ('id = "block3", use = "down", form = "b"', "block3: down GB"),
        ('id = "block3", op = "conv", out = -3', "block3: Conv GB"),
        ('id = "dwon", use = "dwon"', "dwon GB304"),
    ],
)
def test_a_fault_says_which_step_it_is_and_what_that_calls(broken: str, said: str) -> None:
    found = words(drawn(XCEPTION.replace('id = "block3", use = "down"', broken)))
    assert [each for each in found if each.startswith(said)], found


def test_what_stands_behind_a_fault_is_dotted_to_the_end() -> None:
    broken = XCEPTION.replace('id = "block3", use = "down"', 'id = "block3", use = "dwon"')
    figure = drawn(broken)
    behind = [
        line for line in figure.lines if line.tail.startswith(("entry.block3", "entry.block4", "middle", "exit."))
    ]
    assert {line.kind for line in behind} == {"unknown"}
    ends = {
        shape.key: shape.style for shape in figure.shapes if shape.style in ("terminal", "unknown") and not shape.tip
    }
    assert [key for key, style in ends.items() if style == "terminal"] == ["image"]
    known = [line for line in figure.lines if line.tail.startswith(("entry.stem", "entry.block2", "image"))]
    assert not {"unknown"} & {line.kind for line in known}
    page = rendering.render(compiler.check_text(broken), format="html").decode()
    assert '["unknown",' in page and "-.->" in rendering.render(compiler.check_text(broken), format="mmd").decode()


@pytest.mark.parametrize(
    ("steps", "below"),
    [
        ('{ id = "a", op = "relu", from = "b" }, { id = "b", op = "relu" }', [("b below", "a")]),
        ('{ id = "a", op = "relu", from = "a" }', [("a below", "a")]),
        (
            '{ id = "a", op = "add", from = ["image", "c"] }, { id = "b", op = "add", from = ["a", "c"] },'
            ' { id = "c", op = "relu" }',
            [("c below", "a"), ("c below", "b")],
        ),
    ],
)
def test_what_closes_a_circle_is_read_from_what_stands_for_it(steps: str, below: list[tuple[str, str]]) -> None:
    figure = drawn(f"{HEAD}[model]\nbody = [{steps}]\n")
    assert [(line.tail, line.head) for line in figure.lines if line.tail.endswith("below")] == below
    assert list(faults(figure)) == []
