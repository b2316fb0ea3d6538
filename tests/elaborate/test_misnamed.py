"""A slip in a name of a variant is told whichever file is checked: that one, or any that extends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.compiler import check

BASE = """
[params]
depth = 2
width = 8
[inputs]
x = [8, 16, 16]
[model]
body = [{ use = "unit", repeat = "=depth" }]
[blocks.unit]
body = [{ op = "conv", out = "=width", kernel = 1 }]
"""
SLIPS = {
    "depht": "[params]\ndepht = 3\n",
    "X": "[inputs]\nX = [8, 8, 8]\n",
    "unti": '[blocks.unti]\nbody = [{ op = "relu" }]\n',
}


def write(folder: Path, name: str, text: str, extends: str | None = None) -> Path:
    path = folder / f"{name}.toml"
    line = f'extends = "{extends}.toml"\n' if extends else ""
    path.write_text(f'format = 1\nname = "{name}"\n{line}{text}', encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "text"), SLIPS.items())
def test_a_slip_in_a_file_between_others(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, "base", BASE)
    middle = write(tmp_path, "middle", text, "base")
    write(tmp_path, "upper", "", "middle")
    for path in (middle, write(tmp_path, "leaf", "[params]\nwidth = 4\n", "upper")):
        (found,) = check(path).diagnostics
        assert found.code == "GB117" and found.span
        assert (found.span.path, found.span.text) == (str(middle), name)


def test_an_input_of_another_name_beside_the_only_one(tmp_path: Path) -> None:
    write(tmp_path, "base", BASE)
    variant = write(tmp_path, "variant", "[inputs]\nimage = [8, 8, 8]\n", "base")
    (found,) = check(variant).diagnostics
    assert (found.code, found.message) == (
        "GB117",
        "nothing uses the input `image`, and the inherited `x` stays as it is",
    )
    assert found.help == "did you mean `x`? If not, name what each step reads: from = ..."
    assert found.span and (found.span.path, found.span.text) == (str(variant), "image")
    read = '[model]\nbody = [{ op = "concat", from = ["x", "image"], id = "both" }]\n'
    assert check(write(tmp_path, "both", "[inputs]\nimage = [3, 16, 16]\n" + read, "base")).network


@pytest.mark.parametrize(("name", "right"), [("unti", "unit"), ("rez", "res")])
def test_a_block_whose_name_is_a_slip_is_told_and_nothing_in_it(tmp_path: Path, name: str, right: str) -> None:
    write(tmp_path, "base", BASE.replace("unit", right))
    variant = write(tmp_path, "variant", f'[blocks.{name}]\nbody = [{{ op = "conv", out = "=out" }}]\n', "base")
    (found,) = check(variant).diagnostics
    assert (found.code, found.help) == ("GB117", f"did you mean `{right}`?")
    assert found.span and found.span.text == name


def test_what_its_own_file_reads_is_no_slip(tmp_path: Path) -> None:
    unit = '[blocks.unit]\nbody = [{ op = "conv", out = "=width * widths", kernel = 1 }]\n'
    write(tmp_path, "base", BASE)
    write(tmp_path, "middle", f"[params]\nwidths = 3\n{unit}", "base")
    leaf = write(tmp_path, "leaf", unit.replace(" * widths", ""), "middle")
    assert check(leaf).diagnostics == ()


def test_names_without_end_are_not_all_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graphbuilder.elaborate import misnamed

    looked: list[object] = []
    monkeypatch.setattr(misnamed, "nearest", lambda *given: looked.append(given))
    write(tmp_path, "base", BASE)
    rows = "".join(f"name_{number} = 1\n" for number in range(300))
    check(write(tmp_path, "leaf", f"[params]\n{rows}", "base"))
    assert 0 < len(looked) < 50
