"""What a spec can get wrong: the code, the place, and that all mistakes of a file come in one run."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic
from graphbuilder.elaborate import Limits
from graphbuilder.ir import Graph
from tests.elaborate.cases import HEAD


def mistakes(body: str) -> tuple[Diagnostic, ...]:
    checked = check_text(HEAD + dedent(body), "case.toml")
    assert checked.network is None
    return checked.diagnostics


def codes(body: str) -> list[str]:
    return [diagnostic.code for diagnostic in mistakes(body)]


def test_all_mistakes_of_a_file_in_one_run() -> None:
    found = codes(
        """
        [model]
        body = [
          { id = "a", use = "unit", out = 8, extra = 1 },
          { op = "conv", out = "8" },
          { op = "tanhh" },
          { op = "add", from = ["a", "b"] },
          { use = "unt" },
        ]
        [blocks.unit]
        args = { out = "int" }
        body = [{ op = "conv", out = "=out" }]
        """
    )
    assert found == ["GB305", "GB307", "GB303", "GB301", "GB304"]


def test_branches_whose_merge_is_misspelt_give_what_nobody_knows() -> None:
    assert codes(
        """
        [model]
        body = [{ use = "b" }, { op = "relu" }]
        [blocks.b]
        merge = "cncat"
        branches.one = [{ op = "relu" }]
        branches.two = [{ op = "tanh" }]
        """
    ) == ["GB104"]


def test_what_follows_from_a_mistake_is_silent() -> None:
    assert codes(
        '[model]\nbody = [{ op = "conv", out = 0 }, { op = "linear", out = 4 }, { op = "conv", out = 6, groups = 3 }]'
    ) == ["GB307"]


def test_arguments_behind_a_mistake_are_still_checked() -> None:
    assert codes('[model]\nbody = [{ op = "conv", out = 0 }, { op = "conv", out = -1 }]') == ["GB307", "GB307"]


def test_a_mistake_in_a_block_is_reported_once() -> None:
    body = """
        [model]
        body = [{ use = "unit", out = 3 }, { use = "unit", out = 5 }]
        [blocks.unit]
        args = { out = "int" }
        body = [{ op = "conv", out = "=out", groups = 2 }]
    """
    assert len(codes(body)) == 1


def test_shapes_that_do_not_add_show_both_places_and_the_way_in() -> None:
    (found,) = mistakes(
        """
        [model]
        body = [{ id = "entry", use = "outer" }]
        [blocks.outer]
        body = [{ op = "relu" }, { id = "deep", use = "res" }]
        [blocks.res]
        body = [{ op = "conv", out = 8, stride = 2 }]
        shortcut = "identity"
        """
    )
    assert (found.code, found.label) == ("GB204", "the shortcut gives 8x16x16")
    assert [label.text for label in found.related] == ["the body gives 8x8x8"]
    assert found.remarks[0].startswith("in entry.deep, a `res` used at case.toml:")


def test_a_cycle_is_shown_as_a_path() -> None:
    body = (
        '[model]\nbody = [{ id = "a", op = "relu", from = "c" }, { id = "b", op = "relu" }, { id = "c", op = "relu" }]'
    )
    (found,) = mistakes(body)
    assert found.code == "GB302"
    assert "a -> b -> c -> a" in found.message


def test_expression_faults_point_into_the_string() -> None:
    (found,) = mistakes('[model]\nbody = [{ op = "conv", out = "=4 * widht" }]')
    assert found.span is not None
    line = (HEAD + '[model]\nbody = [{ op = "conv", out = "=4 * widht" }]').splitlines()[found.span.line - 1]
    assert line[found.span.column - 1 : found.span.end_column - 1] == "widht"


def test_a_branch_sees_only_its_own_steps() -> None:
    body = """
        [model]
        body = [{ use = "module" }]
        [blocks.module]
        merge = "concat"
        branches.a = [{ id = "one", op = "relu" }]
        branches.b = [{ op = "tanh", from = "one" }]
    """
    assert codes(body) == ["GB301"]


def test_sharing_needs_equal_shapes() -> None:
    body = '[model]\nbody = [{ id = "a", op = "conv", out = 4 }, { share = "a" }]'
    assert codes(body) == ["GB317"]


def test_copies_that_share_must_be_equal() -> None:
    body = '[model]\nbody = [{ op = "conv", out = "=4 + i", repeat = 2, share = true }]'
    assert codes(body) == ["GB317"]


@pytest.mark.parametrize(
    "step", ['op = "add", from = []', 'op = "concat", from = {}', 'op = "conv", out = 4, from = []']
)
def test_a_step_reads_at_least_one_value(step: str) -> None:
    (found,) = mistakes(f"[model]\nbody = [{{ {step} }}]")
    assert (found.code, found.message) == ("GB312", "`from` names no value")
    assert found.help and "at least one value" in found.help


@pytest.mark.parametrize(
    "step",
    [
        'op = "resize", factor = 1e300',
        'op = "resize", factor = 1.7e308',
        'op = "resize", factor = [1.7e308, 1.5]',
        'op = "pad", sides = 1000000',
    ],
)
def test_a_value_has_an_end(step: str) -> None:
    (found,) = mistakes(f"[model]\nbody = [{{ {step} }}, {{ op = 'relu' }}]")
    assert found.code == "GB607"
    assert len(found.message) < 100


def test_a_value_inside_a_composite_has_an_end() -> None:
    body = '[model]\nbody = [{ op = "sepconv", out = 4, kernel = 1, multiplier = 1000000000 }, { op = "relu" }]'
    assert codes(body) == ["GB607"]


def test_an_input_has_an_end() -> None:
    text = 'format = 1\nname = "case"\n[inputs]\nx = [3, 80000000, 80000000]\n[model]\nbody = [{ op = "relu" }]'
    assert [each.code for each in check_text(text, "case.toml").diagnostics] == ["GB607"]
    assert check_text(text, "case.toml", limits=Limits(elements=3 * 80_000_000**2)).network


@pytest.mark.parametrize(
    ("shape", "steps"),
    [
        ("[2147483648, 6, 6]", '{ op = "squeezeexcite", squeeze = 1 }'),
        ("[2147483647, 2, 2]", '{ op = "concat", from = ["x", "x"] }, { op = "squeezeexcite", squeeze = 1 }'),
        ('{ shape = [4, 1000000000], layout = "channels_last" }', '{ op = "attention", heads = 1 }'),
    ],
)
def test_an_axis_has_an_end(shape: str, steps: str) -> None:
    text = f'format = 1\nname = "case"\n[inputs]\nx = {shape}\n[model]\nbody = [{steps}]'
    (found,) = check_text(text, "case.toml").diagnostics
    assert found.code == "GB607"
    assert len(found.message) < 100 and found.help


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(nodes=1), "nodes"),
        (Limits(depth=0), "depth"),
        (Limits(parameters=1), "parameters"),
        (Limits(steps=8), "steps"),
    ],
)
def test_a_limit_names_the_option_that_raises_it(limits: Limits, name: str) -> None:
    text = HEAD + '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "conv", out = 4 }]'
    (found,) = check_text(text, "case.toml", limits=limits).diagnostics
    assert f"--limit {name}=N" in (found.help or "")


@pytest.mark.parametrize(
    ("steps", "remedy"),
    [
        ('{ share = "nope", from = "x" }', 'write that step, with `id = "nope"`, into this body'),
        ('{ op = "relu" }, { share = "rellu" }', "did you mean `relu`?"),
    ],
)
def test_weights_of_a_step_that_is_not_there(steps: str, remedy: str) -> None:
    (found,) = mistakes(f"[model]\nbody = [{steps}]")
    assert (found.code, found.help) == ("GB317", remedy)


def test_a_path_without_steps() -> None:
    (written,) = mistakes("[model]\nbody = []")
    (left,) = mistakes('[model]\nbody = [{ op = "relu", when = false }]')
    (shortcut,) = mistakes('[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "relu" }]\nshortcut = []')
    assert {written.code, left.code, shortcut.code} == {"GB313"}
    assert written.message == shortcut.message == "this path has no steps"
    assert left.message == "every step of this path is left out"


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("GB302", 'body = [{ id = "a", op = "relu", from = "b" }, { id = "b", op = "tanh", from = "a" }]'),
        ("GB314", 'body = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "relu" }, { use = "unit" }]'),
        ("GB315", 'body = [{ op = "relu", when = "=1 + 1" }]'),
        ("GB316", 'body = [{ op = "relu", repeat = -1 }]'),
        ("GB325", 'body = [{ op = "relu" }, { id = "a", op = "tanh", when = false }]\n[outputs]\ny = "a"'),
    ],
)
def test_a_mistake_comes_with_a_remedy(code: str, body: str) -> None:
    (found,) = mistakes(f"[model]\n{body}")
    assert found.code == code
    assert found.help


@pytest.mark.parametrize(
    ("step", "underlined", "message"),
    [
        ('op = "conv", out = 4, init = "constant"', '"constant"', "a constant initialiser needs its value"),
        ('op = "conv", out = 4, init = { kind = "normal", std = -1 }', "-1", "an initialiser has no `std = -1`"),
        ('op = "conv", out = 4, init = { kind = "uniform", bound = -2.0 }', "-2.0", "has no `bound = -2.0`"),
        ('op = "conv", out = 4, init = { kind = "he_normal", gain = -3 }', "-3", "an initialiser has no `gain = -3`"),
        ('op = "conv", out = 4, init = { kind = "normal", std = nan }', "nan", "an initialiser has no `std = nan`"),
        ('op = "conv", out = 4, init = { weight = "zeros", foo = "ones" }', "foo", "`conv` has no weight `foo` here"),
        ('op = "sepconv", out = 4, kernel = 1, init = { bia = "ones" }', "bia", "`sepconv` has no weight `bia` here"),
        ('op = "conv", out = 4, bias = false, init = { bias = "ones" }', "bias", "`conv` has no weight `bias` here"),
        ('op = "relu", init = "zeros"', '"zeros"', "`relu` has no weight `weight` here"),
    ],
)
def test_initialisers_that_would_do_nothing_or_harm(step: str, underlined: str, message: str) -> None:
    (found,) = mistakes(f"[model]\nbody = [{{ {step} }}]")
    span = found.span
    assert span is not None
    line = span.source.text.split("\n")[span.line - 1]
    # A key is underlined without what it stands for; a value whole.
    assert (found.code, line[span.column - 1 : span.end_column - 1].strip('"')) == ("GB322", underlined.strip('"'))
    assert message in found.message
    assert found.help


def test_every_mistake_of_an_initialiser_is_told() -> None:
    step = '{ op = "conv", out = 4, init = { kind = "kaiming_normal", mode = "fan_x", foo = 1 } }'
    assert len(mistakes(f"[model]\nbody = [{step}]")) == 2


def test_initialisers_by_op_name_weights_of_the_op() -> None:
    (found,) = mistakes('[init]\nconv = { weigt = "zeros" }\n[model]\nbody = [{ op = "relu" }]')
    assert (found.code, found.help) == ("GB322", "did you mean `weight`?")


def test_an_initialiser_by_op_reaches_into_a_composite() -> None:
    text = HEAD + '[init]\nsepconv = "zeros"\n[model]\nbody = [{ op = "sepconv", out = 4, kernel = 1 }]'
    network = check_text(text, "case.toml").network
    assert network is not None
    inner = network.typed.graph.nodes[0].callee
    assert isinstance(inner, Graph)
    kinds = {node.name: node.init["weight"].kind for node in inner.nodes if node.init}
    assert kinds == {"depthwise": "zeros", "pointwise": "zeros"}


def test_every_argument_that_is_missing_is_named() -> None:
    text = 'format = 1\nname = "case"\n[inputs]\nx = [3, 8, 8]\n[model]\nbody = [{ op = "conv" }]'
    found = check_text(text, "case.toml").diagnostics
    assert [each.message for each in found] == [
        "`conv` needs the argument `out`",
        "`conv` needs the argument `kernel`",
    ]


def test_every_wrong_size_of_every_input_is_reported() -> None:
    text = (
        'format = 1\nname = "case"\n[inputs]\nx = [-3, 8, 0]\nv = [3, 0]\n[model]\nbody = [{ op = "relu", from = "x" }]'
    )
    found = check_text(text, "case.toml").diagnostics
    assert [(each.code, each.span and each.span.line) for each in found] == [("GB323", 4), ("GB323", 4), ("GB323", 5)]


def test_an_argument_of_several_types() -> None:
    (found,) = mistakes(
        """
        [model]
        body = [{ use = "unit", size = "3" }]
        [blocks.unit]
        args = { size = "int | list" }
        body = [{ op = "conv", out = 8, kernel = "=size" }]
        """
    )
    assert (found.code, found.label) == ("GB308", "expected int or list")


def test_a_type_misspelt_is_told_where_it_stands_and_once() -> None:
    (found,) = mistakes(
        """
        [model]
        body = [{ use = "unit", out = 3 }, { use = "unit", out = 5 }, { use = "unit", out = 7 }]
        [blocks.unit]
        args = { out = "integr" }
        body = [{ op = "conv", out = "=out" }]
        """
    )
    assert (found.code, found.help) == ("GB308", 'did you mean "int"?')
    assert found.span is not None and found.span.column == len("args = { out = ") + 1
    assert [label.text for label in found.related] == ["3 is no string"]


@pytest.mark.parametrize(
    ("init", "message", "help_"),
    [
        ('"zeros"', "a block has no weights of its own", "say which ops are meant"),
        ('{ kind = "normal", std = 1 }', "a block has no weights of its own", "say which ops are meant"),
        ('{ weight = "zeros" }', "there is no op `weight`", "lists the ops"),
        ('{ convv = "zeros" }', "there is no op `convv`", "did you mean `conv`?"),
        ('{ conv = { weigth = "zeros" } }', "`conv` has no weight `weigth`", "did you mean `weight`?"),
        ('{ conv = "zero" }', 'there is no initialiser "zero"', "did you mean `zeros`?"),
    ],
)
def test_initialisers_of_a_block(init: str, message: str, help_: str) -> None:
    body = """
        [model]
        body = [{ use = "unit", init = INIT }, { use = "unit" }]
        [blocks.unit]
        body = [{ op = "conv", out = 4 }]
    """
    (found,) = mistakes(body.replace("INIT", init))
    assert (found.code, message in found.message) == ("GB322", True), str(found)
    assert found.help is not None and help_ in found.help


def test_a_param_misspelt_where_it_is_declared_is_told_once() -> None:
    text = """
        [params]
        widht = 8
        [model]
        body = [
          { op = "conv", out = "=width" },
          { op = "conv", out = "=2 * width" },
          { use = "unit" },
          { op = "linear", out = "=hight" },
        ]
        [blocks.unit]
        body = [{ op = "conv", out = "=width", groups = 3 }]
    """
    rows = [(found.code, found.help) for found in mistakes(text)]
    assert rows[0] == ("GB155", "call it `width`")
    assert [code for code, _ in rows] == ["GB155", "GB155", "GB202"]


def test_no_more_mistakes_than_the_limit_are_told() -> None:
    text = HEAD + "[params]\nunread = 1\n[model]\nbody = [" + '{ op = "nope" }, ' * 5 + "]"
    found = check_text(text, "case.toml", limits=Limits(mistakes=3)).diagnostics
    assert [each.code for each in found] == ["GB303"] * 3 + ["GB609"]
    assert found[-1].span == found[-2].span is not None
    assert [each.code for each in check_text(text, "case.toml").diagnostics] == ["GB303"] * 5


def test_no_warnings_end_a_run() -> None:
    text = HEAD + "[params]\n" + "".join(f"p{n} = 1\n" for n in range(5)) + '[model]\nbody = [{ op = "relu" }]'
    checked = check_text(text, "case.toml", limits=Limits(mistakes=3))
    assert checked.network is not None
    *told, more = checked.diagnostics
    assert len(told) == 3 and more.message.startswith("2 more")
