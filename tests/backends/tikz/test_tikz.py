"""The figure in TikZ: every box and word of the layout, ASCII throughout, and nothing that a spec could smuggle in."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options, drawing
from graphbuilder.backends.tikz import write
from graphbuilder.backends.tikz.escape import escaped
from graphbuilder.rendering import unshown
from tests.backends.graphviz.networks import network


@pytest.mark.parametrize("name", ["xception", "unet", "hostile"])
@pytest.mark.parametrize("style", ["colour", "paper"])
def test_every_box_word_and_line_of_the_drawing_is_there(name: str, style: str) -> None:
    options = Options(style="paper" if style == "paper" else "colour")
    figure, written = drawing(network(name), options), write(network(name), options)
    seen = [shape for shape in figure.shapes if shape.style != "point"]
    runs = [run.text for shape in seen for line in shape.lines for run in line] + [words.text for words in figure.words]
    assert all(escaped(words) in written for words in runs)
    assert written.count("rectangle") + written.count("circle[") == len(figure.frames) + len(seen) + 1
    assert len(re.findall(r"^\\path\[gb (?:flow|shortcut|passage|size)\b", written, re.MULTILINE)) == len(figure.lines)
    assert written.isascii()


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("50% #1 a_b $x$ & ~ ^", r"50\% \#1 a\_b \$x\$ \& \textasciitilde{} \textasciicircum{}"),
        ("3×3 · 1 – 2 → 4", r"3\texttimes{}3 \textperiodcentered{} 1 \textendash{} 2 \ensuremath{\rightarrow} 4"),
        ("a--b,, <<", r"a-\/-b,\/, \textless{}\/\textless{}"),
        ("é Ž ï ß", r"\'{e} \v{Z} " + r"\"{\i} \ss{}"),
        ("\u03b1\u0393 漢\u202e", r"\ensuremath{\alpha}\ensuremath{\Gamma} \gbsign{6F22}{?}"),
    ],
)
def test_words_are_shown_as_they_are(words: str, shown: str) -> None:
    assert escaped(words) == shown


def test_what_pdflatex_lacks_is_asked_of_fonts_and_told() -> None:
    spec = 'format = 1\nname = "net"\ntitle = "Сеть é"\n[inputs]\nx = [4]\n[model]\nbody = [{ op = "relu" }]\n'
    checked = compiler.check_text(spec)
    assert checked.network is not None
    written = write(checked.network.typed)
    assert written.isascii()
    assert written.count(r"\gbsign{") == 4 and r"\newcommand{\gbsign}" in written
    assert r"\newcommand{\gbsign}" not in write(network("xception"))
    (warning,) = unshown(checked.network.typed, "tex")
    assert warning.code == "GB711" and "4 characters of the titles: Сеть" in warning.message
    assert unshown(checked.network.typed, "svg") == () == unshown(network("xception"), "tex")


def test_a_pdf_without_graphviz_tells_what_it_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    typed = network("lenet")
    assert unshown(typed, "pdf", "網絡 × é →") == () or shutil.which("dot") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    (warning,) = unshown(typed, "pdf", "網絡 × é →")
    assert "2 characters of the titles: 網絡" in warning.message
    assert unshown(typed, "pdf", "Сеть Ω × é →") == ()


def test_braces_are_balanced_whatever_a_spec_says() -> None:
    written = write(network("hostile"))
    plain = re.sub(r"\\[\\{}]", "", written)
    assert plain.count("{") == plain.count("}")
    assert "<script>" not in written


@pytest.mark.skipif(not (shutil.which("pdflatex") or os.environ.get("CI")), reason="no TeX on this machine")
@pytest.mark.parametrize("name", ["xception", "hostile"])
def test_tex_makes_one_page_of_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "figure.tex").write_text(write(network(name), Options(style="paper")), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "figure.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "(1 page," in done.stdout
    assert "Overfull" not in done.stdout
