"""Classifies image files with a spec and weights: a line a file with the likeliest class and how likely it is.

The network has one input, an image, and gives logits. A file is resized without regard to its proportions, as Keras's
``image_dataset_from_directory`` and ``load_img`` do; more preparation than that is a program of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.progress import Progress
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.diagnostics.draw import draw

RESIZE = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR}

# From bytes to what a network was trained on.
SCALES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tf": lambda pixels: pixels / 127.5 - 1,
    "torch": lambda pixels: (pixels / 255 - np.array((0.485, 0.456, 0.406))) / np.array((0.229, 0.224, 0.225)),
    "unit": lambda pixels: pixels / 255,
    "none": lambda pixels: pixels,
}


class Unreadable(Exception):
    """A file that is no image, or a damaged one."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: not an image")


class Preparation(NamedTuple):
    """How a file becomes an input: the image's height and width, how it is resized, and its scale."""

    size: tuple[int, int]
    resize: str = "nearest"
    scale: str = "tf"

    def __call__(self, path: Path) -> Tensor:
        """The image at ``path`` as 3 x height x width numbers.

        Raises:
            Unreadable: when the file holds no image that can be read to its end.
        """
        height, width = self.size
        try:
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB").resize((width, height), RESIZE[self.resize]), np.float32)
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise Unreadable(path) from error
        return torch.from_numpy(np.ascontiguousarray(SCALES[self.scale](pixels).transpose(2, 0, 1), np.float32))


def logits(
    model: nn.Module, prepare: Preparation, paths: Sequence[Path], batch: int = 8
) -> Iterator[tuple[Path, Tensor | Unreadable]]:
    """Each file with the network's answer, or with why there is none, ``batch`` files at a time."""
    device = next(model.parameters()).device
    model.eval()
    for start in range(0, len(paths), batch):
        some = paths[start : start + batch]
        images = [_image_or_reason(prepare, path) for path in some]
        readable = [image for image in images if isinstance(image, Tensor)]
        with torch.inference_mode():
            answers = iter(model(torch.stack(readable).to(device)).cpu() if readable else ())
        for path, image in zip(some, images, strict=True):
            yield path, next(answers) if isinstance(image, Tensor) else image


def _image_or_reason(prepare: Preparation, path: Path) -> Tensor | Unreadable:
    try:
        return prepare(path)
    except Unreadable as reason:
        return reason


def size_of(network: gb.Network) -> tuple[int, int]:
    """The height and width of the images that ``network`` reads.

    Raises:
        click.UsageError: when it does not read images and answer with logits.
    """
    shapes = [type_.shape for type_ in (*network.inputs.values(), *network.outputs.values())]
    if [len(shape) for shape in shapes] != [3, 1] or shapes[0][0] != 3:
        raise click.UsageError(f"{network.name} is no classifier of colour images")
    return shapes[0][1], shapes[0][2]


def names_of(network: gb.Network, classes: str) -> list[str]:
    """The names in ``classes``, which has commas between them, or none at all.

    Raises:
        click.UsageError: when there are not as many as the network has answers.
    """
    names = classes.split(",") if classes else []
    (answers,) = network.outputs.values()
    if names and len(names) != answers.channels:
        raise click.UsageError(f"--classes names {len(names)}, and {network.name} tells {answers.channels} apart")
    return names


def line(path: Path, answer: Tensor, classes: Sequence[str]) -> str:
    """What is said of one file."""
    likeliest = int(answer.argmax())
    name = classes[likeliest] if classes else f"class {likeliest}"
    return f"{path}\t{name}\t{float(answer.softmax(0)[likeliest]):.1%}"


@click.command(help=__doc__)
@click.argument("spec", type=click.Path(path_type=Path))
@click.argument("images", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1, required=True)
@click.option(
    "--weights", type=click.Path(path_type=Path), required=True, help="a .keras, .h5, .safetensors or .pth file"
)
@click.option(
    "--weights-map", type=click.Path(path_type=Path), help="names of the weights file, where none lies beside the spec"
)
@click.option("--classes", default="", help="names of the classes in order, with commas between")
@click.option("--resize", type=click.Choice(list(RESIZE)), default="nearest", show_default=True)
@click.option("--scale", type=click.Choice(list(SCALES)), default="tf", show_default=True, help="tf: x / 127.5 - 1")
@click.option("--device", default="auto", show_default=True)
def main(
    spec: Path,
    images: tuple[Path, ...],
    weights: Path,
    weights_map: Path | None,
    classes: str,
    resize: str,
    scale: str,
    device: str,
) -> None:
    # The bar is for a person who waits: on the error stream, and only on a terminal.
    console = Console(stderr=True)
    try:
        network = gb.load(spec)
        prepare = Preparation(size_of(network), resize, scale)
        names = names_of(network, classes)
        model = gb.compile(network, device=device, weights=weights, weights_map=weights_map)
    except gb.CompileError as error:
        click.echo(draw(error.diagnostics, width=console.width), err=True)
        raise SystemExit(2) from None
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        answers = logits(model, prepare, images)
        found = list(progress.track(answers, total=len(images)))
    for path, answer in found:
        if isinstance(answer, Tensor):
            click.echo(line(path, answer, names))
    unread = [answer for _, answer in found if isinstance(answer, Unreadable)]
    for reason in unread:
        click.echo(f"error: {reason}; give a JPEG, PNG or another that Pillow reads", err=True)
    if unread:
        raise SystemExit(2)


if __name__ == "__main__":
    main(prog_name="tools/classify")
