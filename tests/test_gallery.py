"""The gallery: every spec that it is given, drawn and shown; the figures in the README are of their specs."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import graphbuilder as gb
from tools.gallery import draw_all, shipped

FIGURES = sorted(Path("specs/figures").glob("*.svg"))


def test_a_page_shows_what_could_be_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('format = 1\nname = "bad"\n[model]\nbody = [{ op = "konv" }]\n')
    titled = tmp_path / "titled.toml"
    titled.write_text(
        'format = 1\nname = "titled"\ntitle = "<b> & co"\n[inputs]\nx = [4]\n[model]\nbody = [{ op = "relu" }]\n'
    )
    folder = tmp_path / "deep" / "gallery"
    assert draw_all(folder, [Path("specs/lenet5.toml"), bad, titled], 48) == 1
    assert {path.name for path in folder.iterdir()} == {
        "index.html", "lenet5.svg", "lenet5.png", "titled.svg", "titled.png"
    }  # fmt: skip
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<img src="([^"]+)"', page) == ["lenet5.svg", "titled.svg"]
    assert "&lt;b&gt; &amp; co" in page and "<b>" not in page
    ElementTree.fromstring(re.sub(r"<(meta|img)([^>]*)>", r"<\1\2/>", page.removeprefix("<!doctype html>")).strip())
    told = capsys.readouterr()
    assert "konv" in told.err and "2 of 3 specs drawn" in told.out


def test_the_command_draws_into_a_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.gallery", str(tmp_path), "specs/modules/convolution.toml", "--dpi", "20"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert (tmp_path / "convolution.png").read_bytes().startswith(b"\x89PNG")


def test_all_specs_have_names_of_their_own() -> None:
    names = [path.stem for path in shipped()]
    assert len(set(names)) == len(names) > 60


@pytest.mark.parametrize("figure", FIGURES, ids=lambda path: path.stem)
def test_figures_in_the_readme_are_of_their_specs(figure: Path) -> None:
    (spec,) = (path for path in shipped() if path.stem == figure.stem)

    def words(svg: str) -> list[str]:
        return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", svg))

    assert words(figure.read_text(encoding="utf-8")) == words(gb.render(spec).decode())
    assert f"specs/figures/{figure.name}" in Path("README.md").read_text(encoding="utf-8")
