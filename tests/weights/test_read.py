"""Files of the torch world as they are, and HDF5 in Keras's three layouts, written by hand."""

import json
import os
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import nn

from graphbuilder.diagnostics import CompileError
from graphbuilder.weights.keras_names import keras3_names, legacy_names, snake_case
from graphbuilder.weights.read import read
from tests.weights.helpers import numbers


def contents(path: Path) -> dict[str, np.ndarray]:
    with read(path) as checkpoint:
        return {name: stored.read() for name, stored in checkpoint.tensors.items()}


STATE = {"conv.weight": torch.arange(6.0).reshape(2, 3), "norm.num_batches_tracked": torch.tensor(5)}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before-1.6"])
@pytest.mark.parametrize(
    ("wrapped", "beside"),
    [
        (STATE, []),
        ({"state_dict": STATE, "epoch": 3}, []),
        ({"model": STATE, "optimizer": {"state": [{"avg": torch.ones(1)}]}}, ["optimizer.state.0.avg"]),
    ],
)
def test_torch_files(tmp_path: Path, wrapped: dict[str, object], beside: list[str], legacy: bool) -> None:
    torch.save(wrapped, tmp_path / "w.pth", _use_new_zipfile_serialization=not legacy)
    found = contents(tmp_path / "w.pth")
    assert list(found) == [*STATE, *beside]
    np.testing.assert_array_equal(found["conv.weight"], STATE["conv.weight"].numpy())


def test_the_kind_is_told_by_what_a_file_holds(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.keras")
    with read(tmp_path / "w.keras") as checkpoint:
        assert checkpoint.source == "torch"


def write(file: h5py.File, **arrays: np.ndarray) -> None:
    for path, array in arrays.items():
        file[path.replace("__", "/")] = array


def test_keras_3_names_from_notes_in_the_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.weights.h5", "w") as file:
        write(
            file, layers__conv2d__vars__0=numbers(1), layers__conv2d_1__vars__0=numbers(2), optimizer__vars__0=numbers()
        )
        file["layers/conv2d_1/vars"].attrs["name"] = "stem"
    assert list(contents(tmp_path / "w.weights.h5")) == ["conv2d/kernel", "stem/kernel", "optimizer/0"]


def test_keras_3_names_from_the_config(tmp_path: Path) -> None:
    inner = {"class_name": "Conv2D", "config": {"name": "conv2d_7", "use_bias": False}}
    model = {
        "class_name": "Functional",
        "config": {"name": "base", "layers": [inner, inner | {"config": {"name": "b"}}]},
    }
    norm = {"class_name": "BatchNormalization", "config": {"name": "bn", "scale": False}}
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        write(file, layers__functional__layers__conv2d__vars__0=numbers(1))
        write(file, layers__functional__layers__conv2d_1__vars__0=numbers(2))
        write(file, **{f"layers__batch_normalization__vars__{number}": numbers(number) for number in range(3)})
    with zipfile.ZipFile(tmp_path / "w.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Functional", "config": {"layers": [model, norm]}}))
        archive.write(tmp_path / "model.weights.h5", "model.weights.h5")
    found = contents(tmp_path / "w.keras")
    assert {name: array.size for name, array in found.items()} == {
        "base/conv2d/kernel": 1,
        # One variable, where the config says that there is a bias: which it is, nobody knows.
        "base/b/0": 2,
        "bn/beta": 0,
        "bn/moving_mean": 1,
        "bn/moving_variance": 2,
    }


@pytest.mark.parametrize(("several", "above"), [(False, ""), (True, "model_weights/")])
def test_the_older_layout(tmp_path: Path, several: bool, above: str) -> None:
    """The list of layers stands in one attribute, or in several; in a file of weights, or in one of a model."""
    with h5py.File(tmp_path / "w.h5", "w") as file:
        root = file.require_group(above) if above else file
        for index, (layer, names) in enumerate(
            [("dense_3", ["dense_3/kernel:0", "dense_3/bias:0"]), ("net", ["c/kernel", "d/kernel"])]
        ):
            root.create_group(layer).attrs["weight_names"] = [name.encode() for name in names]
            for name in names:
                root[f"{layer}/{name}"] = numbers(index + 1)
            if several:
                root.attrs[f"layer_names{index}"] = [layer]
        if not several:
            root.attrs["layer_names"] = ["dense_3", "net"]
        if above:
            file["optimizer_weights/adam/rate"] = numbers()
    beside = {"optimizer/adam/rate"} if above else set()
    wanted = {"dense/kernel", "dense/bias", "net/c/kernel", "net/d/kernel"}
    assert set(contents(tmp_path / "w.h5")) == wanted | beside


