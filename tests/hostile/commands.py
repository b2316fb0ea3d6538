"""The commands that a stranger's spec is given to, and what each may do: the files that it writes, what it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

# What draws SVG, PNG and PDF: the machine's Graphviz, or the wheel's.
GRAPHVIZ = ("dot", "graphviz-pure")


class Command(NamedTuple):
    """What is run in a folder with ``spec.toml`` and ``plain.toml``.

    Attributes:
        outputs: files, or folders (with a slash at the end), that it writes.
        programs: what it may run.
        seconds: of processor time, its programs' counted, that it may take for a spec of some hundred steps, and for
            any that is refused.
        more_bytes: of address space, over what the imports take.
    """

    words: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    seconds: int = 10
    more_bytes: int = 256 << 20

    @property
    def arguments(self) -> list[str]:
        return [*self.words, *(word for output in self.outputs for word in ("-o", output))]


COMMANDS: Mapping[str, Command] = {
    "expand": Command(("expand", "spec.toml"), ("out.toml",)),
    "summary": Command(("summary", "spec.toml")),
    "compare": Command(("compare", "spec.toml", "plain.toml")),
    "passes": Command(("passes", "spec.toml")),
    "diff": Command(("diff", "spec.toml", "plain.toml"), ("out.svg",), GRAPHVIZ),
    "svg": Command(("render", "spec.toml", "--names"), ("out.svg",), GRAPHVIZ),
    "png": Command(("render", "spec.toml"), ("out.png",), GRAPHVIZ, more_bytes=1 << 30),
    "pdf": Command(("render", "spec.toml"), ("out.pdf",), GRAPHVIZ),
    "dot": Command(("render", "spec.toml", "--names"), ("out.dot",)),
    "html": Command(("render", "spec.toml"), ("out.html",)),
    "tex": Command(("render", "spec.toml", "--names"), ("out.tex",)),
    "mmd": Command(("render", "spec.toml", "--names"), ("out.mmd",)),
    "compile": Command(
        ("compile", "spec.toml", "--device", "cpu"),
        ("out.py", "out.safetensors", "out/"),
        seconds=20,
        more_bytes=1 << 30,
    ),
}

# One that draws what there is of a spec, where the others end as `check` does, which is given all of them too.
FIRST = "svg"
