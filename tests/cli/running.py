"""The words of the tests of the commands: a small network, what a command gave, a file written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

SMALL = """
format = 1
name = "small"
title = "A small one"
[params]
out = 4
[inputs]
x = [3, 8, 8]
[model]
body = [{ op = "conv", out = "=out", kernel = 3 }, { op = "batchnorm" }, { op = "globalavgpool" }]
"""


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


def write(name: str, text: str) -> str:
    Path(name).write_text(dedent(text), encoding="utf-8")
    return name