@pytest.mark.parametrize(
    ("layer", "weights", "names"),
    [
        ("c", ["c/kernel:0", "c/bias:0"], ["c/kernel", "c/bias"]),
        ("c", ["sequential/c/kernel"], ["c/kernel"]),
        ("c", ["c_1/kernel:0", "c_1/bias:0"], ["c/kernel", "c/bias"]),
        ("c", ["c_W_1:0", "c_b_1:0"], ["c/kernel", "c/bias"]),
        ("n", ["n_gamma_1:0", "n_running_std_1:0"], ["n/gamma", "n/moving_variance"]),
        ("scale", ["scale/variable_3"], ["scale/0"]),
        ("two", ["two/Variable:0", "two/Variable_1:0"], ["two/two/Variable:0", "two/two/Variable_1:0"]),
        (
            "net",
            ["c/kernel", "conv2d_4/kernel", "conv2d_5/kernel"],
            ["net/c/kernel", "net/conv2d/kernel", "net/conv2d_1/kernel"],
        ),
        ("net", ["net/c/kernel", "net/d/kernel"], ["net/c/kernel", "net/d/kernel"]),
        ("x", ["a/x/kernel", "b/x/kernel"], ["x/a/x/kernel", "x/b/x/kernel"]),
    ],
)
def test_names_of_the_older_layout(layer: str, weights: list[str], names: list[str]) -> None:
    assert list(legacy_names({layer: weights}).values()) == names


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["conv2d_8", "conv2d_9", "conv2d_10"], ["conv2d", "conv2d_1", "conv2d_2"]),
        (["conv2d", "conv2d_2"], ["conv2d", "conv2d_1"]),
        (["dense_1", "conv2d_4"], ["dense", "conv2d"]),
        (["block1_conv1", "stem_3"], ["block1_conv1", "stem_3"]),
        (["batch_normalization_5", "separable_conv2d_2"], ["batch_normalization", "separable_conv2d"]),
        (["convolution2d_77", "batchnormalization_79"], ["conv2d", "batch_normalization"]),
    ],
)
def test_automatic_numbers_start_afresh(before: list[str], after: list[str]) -> None:
    weights = {layer: [f"{layer}/kernel"] for layer in before}
    assert list(legacy_names(weights).values()) == [f"{layer}/kernel" for layer in after]


@pytest.mark.parametrize(
    ("variables", "leaves"),
    [(1, ["kernel"]), (2, ["kernel", "bias"]), (3, ["0", "1", "2"])],
)
def test_variables_without_a_config(variables: int, leaves: list[str]) -> None:
    paths = [f"layers/dense/vars/{number}" for number in range(variables)]
    assert list(keras3_names(paths, None, lambda _: None).values()) == [f"dense/{leaf}" for leaf in leaves]


def test_what_has_no_layer_keeps_its_path() -> None:
    paths = ["layers/dropout/seed_generator/vars/0", "encoder/conv/vars/0"]
    assert list(keras3_names(paths, None, lambda _: None).values()) == ["dropout/seed_generator/0", "encoder/conv/0"]


@pytest.mark.parametrize(
    ("name", "snake"), [("Conv2D", "conv2d"), ("BatchNormalization", "batch_normalization"), ("PReLU", "p_re_lu")]
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


@pytest.mark.parametrize(("name", "code"), [("nothing.pth", "GB001"), (".", "GB002"), ("text.pth", "GB401")])
def test_what_cannot_be_opened(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "text.pth").write_text("weights")
    with pytest.raises(CompileError, match=code):
        read(tmp_path / name)


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "w.pth")
    with pytest.raises(CompileError, match=r"GB403.*Python objects"):
        read(tmp_path / "w.pth")


def test_hdf5_wherever_its_numbers_lie(tmp_path: Path) -> None:
    """In one piece, in chunks, in the header; the other way round; of odd kinds."""
    floats = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    with h5py.File(tmp_path / "w.weights.h5", "w") as file:
        write(file, a__plain=floats, a__turned=floats.astype(">f8"), a__half=floats.astype("f2"), a__flag=floats > 0)
        file.create_dataset("a/chunks", data=floats, chunks=(2, 3))
        kept = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        kept.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((3, 4))
        h5py.h5d.create(file["a"].id, b"compact", h5py.h5t.IEEE_F32LE, space, kept).write(
            h5py.h5s.ALL, h5py.h5s.ALL, floats
        )
        odd = h5py.h5t.STD_I32LE.copy()
        odd.set_precision(20)
        h5py.h5d.create(file["a"].id, b"odd", odd, space).write(
            h5py.h5s.ALL, h5py.h5s.ALL, np.arange(12, dtype="i4").reshape(3, 4)
        )
        file["a/one"] = np.float32(3)
        file["a/none"] = np.zeros((0, 4), np.float32)
    found = contents(tmp_path / "w.weights.h5")
    for name in ("plain", "turned", "chunks", "compact"):
        np.testing.assert_array_equal(found[f"a/{name}"], floats)
    np.testing.assert_array_equal(found["a/half"], floats.astype("f2"))
    np.testing.assert_array_equal(found["a/flag"], floats > 0)
    np.testing.assert_array_equal(found["a/odd"], np.arange(12).reshape(3, 4))
    assert found["a/one"].shape == () and found["a/one"] == 3
    assert found["a/none"].shape == (0, 4)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights.h5")
    with pytest.raises(CompileError, match=r"GB003.*it is a pipe, not a file"):
        read(tmp_path / "weights.h5")
