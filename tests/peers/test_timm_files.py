"""Files with timm's names, of the networks that timm has too, are read without being told whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.parity import LOGITS, Pair
from tests.peers.rows import NO_DROPOUT, Row

ROWS = (
    Row("resnet50", "timm:resnet50", (64,)),
    Row("resnext50_32x4d", "timm:resnext50_32x4d", (64,)),
    Row("inception_v3_torchvision", "timm:inception_v3", (139,), {**NO_DROPOUT, "auxiliary": False}),
    Row("vgg16", "timm:vgg16", (32,), NO_DROPOUT),
    Row("mobilenet_v2", "timm:mobilenetv2_100", (75,), NO_DROPOUT),
    Row("efficientnet_b0", "timm:efficientnet_b0", (75,), {**NO_DROPOUT, "drop": 0.0}),
    Row("densenet121", "timm:densenet121", (64,)),
    Row("convnext_tiny", "timm:convnext_tiny", (64,), {"drop": 0.0}),
    Row("vit_b_16", "timm:vit_base_patch16_224", (64,), {**NO_DROPOUT, "depth": 2}, {"img_size": 64, "depth": 2}),
)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_answers_as_in_timm(row: Row, tmp_path: Path) -> None:
    pair = Pair(row, tmp_path)
    assert pair.answers(min(row.sizes)) <= LOGITS
    pair.file.unlink()
