"""``graphbuilder compare``: variants by the product of their settings, and every form of the result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import graphbuilder as gb
from tests.cli.running import Run

SPECS = Path(__file__).parents[2] / "specs"
XCEPTION, RESNET = str(SPECS / "xception.toml"), str(SPECS / "resnet50.toml")


def test_a_grid_is_a_product(cli: Run) -> None:
    grid = ("--set-grid", "middle=4, 8", "--set-grid", "residual=true,false", "--set", "classes=10")
    code, out, err = cli("compare", XCEPTION, *grid, "--json")
    assert (code, err) == (0, "")
    settings = [each["settings"] for each in json.loads(out)["variants"]]
    assert [(each["middle"], each["residual"]) for each in settings] == [(4, True), (4, False), (8, True), (8, False)]
    assert all(each["classes"] == 10 for each in settings)


def test_values_may_be_lists(cli: Run) -> None:
    _, out, _ = cli("compare", RESNET, "--set-grid", "depths=[3,4,6,3],[3,4,23,3]", "--json")
    first, second = json.loads(out)["variants"]
    assert (first["settings"], second["settings"]) == ({"depths": [3, 4, 6, 3]}, {"depths": [3, 4, 23, 3]})
    assert second["parameters"]["trainable"] == 44_549_160  # ResNet-101, as torchvision counts


def test_specs_stand_side_by_side_in_every_form(cli: Run) -> None:
    code, out, err = cli("compare", RESNET, XCEPTION)
    assert (code, err) == (0, "")
    assert "25,557,032" in out and "22,855,952   -10.6 %" in out and "1083x1083, then all" in out
    assert cli("compare", RESNET, XCEPTION, "--markdown")[1].startswith("| network | parameters | change |")
    assert cli("compare", RESNET, XCEPTION, "--csv")[1].startswith("name,parameters,")


def test_variants_that_fail_are_named_and_nothing_is_written(cli: Run) -> None:
    code, out, err = cli("compare", XCEPTION, "--set-grid", "middle=4,-1", "-o", "plot.svg")
    assert (code, out) == (2, "")
    assert "GB316" in err and "with middle=-1" in err
    assert not Path("plot.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--set-grid", "middle"), "GB509"),
        (("--set-grid", "middle=1,,2"), "write NAME=A,B"),
        (("--set-grid", "middle=1,2", "--set", "middle=1"), "`middle` is set twice"),
        (("--set-grid", "mdidle=1,2"), "did you mean `middle`?"),
        (("--set-grid", f"middle={','.join(map(str, range(1001)))}"), "more than 1000 variants"),
        (("-o", "plot.pdf"), ".svg or .png"),
        (("--device", "tpu"), "GB509"),
        (("--json", "--csv"), "GB509"),
        (("--markdown", "--csv"), "GB509"),
    ],
)
def test_bad_use_is_2(arguments: tuple[str, ...], told: str, cli: Run) -> None:
    code, out, err = cli("compare", XCEPTION, *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_warnings_are_told_once(cli: Run) -> None:
    text = Path(XCEPTION).read_text().replace("[params]", "[params]\nunread = 1")
    Path("warned.toml").write_text(text)
    code, _, err = cli("compare", "warned.toml", "--set-grid", "middle=1,2,3")
    assert code == 0 and err.count("warning[") == 1
    assert cli("compare", "warned.toml", "--strict")[0] == 2


def test_the_plot_is_written_beside_the_table(cli: Run) -> None:
    code, out, _ = cli("compare", RESNET, XCEPTION, "-o", "plot.svg")
    assert code == 0 and "25,557,032" in out
    assert "xception" in Path("plot.svg").read_text()


def test_a_commands_own_options_stand_first(cli: Run) -> None:
    options, reading = cli("compare", "--help")[1].split("How a spec is read:")
    assert "--set-grid" in options and "[default: auto]" in options and "--strict" not in options
    assert "--strict" in reading and "--markdown " not in reading


def test_a_value_that_is_there_twice_is_taken_once(cli: Run) -> None:
    _, out, _ = cli("compare", XCEPTION, "--set-grid", "middle=4,4, 4", "--json")
    assert len(json.loads(out)["variants"]) == 1
    assert len(gb.compare(XCEPTION, grid={"middle": [4, 4], "residual": [True, True]}).variants) == 1


def test_the_spec_without_a_param_is_named(cli: Run) -> None:
    code, _, err = cli("compare", XCEPTION, RESNET, "--set-grid", "middle=4,8")
    assert code == 2 and "GB502" in err
    told = " ".join(err.split())
    assert "with middle=4 for " in told and "resnet50.toml, and in another variant" in told
