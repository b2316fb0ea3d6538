"""The JSON Schema for editors: its form, and what it lets through."""

import json
import re

import jsonschema
import pytest
import tomli

from graphbuilder.spec.initial import Initialisers
from graphbuilder.spec.schema import schema

CONV = {
    "description": "A convolution.\n\nMore of it.",
    "type": "object",
    "title": "Conv",
    "additionalProperties": False,
    "required": ["out"],
    "$defs": {"Pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}], "title": "Pair"}},
    "properties": {
        "out": {"type": "integer", "exclusiveMinimum": 0, "title": "Out", "description": "Channels"},
        "kernel": {
            "anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}],
            "description": "Size",
        },
        "pad": {"$ref": "#/$defs/Pair", "description": "Padding"},
        "stride": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None, "title": "Stride"},
    },
}
POOL = {
    "description": "A pool.",
    "type": "object",
    "properties": {"kernel": {"type": "integer", "description": "Window"}},
}
INIT = Initialisers({"kind": {"type": "string", "enum": ["zeros", "normal"]}, "std": {"type": "number"}}, ["weight"])
SCHEMA = schema({"pool": POOL, "conv": CONV}, INIT)


VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

HEAD = 'format = 1\nname = "x"\ninputs.image = [3, "=size", 8]\n'
STEP = HEAD + "model.body = [{{ {} }}]"

INITS = [
    '"zeros"',
    '"=a"',
    '{ kind = "normal", std = "=b" }',
    '{ weight = { kind = "zeros" } }',
    '{ weight = "zeros" }',
]
CHANGES = [
    "when = false",
    'anything = [1], before = [{ op = "pool" }]',
    'op = "conv", out = 3, after = [{ op = "pool" }]',
    "init = { std = 3 }",
    'init = { conv = { weight = "zeros" } }',
    'init = { weight = "zeros" }',
    'init = "normal"',
]
LET_THROUGH = [
    STEP.format('op = "conv", out = 3, kernel = 3'),
    STEP.format(
        'op = "conv", out = "=a", kernel = ["=a", 3], pad = [1, "=b"], stride = "=c", from = ["a"], when = "=d"'
    ),
    STEP.format('op = "conv", id = "a", title = "A", repeat = "=x", merge = "add", share = true, init = "zeros"'),
    STEP.format('use = "unit", anything = [{ a = 1 }]'),
    STEP.format('share = "a"'),
    STEP.format('op = "pool"') + '\ndefaults.conv = { out = "=a" }\ninit.conv = "zeros"\nparams = { a = [1], b = "x" }',
    STEP.format('op = "pool"') + '\ninputs.tokens = { shape = [1], layout = "channels_last" }\noutputs.y = "a"',
    STEP.format('op = "pool"')
    + "\n[blocks.b]\nargs = { out = 'int' }\nlet = { c = '=out' }\nbranches.a = [{ use = 'b' }]",
    STEP.format('op = "pool"')
    + "\n[blocks.b]\nbody = [{ use = 'c' }]\nshortcut = [{ use = 'd' }]\nshortcut_when = '=x'",
    STEP.format('op = "pool"') + "\n[blocks.b]\nbody = []\nshortcut = 'project'\noutputs = ['a']\ninputs = ['b']",
    *(STEP.format(f'op = "conv", init = {init}') for init in INITS),
    *(STEP.format('op = "pool"') + f"\ninit.conv = {init}" for init in INITS),
    STEP.format('use = "unit", init = { conv = "zeros", pool = { weight = "=a" } }'),
    *('format = 1\nextends = "x.toml"\n[steps]\n"a.b" = { ' + change + " }" for change in CHANGES),
]
STOPPED = [
    STEP.format('op = "cnov"'),
    STEP.format('op = "conv", kernl = 3'),
    STEP.format('op = "conv", out = "a"'),
    STEP.format('op = "conv", out = 0'),
    STEP.format('op = "conv", kernel = ["a"]'),
    STEP.format('op = "conv", when = 1'),
    STEP.format('op = "pool", stride = 1'),
    STEP.format('op = "pool", merge = "sum"'),
    STEP.format('op = "pool", id = "a b"'),
    STEP.format('id = "a"'),
    STEP.format("op = 3"),
    STEP.format('op = "pool"') + "\ndefaults.conv = { outt = 1 }",
    STEP.format('op = "pool"') + "\ndefaults.cnov = {}",
    STEP.format('op = "pool"') + "\ninit.cnov = 'zeros'",
    STEP.format('op = "pool"') + "\ninputs.b = []",
    STEP.format('op = "pool"') + "\ninputs.b = ['x']",
    STEP.format('op = "pool"') + '\nparams."a-b" = 1',
    STEP.format('op = "pool"') + "\nparams.a = {}",
    STEP.format('op = "pool"') + "\ndialect = 'jax'",
    STEP.format('op = "pool"') + "\nzzz = 1",
    STEP.format('op = "pool"') + "\n[blocks.b]\nbdy = []",
    STEP.format('op = "pool"').replace("format = 1", "format = 2"),
    STEP.format('op = "pool", use = "x"'),
]


@pytest.mark.parametrize("text", LET_THROUGH)
def test_let_through(text: str) -> None:
    assert VALIDATOR.is_valid(tomli.loads(text))


@pytest.mark.parametrize("text", STOPPED)
def test_stopped(text: str) -> None:
    assert not VALIDATOR.is_valid(tomli.loads(text))


def test_it_is_draft_7() -> None:
    text = json.dumps(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert not re.search(r"\$defs|prefixItems|\"null\"", text)
    references = set(re.findall(r'"\$ref": "#/definitions/([^"]*)"', text))
    grammar = {"Step", "Block", "Body", "InputType", "Output", "Param", "conv.Pair", "conv.out"}
    assert grammar < references
    assert references <= set(SCHEMA["definitions"])


def test_nothing_stands_beside_a_reference() -> None:
    """Draft 7 passes over whatever does."""
    for found in re.findall(r"\{[^{}]*\"\$ref\"[^{}]*\}", json.dumps(SCHEMA)):
        assert list(json.loads(found)) == ["$ref"]


def test_what_an_editor_shows() -> None:
    words = SCHEMA["definitions"]["Step"]["properties"]
    assert words["op"]["anyOf"][0]["enum"] == ["conv", "pool"]
    assert words["op"]["x-taplo"] == {"docs": {"enumValues": ["A convolution.", "A pool."]}}
    assert words["kernel"]["description"] == "conv: Size\n\npool: Window"
    assert words["out"]["description"] == "conv: Channels"
    assert words["title"]["description"].startswith("What a person calls it")
    assert all("description" in word for word in words.values())
    assert SCHEMA["properties"]["defaults"]["properties"]["conv"]["properties"]["out"]["description"] == "Channels"


def test_the_same_ops_give_the_same_bytes() -> None:
    assert json.dumps(schema({"conv": CONV, "pool": POOL}, INIT)) == json.dumps(SCHEMA)
