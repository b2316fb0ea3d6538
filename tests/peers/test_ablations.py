"""Xception's ablations beside the same networks written by hand in Keras: the same answers, the same learnt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.peers.parity import LEARNING, LOGITS, Pair
from tests.peers.rows import Row

# Keras's variables answer numpy the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

# Narrow ones say the same as wide ones, and sooner; a width of 0.3 has channels that are rounded up.
ABLATIONS: dict[str, dict[str, Any]] = {
    "no shortcuts": {"middle": 1, "width": 0.2, "residual": False},
    "a ReLU between": {"middle": 1, "width": 0.2, "intermediate": "relu"},
    "an ELU between": {"middle": 2, "width": 0.3, "intermediate": "elu"},
    "no middle": {"middle": 0, "width": 0.5},
}


@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_answers_and_learns_as_in_keras(name: str, tmp_path: Path) -> None:
    settings = ABLATIONS[name]
    pair = Pair(Row("xception", "keras_by_hand:xception_in_keras.xception", (48,), settings, settings), tmp_path)
    assert pair.answers(48) <= LOGITS
    learnt = pair.learns()
    assert learnt.largest <= LEARNING, learnt
