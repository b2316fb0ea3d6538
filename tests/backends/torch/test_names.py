"""Names that modules have attributes of: what is an argument or a key in the Python that is written may have them."""

from __future__ import annotations

import pytest
import torch

import graphbuilder as gb
from graphbuilder.compiler import check_text
from graphbuilder.spec.names import MODULE_ATTRIBUTES, fault_of

SPEC = """
format = 1
name = "named"
[params]
{param} = 3
[inputs]
{input} = [4, 6, 6]
{other} = [4, 6, 6]
[model]
body = [
  {{ id = "one", use = "unit", {argument} = 8, from = "{input}" }},
  {{ id = "two", use = "unit", {argument} = 5, from = "{other}", repeat = "={param}" }},
  {{ id = "end", use = "ends", from = {{ {input} = "one", {other} = "two" }} }},
]
[blocks.unit]
args = {{ {argument} = "int" }}
body = [{{ op = "conv", out = "={argument}", kernel = 1 }}, {{ op = "batchnorm" }}]
[blocks.ends]
inputs = ["{input}", "{other}"]
outputs = {{ {output} = "a", {second} = "b" }}
body = [{{ id = "a", op = "relu", from = "{input}" }}, {{ id = "b", op = "tanh", from = "{other}" }}]
[outputs]
{output} = "end.{output}"
{second} = "end.{second}"
"""
FREE = [name for name in sorted(MODULE_ATTRIBUTES) if not any(fault_of(name, kind) for kind in ("argument", "input"))]
ROLES = ("param", "input", "other", "argument", "output", "second")


@pytest.mark.parametrize("first", range(0, len(FREE), len(ROLES)))
def test_every_attribute_of_modules_as_the_name_of_what_is_none(first: int) -> None:
    names = (FREE + FREE)[first : first + len(ROLES)]
    checked = check_text(SPEC.format(**dict(zip(ROLES, names, strict=True))), "named.toml")
    assert checked.network is not None, [str(each) for each in checked.diagnostics]
    model = gb.compile(checked.network).eval()
    image = torch.rand(2, 4, 6, 6)
    given = model(image, image)
    assert [*given] == [*names[4:]]
    assert given[names[5]].shape == (2, 5, 6, 6)
    assert given[names[4]].equal(model.get_submodule("one")(image).relu())
