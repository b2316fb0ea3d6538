"""What a test reads of a page: boxes and frames with their places, what is said, what is lit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Locator, Page

_DRAWN = """() => [...document.querySelectorAll("[data-item]")].map((each) => {
  const shape = each.querySelector(".shape"), number = (name) => Number(shape.getAttribute(name));
  return [each.getAttribute("class").split(" ")[0], each.getAttribute("aria-label"), number("x"), number("y"),
    number("width"), number("height")];
})"""


# Those that go on in another column may lead to a frame.
_TIPS = """() => [...document.querySelectorAll(".wire:not(.passage) .arrow")].map((each) => {
  const [x, y] = each.getAttribute("d").slice(1).split(/[ L]/);
  return [Number(x), Number(y)];
})"""


class Drawn(NamedTuple):
    """A box or frame of the figure, by its top left corner on the sheet."""

    kind: str
    label: str
    x: float
    y: float
    wide: float
    high: float

    def meets(self, other: Drawn) -> bool:
        """Whether the two overlap by more than a hair."""
        beside = self.x + self.wide <= other.x + 0.5 or other.x + other.wide <= self.x + 0.5
        return not beside and self.y + self.high > other.y + 0.5 and other.y + other.high > self.y + 0.5

    def touches(self, x: float, y: float) -> bool:
        """Whether a point lies on its edge."""
        across, along = self.x - 1 <= x <= self.x + self.wide + 1, self.y - 1 <= y <= self.y + self.high + 1
        sides = abs(x - self.x), abs(x - self.x - self.wide), abs(y - self.y), abs(y - self.y - self.high)
        return across and along and min(sides) < 1

    def holds(self, other: Drawn) -> bool:
        """Whether the other is within this."""
        across = self.x - 0.5 <= other.x and other.x + other.wide <= self.x + self.wide + 0.5
        return across and self.y - 0.5 <= other.y and other.y + other.high <= self.y + self.high + 0.5


@dataclass(frozen=True)
class Opened:
    """An open page, and what went wrong in it; a test that expects something takes it out."""

    page: Page
    faults: list[str]

    def drawn(self) -> list[Drawn]:
        return [Drawn(*each) for each in self.page.evaluate(_DRAWN)]

    def boxes(self) -> list[Drawn]:
        return [each for each in self.drawn() if each.kind == "box"]

    def frames(self) -> list[Drawn]:
        return [each for each in self.drawn() if each.kind == "frame"]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def saved(self, folder: Path) -> str:
        """The figure as the page saves it, as SVG."""
        with self.page.expect_download() as waiting:
            self.press("s")
        waiting.value.save_as(folder / "saved.svg")
        return (folder / "saved.svg").read_text(encoding="utf-8")

    def item(self, words: str) -> Locator:
        """The box or frame whose label holds ``words``, the first of them."""
        return self.page.locator(f'[data-item][aria-label*="{words}"]').first

    def loose(self) -> list[tuple[float, float]]:
        """The tips of arrows that lead to no box."""
        boxes = self.boxes()
        return [tip for tip in self.page.evaluate(_TIPS) if not any(box.touches(*tip) for box in boxes)]

    def crossings(self) -> list[tuple[str, str]]:
        """Pairs that overlap though neither is in the other."""
        drawn = self.drawn()
        return [
            (one.label, other.label)
            for number, one in enumerate(drawn)
            for other in drawn[number + 1 :]
            if one.meets(other)
            and not (one.kind == "frame" and one.holds(other))
            and not (other.kind == "frame" and other.holds(one))
        ]
