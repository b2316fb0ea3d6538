"""Networks that stretch the writer, a spec each, small enough to run in a moment; and those that are shipped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import graphbuilder as gb
from graphbuilder.analysis.inference import TypedGraph

HERE = Path(__file__).parent
SPECS = HERE.parents[2] / "specs"

NETWORKS = tuple(sorted(path.stem for path in HERE.glob("*.toml")))
SHIPPED = ("resnet50", "resnext50_32x4d", "xception")


@cache
def network(name: str) -> TypedGraph:
    """A network of this folder."""
    return gb.load(HERE / f"{name}.toml").typed


@cache
def shipped(name: str, **params: Any) -> TypedGraph:
    """A network that is shipped."""
    return gb.load(SPECS / f"{name}.toml", params).typed


def spelt(body: str, image: str = "[4, 8, 8]") -> TypedGraph:
    """A network given as the text behind its head."""
    text = f'format = 1\nname = "tiny"\n[inputs]\nimage = {image}\n{dedent(body)}'
    checked = gb.check_text(text, "tiny.toml")
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    return checked.network.typed
