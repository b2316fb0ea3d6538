"""A file that is but a part of a spec, since `extends` is missing or what it names cannot be had: told once."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text

HEAD = 'format = 1\nname = "variant"\n'
MODEL = '[model]\nbody = [{ use = "stem", width = "=wide" }]\n'
# All that it reads is of the spec that it is a variant of.
BLOCK = '[blocks.unit]\nbody = [{ use = "stem", out = "=wide" }, { op = "conv" }]\n'
CHANGED = '[blocks.stem]\nargs = { deep = 2 }\n[blocks.more]\nbody = [{ use = "stem", out = 3 }]\n'


@pytest.mark.parametrize("rest", ["", MODEL, MODEL + BLOCK, BLOCK, CHANGED])
def test_steps_of_a_spec_that_is_not_named(rest: str) -> None:
    (found,) = check_text(f"{HEAD}[steps]\nstem = {{ out = 3 }}\n{rest}").diagnostics
    assert (found.code, found.help) == ("GB118", 'name it above the first `[...]`: `extends = "..."`')


@pytest.mark.parametrize("rest", [BLOCK, CHANGED])
def test_blocks_alone_may_be_those_of_a_variant(rest: str) -> None:
    (found,) = check_text(HEAD + rest).diagnostics
    assert (found.code, found.message) == ("GB102", "the file has no `inputs` and no `model`")
    assert found.help is not None and found.help.endswith('a variant of: `extends = "..."`')


def test_what_changes_a_block_of_a_spec_that_cannot_be_had() -> None:
    (found,) = check_text(f'{HEAD}extends = "gone.toml"\n{CHANGED}').diagnostics
    assert found.code == "GB114"


def test_steps_of_a_whole_spec_are_changed_themselves() -> None:
    text = f'{HEAD}inputs.x = [8]\n[model]\nbody = [{{ op = "rellu" }}]\n[steps]\nrellu = {{ when = false }}\n'
    op, steps = check_text(text).diagnostics
    assert (steps.code, steps.help, op.code) == ("GB118", "change the steps themselves", "GB303")
