"""What a caller may choose of a figure. Knows nothing of graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from graphbuilder.backends.graphviz.read.marks import Marks

Direction = Literal["TB", "LR"]
Theme = Literal["auto", "light", "dark"]
Style = Literal["colour", "paper"]
Heat = Literal["params", "macs", "memory", "time"]
Shapes = Literal["all"] | bool


@dataclass(frozen=True, slots=True)
class Timing:
    """How long each call of a network takes.

    Attributes:
        seconds: by the dotted path of the node; "" is the whole.
        where: on what, for the title: ``cpu, a batch of 1``.
    """

    seconds: Mapping[str, float]
    where: str


@dataclass(frozen=True, slots=True)
class Options:
    """How to draw.

    Attributes:
        shapes: shapes of values at the boundaries of blocks; "all" at every op, False nowhere.
        names: the names of nodes on their boxes.
        direction: the way the network runs, top to bottom or left to right.
        expand: patterns (``middle.*``) of node paths that are drawn open, every copy of a repeat for itself.
        collapse: patterns of node paths that are drawn as one box.
        level: how many levels of blocks are opened; None opens what is legible.
        dpi: dots per inch of a PNG; fewer where it would have more than 10^8 dots.
        theme: "auto" follows the reader's light or dark setting where the format can, and is light elsewhere.
        title: what stands above the figure instead of the spec's title.
        style: "paper" is black and white with serifs, for print; it has no theme but the light one.
        heat: what boxes are coloured by, each by its share of the whole, instead of by families: learnable parameters,
            multiply-accumulates, bytes of results in float32, or time.
        timing: what was measured, which "time" needs.
        marks: of a graph that holds two networks, what happened to its steps.
        remedies: of a broken network what mends its mistakes, by how these are told.
    """

    shapes: Shapes = True
    names: bool = False
    direction: Direction = "TB"
    expand: tuple[str, ...] = ()
    collapse: tuple[str, ...] = ()
    level: int | None = None
    dpi: int = 144
    theme: Theme = "auto"
    title: str | None = None
    style: Style = "colour"
    heat: Heat | None = None
    timing: Timing | None = None
    marks: Marks | None = None
    remedies: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)

    def __post_init__(self) -> None:
        for name, kind in (("direction", Direction), ("theme", Theme), ("style", Style)):
            choices = get_args(kind)
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        if self.style == "paper" and self.theme == "dark":
            raise ValueError("paper is white: the style `paper` has no dark theme")
        if self.heat not in (None, *get_args(Heat)):
            raise ValueError(f"heat must be one of {', '.join(get_args(Heat))}, not {self.heat!r}")
        if (self.heat == "time") != (self.timing is not None):
            raise ValueError("heat by time needs what was measured, and nothing else does")
        if self.level is not None and self.level < 0:
            raise ValueError(f"level must be from 0, not {self.level}")
        if self.dpi < 1:
            raise ValueError(f"dpi must be from 1, not {self.dpi}")
        if self.shapes not in (True, False, "all"):
            raise ValueError(f'shapes must be True, False or "all", not {self.shapes!r}')

    def expands(self, path: str) -> bool:
        """Whether a pattern opens the node at ``path``."""
        return _matches(self.expand, path)

    def asks_for(self, path: str) -> bool:
        """Whether a pattern opens the node at ``path`` or something that it is in."""
        names = path.split(".")
        return any(self.expands(".".join(names[:count])) for count in range(1, len(names) + 1))

    def reaches(self, path: str) -> bool:
        """Whether a pattern may open something in the node at ``path``."""
        return bool(_reaching(self.expand, path))

    def asking(self, path: str) -> frozenset[str]:
        """The patterns that open the node at ``path``, or may open something in it."""
        opening = (pattern for pattern in self.expand if fnmatchcase(path, pattern))
        return _reaching(self.expand, path).union(opening)

    def collapses(self, path: str) -> bool:
        """Whether a pattern closes the node at ``path``."""
        return _matches(self.collapse, path)


def _reaching(patterns: tuple[str, ...], path: str) -> frozenset[str]:
    """The ``patterns`` for something in the node at ``path``."""
    depth = path.count(".") + 1
    inner = (pattern for pattern in patterns if pattern.count(".") >= depth)
    return frozenset(pattern for pattern in inner if fnmatchcase(path, ".".join(pattern.split(".")[:depth])))


def _matches(patterns: tuple[str, ...], path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
