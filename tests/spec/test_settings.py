"""Settings: what may be put in the place of a param's default."""

from typing import Any

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import CompileError
from graphbuilder.spec.settings import parse_setting

PARAMS: dict[str, Any] = {"classes": 1000, "rate": 0.5, "residual": True, "between": "identity", "depths": [3, 4]}

GOOD = [
    ("classes=10", 10),
    (" classes = 10 ", 10),
    ("classes=1_000", 1000),
    ("classes=0x10", 16),
    ("rate=0.1", 0.1),
    ("rate=1", 1.0),
    ("rate=1e-3", 0.001),
    ("residual=false", False),
    ("between=relu", "relu"),
    ("between=", ""),
    ("between=3", "3"),
    ("between=a = b", "a = b"),
    ("depths=[1, 2]", [1, 2]),
    ("depths=[]", []),
    ("depths=[[1], ['M']]", [[1], ["M"]]),
]


@pytest.mark.parametrize(("text", "value"), GOOD)
def test_a_setting_has_the_type_of_the_default(text: str, value: object) -> None:
    name, found = parse_setting(text, PARAMS)
    assert (name, found, type(found)) == (text.partition("=")[0].strip(), value, type(value))


BAD = [
    ("classes", "GB501", "sets nothing", "NAME=VALUE"),
    ("", "GB501", "sets nothing", "NAME=VALUE"),
    ("=10", "GB502", 'no param ""', "its params are classes"),
    ("clases=10", "GB502", 'no param "clases"', "did you mean `classes`?"),
    ("classes=true", "GB503", "must be an integer, not a boolean", "classes=10"),
    ("classes=1.0", "GB503", "must be an integer, not a float", "classes=1"),
    ("classes='10'", "GB503", 'must be an integer, not "10"', None),
    ("classes=ten", "GB503", 'must be an integer, not "ten"', None),
    ("classes=", "GB503", 'must be an integer, not ""', None),
    ("classes=10\nrate = 3", "GB503", "must be an integer", None),
    ("classes=99999999999999999999", "GB504", "more than 64 bits", None),
    ("classes=2024-01-01", "GB503", "not a date or time", None),
    ("residual=True", "GB503", "must be a boolean", "residual=true"),
    ("residual=1", "GB503", "must be a boolean, not an integer", None),
    ("rate=fast", "GB503", "must be a float", "rate=0.5"),
    ("between==relu", "GB503", "a plain value", "expression"),
    ("residual=False", "GB503", "must be a boolean", "residual=false"),
    ("residual=0", "GB503", "must be a boolean", "residual=false"),
    ("residual=maybe", "GB503", "must be a boolean", "residual=true, say"),
    ("depths=3", "GB503", "must be a list, not an integer", "depths=[3]"),
    ("depths=3,4,6", "GB503", "must be a list", "depths=[3, 4, 6]"),
    ("depths=(3, 4)", "GB503", "must be a list", "depths=[3, 4]"),
    ("depths=many", "GB503", "must be a list", "[1, 2], say"),
    ("depths=[1", "GB503", "must be a list", None),
    ("depths=[{ a = 1 }]", "GB503", "plain values, not a table", None),
    ("depths=['=x']", "GB503", "a plain value", "expression"),
    ("classes=9999999999999999", "GB504", "10^15", None),
    ("rate=inf", "GB504", "finite", None),
    ("rate=nan", "GB504", "finite", None),
    ("between=" + "a" * 1001, "GB504", "1,000", None),
    ("depths=[" + "0," * 10_001 + "]", "GB504", "10,000", None),
    ("depths=" + "[" * 40 + "]" * 40, "GB503", "must be a list", None),
]


@pytest.mark.parametrize(("text", "code", "message", "help_"), BAD, ids=[row[0][:30] for row in BAD])
def test_a_bad_setting(text: str, code: str, message: str, help_: str | None) -> None:
    with pytest.raises(CompileError) as caught:
        parse_setting(text, PARAMS)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    if help_ is not None:
        assert diagnostic.help is not None and help_ in diagnostic.help


SPEC = """
format = 1
name = "set"
[params]
classes = 1000
rate = 0.5
residual = true
between = "identity"
depths = [3, 4]
[inputs]
image = [3]
[model]
body = [{ op = "linear", out = "=classes" }]
"""


def test_settings_from_python() -> None:
    network = check_text(SPEC, params={"rate": 1, "depths": (1, (2, 3))}).network
    assert network is not None
    assert network.params == {**PARAMS, "rate": 1.0, "depths": [1, [2, 3]]}
    assert type(network.params["rate"]) is float


def test_all_bad_settings_from_python_at_once() -> None:
    bad = {"classes": True, "rat": 1, "between": None, "depths": [object()], "residual": 0}
    found = check_text(SPEC, params=bad).diagnostics
    assert [diagnostic.code for diagnostic in found] == ["GB503", "GB502", "GB503", "GB503", "GB503"]
