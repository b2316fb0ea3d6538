"""Mapping files: what they say, what they take over, what is wrong with them."""

from pathlib import Path

import pytest

from graphbuilder.diagnostics import CompileError
from graphbuilder.weights.mapping import load_mapping
from tests.weights.helpers import mapping

HEAD = 'format = 1\nsource = "keras"\n'
BASE = HEAD + 'ignore = ["optimizer/*"]\n[rules]\n"conv{n}" = "stem.{n+1}"\n"predictions" = "logits"\n'


def lines(folder: Path, text: str) -> dict[str, str]:
    return {theirs: rule.ours[0].text for theirs, rule in mapping(folder, text, "child.keras.toml").rules.items()}


def test_a_mapping_is_read(tmp_path: Path) -> None:
    found = mapping(tmp_path, BASE)
    assert found.source == "keras"
    assert {theirs: rule.ours[0].text for theirs, rule in found.rules.items()} == {
        "conv{n}": "stem.{n+1}",
        "predictions": "logits",
    }
    assert found.ignores("optimizer/vars/1")
    assert not found.ignores("conv")


def test_extends_takes_over_replaces_and_drops(tmp_path: Path) -> None:
    base = mapping(tmp_path, BASE, "base.keras.toml")
    text = HEAD + 'extends = "base.keras.toml"\n[rules]\n"predictions" = false\n"conv{n}" = "a.{n}"\n"dense" = "b"\n'
    assert lines(tmp_path, text) == {"conv{n}": "a.{n}", "dense": "b"}
    assert load_mapping(tmp_path / "child.keras.toml").ignore == base.ignore


def test_within_moves_what_is_taken_over(tmp_path: Path) -> None:
    mapping(tmp_path, BASE, "base.keras.toml")
    text = HEAD + 'extends = "base.keras.toml"\nwithin = "net"\n[rules]\n"net/predictions" = false\n"dense" = "b"\n'
    assert lines(tmp_path, text) == {"net/conv{n}": "stem.{n+1}", "dense": "b"}
    rule = load_mapping(tmp_path / "child.keras.toml").rules["net/conv{n}"]
    assert rule.match("net/conv3") == (0, {"n": 3})
    assert rule.match("conv3") is None


def test_under_moves_to_where_ours_lie(tmp_path: Path) -> None:
    mapping(tmp_path, BASE, "base.keras.toml")
    text = (
        HEAD + 'extends = "base.keras.toml"\nwithin = "net"\nunder = "backbone"\n[rules]\n'
        '"net/predictions" = "logits"\n'
    )
    assert lines(tmp_path, text) == {"net/conv{n}": "backbone.stem.{n+1}", "net/predictions": "logits"}
    rule = load_mapping(tmp_path / "child.keras.toml").rules["net/conv{n}"]
    assert rule.ours[0].write({"n": 3}) == "backbone.stem.4"


def test_within_speaks_torch_too(tmp_path: Path) -> None:
    mapping(tmp_path, 'format = 1\nsource = "torch"\n[rules]\n"a" = "b"\n', "base.toml")
    text = 'format = 1\nsource = "torch"\nextends = "base.toml"\nwithin = "module"\n'
    assert lines(tmp_path, text) == {"module.a": "b"}


@pytest.mark.parametrize(
    ("text", "where", "fault"),
    [
        ('source = "keras"\n', "1:1", "format: is missing"),
        ('format = 2\nsource = "keras"\n', "1:10", "format: must be 1"),
        ('format = 1\nsource = "jax"\n', "2:10", 'source: must be "keras" or "torch"'),
        (HEAD + "rule = 1\n", "3:8", "rule: is no word"),
        (HEAD + 'ignore = "a"\n', "3:10", "ignore: must be a list"),
        (HEAD + "[rules]\na = 1\n", "4:5", "rules.a: must be a string or false"),
        (HEAD + "[rules]\na = true\n", "4:5", "rules.a: must be a string or false"),
        (HEAD + '[rules]\n"a{" = "b"\n', "4:1", "`{` is no placeholder"),
        (HEAD + '[rules]\n"a" = "b{n}"\n', "4:7", "no placeholder of the left side"),
        (HEAD + '[rules]\n"a" = "stages.-1.b"\n', "4:7", "`stages.-1.b` is no name of a step or a weight"),
        (HEAD + '[rules]\n"a{n:0..3}" = "b.{n-1}"\n', "4:15", "`{n-1}` is -1 where `n` is 0"),
        (HEAD + '[rules]\n"a" = false\n', "4:1", 'no rule "a" to drop'),
        (HEAD + 'within = "net"\n', "3:1", "within moves the rules of what the file extends"),
        (HEAD + 'under = "net"\n', "3:1", "under moves the rules of what the file extends"),
        (HEAD + 'extends = "base.keras.toml"\nunder = "{m}"\n', "4:9", "no placeholder of the left side"),
        (HEAD + 'extends = "../a.toml"\n', "3:11", "in the same folder"),
        (HEAD + 'extends = "child.keras.toml"\n', "3:11", "more than 8 mappings"),
        (HEAD + 'extends = "torch.toml"\n', "2:10", 'torch.toml has source = "torch"'),
        (HEAD + 'extends = "base.keras.toml"\nwithin = "{n}"\n', "4:10", "comes twice"),
    ],
)
def test_what_is_wrong_has_a_place(tmp_path: Path, text: str, where: str, fault: str) -> None:
    (tmp_path / "base.keras.toml").write_text(BASE)
    (tmp_path / "torch.toml").write_text('format = 1\nsource = "torch"\n')
    with pytest.raises(CompileError) as caught:
        mapping(tmp_path, text, "child.keras.toml")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GB405"
    assert fault in diagnostic.message.lower() or fault in diagnostic.message
    assert str(diagnostic.span).endswith(f"child.keras.toml:{where}")


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        mapping(tmp_path, HEAD + '[rules]\n"a{" = "b"\n"c" = "{d}"\n"e" = false\n')
    assert len(caught.value.diagnostics) == 3


def test_a_base_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="GB001"):
        mapping(tmp_path, HEAD + 'extends = "nothing.toml"\n')


def test_a_rule_that_was_moved_is_dropped_by_its_new_name(tmp_path: Path) -> None:
    mapping(tmp_path, BASE, "base.keras.toml")
    text = HEAD + 'extends = "base.keras.toml"\nwithin = "net"\n[rules]\n"predictions" = false\n'
    with pytest.raises(CompileError) as caught:
        mapping(tmp_path, text)
    (found,) = caught.value.diagnostics
    assert found.message == 'no rule "predictions" to drop'
    assert found.help and 'write "net/predictions" = false' in found.help
    assert "net/predictions" not in lines(tmp_path, text.replace('"predictions"', '"net/predictions"'))
