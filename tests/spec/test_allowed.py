"""What a spec may say: names and values that look like mistakes and are none."""

import pytest

from tests.spec.reading import HEAD, STEP, load

ALLOWED = [
    # An argument, and a step in a branch, may have names that a step of the body may not.
    HEAD + STEP + "[blocks.b]\nargs = { image = 1, relu = 2 }\nbody = []",
    HEAD + STEP + "[blocks.b]\nbranches.a = [{ op = 'x', id = 'c' }]\nbranches.c = [{ op = 'x', id = 'a' }]",
    HEAD + STEP + "[blocks.b]\nbody = [{ op = 'x', id = 'merge' }, { op = 'x', id = 'shortcut' }]",
    HEAD + STEP + "[blocks.b]\nbody = [{ op = 'x', id = 'before' }]\nshortcut = 'identity'",
    HEAD + STEP + "[blocks.b]\nbefore = [{ op = 'x', id = 'c' }]\nbranches.a = [{ op = 'x', id = 'c' }]",
    HEAD + STEP + "[blocks.b]\nbody = []\nargs = { a = 'int|list', b = ' str | bool', c = 'left | right', d = '|' }",
    HEAD + STEP + "[blocks.b]\nbranches.shortcut = []\nafter = [{ op = 'x', id = 'merge' }]",
    HEAD + 'model.body = [{ op = "x", id = "max" }, { op = "x", id = "i" }, { op = "x", share = false }]',
    HEAD + 'model.body = [{ op = "x", args = 1, place = 2, from_ = 3, model_config = 4, _place = 5, body = 6 }]',
    HEAD + STEP + "title = 'é \\u202e'",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_allowed(text: str) -> None:
    load(text)


def test_arguments_keep_any_name() -> None:
    (step,) = load(next(text for text in ALLOWED if "model_config" in text)).model.body
    assert step.args == {"args": 1, "place": 2, "from_": 3, "model_config": 4, "_place": 5, "body": 6}
    assert step.from_ is None
    assert step.place.keys == ("model", "body", 0)
