"""What a Python caller chooses wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import graphbuilder as gb

XCEPTION = Path(__file__).parents[1] / "specs" / "xception.toml"


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        ({"dtype": "int8"}, ValueError, "float32, bfloat16, float16"),
        ({"device": "foo"}, gb.CompileError, "GB704"),
        ({"seed": "x"}, TypeError, "seed must be an integer"),
        ({"seed": 2**63}, ValueError, "seed"),
        ({"seed": -1}, ValueError, "seed"),
    ],
)
def test_compile(choice: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        gb.compile(XCEPTION, **choice)


def test_a_dtype_by_name() -> None:
    module = gb.compile(XCEPTION, dtype="bfloat16", device="meta")
    assert next(module.parameters()).dtype is torch.bfloat16


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        ({"format": "dot", "direction": "XX"}, ValueError, "direction must be one of TB, LR"),
        ({"format": "dot", "theme": "red"}, ValueError, "auto, light, dark"),
        ({"format": "dot", "style": "red"}, ValueError, "colour, paper"),
        ({"format": "dot", "style": "paper", "theme": "dark"}, ValueError, "paper is white"),
        ({"format": "dot", "shapes": "some"}, ValueError, "shapes"),
        ({"format": "dot", "level": -1}, ValueError, "level must be from 0"),
        ({"format": "dot", "dpi": 0}, ValueError, "dpi must be from 1"),
        ({"format": "html", "style": "paper"}, gb.CompileError, "a page has no style `paper`"),
        ({"format": "html", "direction": "LR"}, gb.CompileError, "a page has no direction LR"),
        ({"format": "dot", "nmaes": True}, TypeError, "nmaes"),
    ],
)
def test_render(choice: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        gb.render(XCEPTION, **choice)


def test_params() -> None:
    wrong: Any = 3
    with pytest.raises(TypeError, match="params must map names"):
        gb.load(XCEPTION, params=wrong)
    with pytest.raises(TypeError, match="named by strings, not 3"):
        gb.load(XCEPTION, params={wrong: 10})
