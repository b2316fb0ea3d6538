"""A real, trained Keras file on real photographs: our logits are Keras's, and what is labelled is told right."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.diagnostics import CompileError
from tests.peers.reference import import_keras, kitchenware_images, kitchenware_weights
from tools import classify

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "specs" / "xception_kitchenware.toml"
REFERENCE = json.loads((Path(__file__).parent / "kitchenware_logits.json").read_text())
CLASSES = REFERENCE["classes"]
TOLERANCE = 1e-4

# Keras's variables answer numpy the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return gb.compile(SPEC, weights=kitchenware_weights())


@pytest.fixture(scope="module")
def answers(model: nn.Module) -> dict[str, Tensor]:
    paths = sorted(kitchenware_images().glob("*.jpg"))
    found = classify.logits(model, classify.Preparation((150, 150)), paths)
    return {path.name: answer for path, answer in found if isinstance(answer, Tensor)}


def test_all_photographs_are_answered_as_keras_answered(answers: dict[str, Tensor]) -> None:
    assert len(REFERENCE["images"]) == 18
    assert answers.keys() == REFERENCE["images"].keys()
    for name, entry in REFERENCE["images"].items():
        torch.testing.assert_close(answers[name], torch.tensor(entry["logits"]), atol=TOLERANCE, rtol=0, msg=name)
        assert CLASSES[int(answers[name].argmax())] == entry["predicted"], name


def test_what_is_labelled_is_told_right(answers: dict[str, Tensor]) -> None:
    with (kitchenware_images().parent / "train.csv").open() as file:
        labels = {f"{row['Id']}.jpg": row["label"] for row in csv.DictReader(file)}
    known = {name: labels[name] for name in answers if name in labels}
    assert len(known) == 9
    assert known == {name: entry["label"] for name, entry in REFERENCE["images"].items() if entry["label"]}
    assert known == {name: CLASSES[int(answers[name].argmax())] for name in known}


def test_keras_itself_answers_so(answers: dict[str, Tensor]) -> None:
    keras = import_keras()
    theirs = keras.models.load_model(kitchenware_weights(), compile=False)
    prepare = classify.Preparation((150, 150))
    for name in ("0004.jpg", "0207.jpg"):
        image = prepare(kitchenware_images() / name).permute(1, 2, 0)[None]
        with torch.inference_mode():
            found = theirs(image, training=False)[0]
        torch.testing.assert_close(answers[name], found, atol=TOLERANCE, rtol=0)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.classify", *map(str, arguments)]
    return subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1200,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )


def test_a_person_classifies_files() -> None:
    photographs = [kitchenware_images() / name for name in ("0009.jpg", "0013.jpg")]
    done = run(SPEC, *photographs, "--weights", kitchenware_weights(), "--classes", ",".join(CLASSES))
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[:2] for line in done.stdout.splitlines()] == [
        [str(photographs[0]), "cup"],
        [str(photographs[1]), "knife"],
    ]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("spec", "options", "said"),
    [
        ("xception.toml", [], "GB411"),
        ("xception_kitchenware.toml", ["--classes", "cup,fork"], "names 2"),
        ("xception_kitchenware.toml", ["--weights", "nothing.keras"], "GB001"),
    ],
)
def test_a_person_is_told_what_does_not_fit(spec: str, options: list[str], said: str) -> None:
    photograph = kitchenware_images() / "0009.jpg"
    words = [ROOT / "specs" / spec, photograph, "--weights", kitchenware_weights(), *options]
    done = CliRunner().invoke(classify.main, list(map(str, words)))
    assert done.exit_code == 2 and isinstance(done.exception, SystemExit)
    assert said in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_no_photograph_costs_no_other_its_answer(tmp_path: Path) -> None:
    photograph, broken = kitchenware_images() / "0009.jpg", tmp_path / "notes.jpg"
    broken.write_text("no photograph")
    done = run(SPEC, broken, photograph, "--weights", kitchenware_weights(), "--classes", ",".join(CLASSES))
    assert done.returncode == 2
    assert done.stdout.split("\t")[:2] == [str(photograph), "cup"]
    assert done.stderr.splitlines() == [f"error: {broken}: not an image; give a JPEG, PNG or another that Pillow reads"]


def test_a_broken_download_gives_no_module(tmp_path: Path) -> None:
    shutil.copyfile(kitchenware_weights(), tmp_path / "w.keras")
    os.truncate(tmp_path / "w.keras", 50_000_000)
    with pytest.raises(CompileError, match="GB402"):
        gb.compile(SPEC, weights=tmp_path / "w.keras")


def test_every_tensor_is_used_or_named_as_ignored(model: nn.Module) -> None:
    from graphbuilder.weights.mapping import load_mapping
    from graphbuilder.weights.match import match
    from graphbuilder.weights.read import read
    from graphbuilder.weights.wanted import wanted

    mapping = load_mapping(ROOT / "specs" / "weights" / "xception_kitchenware.keras.toml")
    with read(kitchenware_weights()) as checkpoint:
        found = match(wanted(gb.load(SPEC).typed), checkpoint, mapping)
    assert found.faults == 0
    assert len(found.rows) + len(found.ignored) == len(checkpoint.tensors)
    assert all(name.startswith("optimizer/") for name in found.ignored)
    filled = {row.ours for row in found.rows}
    assert {name for name in model.state_dict() if not name.endswith("num_batches_tracked")} == filled
