"""``graphbuilder diff``: both specs, both settings, revisions of git, every form of the result, and the exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import Run

SPECS = Path(__file__).parents[2] / "specs"
XCEPTION, TUTORIAL = str(SPECS / "xception.toml"), str(SPECS / "xception_tutorial.toml")
BASE = """\
format = 1
name = "base"

[params]
out = 8

[inputs]
image = [3, 16, 16]

[model]
body = [{ id = "conv1", op = "conv", out = "=out", kernel = 3 }, { id = "act", op = "relu" }]
"""
VARIANT = """\
extends = "sub/base.toml"
format = 1
name = "variant"

[steps]
act = { when = true }
"""


def git(*arguments: str) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    names = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *names, *arguments], check=True, capture_output=True, env=env)


@pytest.fixture
def repository(cli: Run) -> Path:
    """Two revisions: in the first the convolution has 8 channels, in the second 16, and another step."""
    Path("nets/sub").mkdir(parents=True)
    base, variant = Path("nets/sub/base.toml"), Path("nets/variant.toml")
    git("init", "-q")
    base.write_text(BASE, encoding="utf-8")
    variant.write_text(VARIANT, encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("tag", "v1")
    base.write_text(BASE.replace("out = 8", "out = 16").replace("relu", "gelu"), encoding="utf-8")
    git("commit", "-q", "-a", "-m", "second")
    return Path("nets")


def test_the_exit_code_says_whether_anything_changed(cli: Run) -> None:
    assert cli("diff", XCEPTION, TUTORIAL)[0] == 1
    code, out, err = cli("diff", XCEPTION, XCEPTION)
    assert (code, err) == (0, "") and "no difference" in out
    code, out, err = cli("diff", XCEPTION, "missing.toml")
    assert (code, out) == (2, "") and "GB001" in err


def test_a_revision_without_a_path_or_without_a_second_spec_is_told_what_is_missing(cli: Run, repository: Path) -> None:
    code, out, err = cli("diff", "v1", "main")
    assert (code, out) == (2, "") and "GB514" in err
    assert "`v1` is a revision of all files" in err and "name one of them: `v1:specs/xception.toml`" in err
    code, out, err = cli("diff", "v1:nets/sub/base.toml")
    assert (code, out) == (2, "") and "name the file as it is now: v1:nets/sub/base.toml nets/sub/base.toml" in err


def test_a_figure_on_paper_has_no_colour_and_tells_all_by_signs_and_borders(cli: Run, tmp_path: Path) -> None:
    out = tmp_path / "paper.svg"
    assert cli("diff", XCEPTION, TUTORIAL, "-o", str(out), "--style", "paper")[0] == 1
    text = out.read_text(encoding="utf-8")
    colours = {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}", text)}
    assert colours and all(colour[1:3] == colour[3:5] == colour[5:7] for colour in colours)
    code, _, err = cli("diff", XCEPTION, TUTORIAL, "-o", str(out), "--style", "paper", "--theme", "dark")
    assert code == 2 and "paper is white" in err


def test_a_flowchart_tells_the_totals_of_both_and_what_its_signs_mean(cli: Run, tmp_path: Path) -> None:
    out = tmp_path / "diff.mmd"
    assert cli("diff", XCEPTION, TUTORIAL, "-o", str(out))[0] == 1
    text = out.read_text(encoding="utf-8")
    assert "3 differences in 4 places: 1 added, 1 removed, 1 changed; 29 steps follow" in text.splitlines()[1]
    assert "+ added, #8722; removed, #126; changed" in text and "classDef removed" in text
    assert "stroke-dasharray" in next(line for line in text.splitlines() if "classDef removed" in line)


def test_settings_are_of_both_or_of_one(cli: Run) -> None:
    code, out, _ = cli(
        "diff", XCEPTION, "--set", "classes=10", "--from-set", "middle=4", "--to-set", "residual=false", "--json"
    )
    found = json.loads(out)
    assert code == 1 and found["different"]
    assert (found["before"]["settings"], found["after"]["settings"]) == (["middle=4"], ["residual=false"])
    assert found["before"]["outputs"] == found["after"]["outputs"] == {"logits": [10]}
    assert {each["kind"] for each in found["differences"]} == {"changed", "removed"}


@pytest.mark.parametrize("command", ["diff", "watch"])
def test_nothing_heavy_is_loaded(command: str) -> None:
    code = "import sys; from graphbuilder.cli.entry import run; code = run(sys.argv[1:]); print(code, *sys.modules)"
    arguments = [command, XCEPTION, TUTORIAL] if command == "diff" else [command, "-"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()
    assert loaded[0] == ("1" if command == "diff" else "2")
    assert not {"torch", "numpy", "watchfiles", "rich", "http.server"} & set(loaded)


def test_a_figure_is_written_as_well(cli: Run) -> None:
    code, out, _ = cli("diff", XCEPTION, TUTORIAL, "-o", "diff.svg")
    assert code == 1 and "3 differences" in out
    assert "+ ReLU" in Path("diff.svg").read_text(encoding="utf-8")
    for name in ("diff.gif", "diff.html"):
        code, out, err = cli("diff", "missing.toml", TUTORIAL, "-o", name)
        assert (code, out) == (2, "") and "GB508" in err, "before any work"


def test_json_has_the_three_differences_of_the_tutorial(cli: Run) -> None:
    _, out, _ = cli("diff", XCEPTION, TUTORIAL, "--json")
    changed, added, removed = json.loads(out)["differences"]
    assert changed["changes"] == {"padding": ["valid", "same"]} and changed["delta"]["parameters"] == 0
    assert (added["kind"], added["what"], added["before"]) == ("added", "relu", [])
    assert added["places"]["after"][0].startswith(TUTORIAL)
    assert removed["places"]["before"][0].startswith(XCEPTION) and removed["places"]["after"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((XCEPTION,), "there is nothing to compare it with"),
        (("-", "-"), "standard input is one spec"),
        ((XCEPTION, TUTORIAL, "--to-set", "classs=3"), "did you mean `classes`"),
        ((XCEPTION, "--from-set", "middle=-1"), "GB316"),
    ],
)
def test_bad_use_is_told(cli: Run, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = cli("diff", *arguments)
    assert (code, out) == (2, "") and said in err


def test_a_revision_is_read_with_what_it_extends(cli: Run, repository: Path) -> None:
    code, out, err = cli("diff", "v1:nets/variant.toml", "nets/variant.toml", "--json")
    found = json.loads(out)
    assert (code, err) == (1, "")
    assert [each["changes"] for each in found["differences"]] == [{"out": [8, 16]}, {"op": ["relu", "gelu"]}]
    places = found["differences"][0]["places"]
    assert places == {"before": ["v1:nets/sub/base.toml:11:9"], "after": ["nets/sub/base.toml:11:9"]}
    assert found["before"]["source"] == "v1:nets/variant.toml"


def test_a_revision_needs_room_for_temporary_files(cli: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(repository / "none"))
    code, _, err = cli("diff", "v1:nets/variant.toml", "nets/variant.toml")
    assert code == 2 and "GB506" in err and "cannot write temporary files" in err


def test_revisions_are_compared_with_each_other_and_from_within(cli: Run, repository: Path) -> None:
    assert cli("diff", "v1:nets/variant.toml", "main:nets/variant.toml")[0] == 1
    assert cli("diff", "HEAD:nets/sub/base.toml", "main:nets/sub/base.toml")[0] == 0
    assert cli("diff", "main@{2001-01-01 12:00:00}:nets/sub/base.toml", "v1:nets/sub/base.toml")[0] == 0
    os.chdir(repository)
    assert cli("diff", "HEAD~1:./variant.toml", "variant.toml")[0] == 1
    assert cli("diff", "HEAD:./variant.toml", "variant.toml", "--to-set", "out=16")[0] == 0


def test_a_mistake_of_a_revision_is_shown_in_it(cli: Run, repository: Path) -> None:
    Path("nets/sub/base.toml").write_text(BASE.replace("relu", "rellu"), encoding="utf-8")
    git("commit", "-q", "-a", "-m", "a mistake")
    code, _, err = cli("diff", "main:nets/variant.toml", "v1:nets/variant.toml")
    assert code == 2 and "main:nets/sub/base.toml:11:" in err and "graphbuilder-" not in err


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("v2:nets/variant.toml", "git knows no revision `v2`"),
        ("v1:nets/varian.toml", "v1 has no file nets/varian.toml"),
        ("v1:nets", "v1 has no file nets"),
        ("--help:nets/variant.toml", "no such option"),
        ("v1:../outside.toml", "v1 has no file ../outside.toml"),
    ],
)
def test_what_git_does_not_have_is_an_error_with_a_code(cli: Run, repository: Path, written: str, said: str) -> None:
    code, out, err = cli("diff", written, "nets/variant.toml")
    assert (code, out) == (2, "") and said in err.lower()


def test_an_option_of_git_is_no_revision(cli: Run, repository: Path) -> None:
    code, _, err = cli("diff", "--", "--output=x:nets/variant.toml", "nets/variant.toml")
    assert code == 2 and "GB514" in err and not Path("x").exists()


def test_without_git_files_are_compared_all_the_same(
    cli: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert cli("diff", "nets/variant.toml", "nets/variant.toml")[0] == 0
    code, _, err = cli("diff", "v1:nets/variant.toml", "nets/variant.toml")
    assert code == 2 and "git cannot be run" in err


def test_a_file_with_a_colon_is_a_file(cli: Run, repository: Path) -> None:
    Path("v1:x.toml").write_text(BASE, encoding="utf-8")
    assert cli("diff", "v1:x.toml", "v1:nets/sub/base.toml")[0] == 0
