"""PDF as it is written without Graphviz: what a reader finds in it, and that it looks as the PNG does."""

import os
import re
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageStat

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options, render
from graphbuilder.backends.graphviz.figure import drawing
from graphbuilder.backends.graphviz.write.engine import has_pdf
from graphbuilder.backends.graphviz.write.fonts import SANS, SERIF, Font
from graphbuilder.backends.graphviz.write.pdf import lacking, write_pdf
from graphbuilder.backends.graphviz.write.theme import DARK, LIGHT, PAPER, Palette
from tests.backends.graphviz.networks import network


def _words(data: bytes) -> str:
    return "".join(pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range().split())


@pytest.mark.parametrize("palette", [LIGHT, PAPER])
@pytest.mark.parametrize("name", ["xception", "hostile"])
def test_every_word_can_be_found_in_fonts_that_are_embedded(name: str, palette: Palette) -> None:
    figure = drawing(network(name), Options())
    data = write_pdf(figure, palette)
    found = _words(data)
    for words in (*figure.words, *(run for shape in figure.shapes for line in shape.lines for run in line)):
        assert "".join(words.text.split()) in found
    families = {family.encode() for family in re.findall(r"/BaseFont /\w+\+(\w+)", data.decode("latin-1"))}
    assert families <= {family.replace(" ", "").encode() for family in palette.font.pdf}
    assert data.count(b"/FontFile2") == 2 * len(palette.font.pdf)
    assert pypdfium2.PdfDocument(data).get_metadata_value("Title") == figure.title


@pytest.mark.parametrize(("palette", "options"), [(LIGHT, Options(dpi=72)), (DARK, Options(dpi=72, theme="dark"))])
@pytest.mark.parametrize("name", ["xception", "unet"])
def test_it_looks_as_the_png_does(name: str, palette: Palette, options: Options) -> None:
    png = Image.open(BytesIO(render(network(name), "png", options))).convert("L")
    page = pypdfium2.PdfDocument(write_pdf(drawing(network(name), options), palette))[0].render().to_pil().convert("L")
    pages = (
        image.crop((0, 0, *page.size)).resize((page.width // 8, page.height // 8), Image.Resampling.BOX)
        for image in (png, page)
    )
    difference = ImageChops.difference(*pages)
    assert ImageStat.Stat(difference).mean[0] < 1.5
    assert ImageStat.Stat(difference).extrema[0][1] < 90


@pytest.mark.skipif(not (has_pdf() or os.environ.get("CI")), reason="no Graphviz on this machine")
def test_its_sheet_is_the_drawing_with_graphviz_and_without() -> None:
    figure, options = drawing(network("lenet"), Options(theme="dark")), Options(theme="dark")
    drawn = pypdfium2.PdfDocument(render(network("lenet"), "pdf", options))[0]
    own = pypdfium2.PdfDocument(write_pdf(figure, DARK))[0]
    assert drawn.get_size() == pytest.approx(own.get_size(), abs=2)
    image = drawn.render().to_pil().convert("L")
    assert image.getpixel((2, 2)) == own.render().to_pil().convert("L").getpixel((2, 2))


def test_one_network_gives_one_file() -> None:
    figure = drawing(network("lenet"), Options())
    assert write_pdf(figure, LIGHT) == write_pdf(figure, LIGHT)


@pytest.mark.parametrize("palette", [LIGHT, PAPER])
def test_letters_of_greece_and_russia_are_there_and_what_is_not_is_a_sign(palette: Palette) -> None:
    spec = 'format = 1\nname = "net"\ntitle = "Сеть Ωμέγα ≤ 網"\n[inputs]\nx = [4]\n[model]\nbody = [{ op = "relu" }]\n'
    checked = compiler.check_text(spec)
    assert checked.network is not None
    assert "СетьΩμέγα≤\N{REPLACEMENT CHARACTER}" in _words(
        write_pdf(drawing(checked.network.typed, Options()), palette)
    )


@pytest.mark.parametrize("font", [SANS, SERIF])
def test_what_fonts_lack_is_known(font: Font) -> None:
    assert lacking("SepConv 3×3 → 19 − … Сеть Ω 網絡", font) == "網絡"
