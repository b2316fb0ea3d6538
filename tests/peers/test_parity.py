"""Our networks beside other people's: with the same weights, the same logits, and the same learnt in one step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch

from graphbuilder.weights.load import fitting
from tests.peers.makeup import makeup
from tests.peers.parity import LEARNING, LOGITS, Pair
from tests.peers.rows import ROWS, TRAINED, Row
from tests.peers.sides import KerasSide, TorchSide

# Keras's variables answer numpy the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

IN_TORCH = tuple(row for row in ROWS if row.source != "keras")
# Of Keras's networks that are called otherwise without their heads, and of Xception, what the head is here.
HEADS = {"xception": "logits", "mobilenet_v1": "classifier", "convnext_tiny_keras": "logits"}
HEADLESS = tuple(row for row in ROWS if row.source == "keras" and row.spec in HEADS)
# Torch's files have one set of names, whatever the network: one network of each library says it for all.
ONE_OF_EACH = {"plain": "lenet5", "torchvision": "shufflenet_v2_x1_0", "timm": "mobilevit_xxs"}
WITH_FILES = tuple(row for row in ROWS if row.source == "keras" or row.spec == ONE_OF_EACH[row.source])
trained = pytest.mark.parametrize("pair", TRAINED, ids=str, indirect=True, scope="module")


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    row: Row = request.param
    # Weights of a hundred networks would fill a disk: each goes when its pair does.
    with TemporaryDirectory(prefix=f"{row.source}-") as folder:
        yield Pair(row, Path(folder))


@pytest.mark.parametrize("pair", ROWS, ids=str, indirect=True, scope="module")
def test_it_answers_as_the_reference(pair: Pair) -> None:
    differences = {size: pair.answers(size) for size in pair.row.sizes}
    assert max(differences.values()) <= LOGITS, differences


@pytest.mark.parametrize("pair", IN_TORCH, ids=str, indirect=True, scope="module")
def test_it_is_made_as_the_reference(pair: Pair) -> None:
    assert isinstance(pair.theirs, TorchSide)
    assert pair.makeup().differences(makeup(pair.theirs.model)) == []


@trained
def test_it_learns_as_the_reference(pair: Pair) -> None:
    learnt = pair.learns()
    assert learnt.largest <= LEARNING, learnt


@pytest.mark.parametrize("pair", WITH_FILES, ids=str, indirect=True, scope="module")
def test_every_file_of_its_library_gives_the_same_weights(pair: Pair, tmp_path: Path) -> None:
    network = pair.network(min(pair.row.sizes))
    wanted = pair.tensors(network, pair.file)
    for file in pair.theirs.files(tmp_path):
        found = pair.tensors(network, file)
        assert found.keys() == wanted.keys()
        assert all(torch.equal(tensor, wanted[name]) for name, tensor in found.items()), file.name
        file.unlink()


@pytest.mark.parametrize("pair", HEADLESS, ids=str, indirect=True, scope="module")
def test_a_file_without_the_head_gives_all_others(pair: Pair, tmp_path: Path) -> None:
    assert isinstance(pair.theirs, KerasSide)
    network = pair.network(min(pair.row.sizes))
    head = HEADS[pair.row.spec]
    wanted = {name: each for name, each in pair.tensors(network, pair.file).items() if not name.startswith(head)}
    with fitting(network.typed, network.files, pair.theirs.headless(tmp_path), excepted=[head]) as fit:
        found = fit.tensors()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in found.items())


def test_the_tests_of_a_row_share_one_pair(request: pytest.FixtureRequest) -> None:
    collected = (getattr(item, "callspec", None) for item in request.session.items if item.path == Path(__file__))
    rows = [name for name, _ in groupby(callspec.id for callspec in collected if callspec)]
    assert len(rows) == len(set(rows))
