"""Loading: everything, or an error with both lists; saving and loading again is the identity."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.draw import draw
from graphbuilder.files import write_whole
from graphbuilder.weights.load import load
from graphbuilder.weights.save import to_bytes
from graphbuilder.weights.siblings import candidates
from tests.weights.helpers import numbers, weights

OURS = weights(a__weight=(2, 3), a__bias=(2,), norm__num_batches_tracked=())
TORCH = 'format = 1\nsource = "torch"\n[rules]\n"{theirs}" = "{ours}"\n'


def file(folder: Path, **arrays: np.ndarray) -> Path:
    save_file({name.replace("__", "."): array for name, array in arrays.items()}, folder / "w.safetensors")
    return folder / "w.safetensors"


def test_equal_names(tmp_path: Path) -> None:
    found = load(OURS, file(tmp_path, a__bias=numbers(2), a__weight=numbers(2, 3)))
    assert list(found) == list(OURS)
    assert torch.equal(found["a.weight"], torch.arange(6.0).reshape(2, 3))
    assert found["norm.num_batches_tracked"].item() == 0


def test_a_mapping_by_hand(tmp_path: Path) -> None:
    mapping = tmp_path / "any.toml"
    mapping.write_text(TORCH.format(theirs="b", ours="a"))
    assert load(OURS, file(tmp_path, b__bias=numbers(2), b__weight=numbers(2, 3)), mapping)["a.bias"][1] == 1


def test_the_mapping_that_fits_is_taken(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    for name, theirs in (("net.one", "b"), ("net.two", "c"), ("net.zero", "d"), ("other.one", "c")):
        (tmp_path / "weights" / f"{name}.toml").write_text(TORCH.format(theirs=theirs, ours="a"))
    (tmp_path / "weights" / "net.keras.toml").write_text(TORCH.format(theirs="c", ours="a").replace("torch", "keras"))
    offered = candidates([tmp_path / "own.toml", tmp_path / "net.toml"])
    assert [path.name for path in offered] == ["net.keras.toml", "net.one.toml", "net.two.toml", "net.zero.toml"]
    arrays = {"c__bias": numbers(2), "c__weight": numbers(2, 3)}
    assert load(OURS, file(tmp_path, **arrays), offered=offered)["a.weight"].shape == (2, 3)


def test_what_does_not_fit_is_listed_on_both_sides(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, a__weight=numbers(3, 2), extra=numbers(1)))
    found = {diagnostic.code: diagnostic for diagnostic in caught.value.diagnostics}
    assert found["GB408"].notes == ("a.bias 2",)
    assert found["GB409"].notes == ("extra 1",)
    assert found["GB410"].notes == ("a.weight is 2x3 in the network, and a.weight 3x2 in the file",)
    assert len(found) == 3


def test_numbers_of_another_kind_are_no_matter_of_shape(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, a__bias=numbers(2).astype("int32"), a__weight=numbers(2, 3).astype("int32")))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GB410" and diagnostic.help and "float32" in diagnostic.help


@pytest.mark.parametrize(("kind", "sizes"), [("F4", (3, 1)), ("F8_E8M0", (6, 2))])
def test_numbers_of_few_bits_are_of_another_kind(kind: str, sizes: tuple[int, int], tmp_path: Path) -> None:
    weight, bias = sizes
    tensors = {
        "a.weight": {"dtype": kind, "shape": [2, 3], "data_offsets": [0, weight]},
        "a.bias": {"dtype": kind, "shape": [2], "data_offsets": [weight, weight + bias]},
    }
    header = json.dumps(tensors).encode()
    path = tmp_path / "small.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(weight + bias))
    with pytest.raises(CompileError) as caught:
        load(OURS, path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GB410" and diagnostic.help and "float32" in diagnostic.help


def test_strange_names_ask_for_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, b__weight=numbers(2, 3)))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GB411"
    assert diagnostic.notes == ("in the file: b.weight 2x3", "in the network: a.weight 2x3", "in the network: a.bias 2")
    assert diagnostic.help and 'source = "torch"' in diagnostic.help


def test_names_below_a_model_of_the_file(tmp_path: Path) -> None:
    mapping = tmp_path / "any.toml"
    mapping.write_text(TORCH.format(theirs="b{n}", ours="a"))
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, net__b1__weight=numbers(2, 3), net__b1__bias=numbers(2)), mapping)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GB411"
    assert diagnostic.help and "--weights-map" in diagnostic.help
    (tmp_path / "below.toml").write_text("\n".join(re.findall(r"`([^`]*)`", diagnostic.help)))
    assert load(OURS, tmp_path / "w.safetensors", tmp_path / "below.toml")["a.weight"].shape == (2, 3)


def test_long_lists_are_cut_on_a_screen_alone(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, a__weight=numbers(2, 3), **{f"x{number}": numbers(1) for number in range(50)}))
    unused = next(diagnostic for diagnostic in caught.value.diagnostics if diagnostic.code == "GB409")
    assert len(unused.notes) == 50
    assert "and 10 more, 50 in all" in draw([unused])


def test_a_rule_that_matches_nothing_has_a_place(tmp_path: Path) -> None:
    mapping = tmp_path / "any.toml"
    mapping.write_text(TORCH.format(theirs="a", ours="a") + '"b{n}" = "x{n}"\n')
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, a__bias=numbers(2), a__weight=numbers(2, 3)), mapping)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GB406"
    assert str(diagnostic.span).endswith("any.toml:5:1")


def test_rules_that_contradict_each_other(tmp_path: Path) -> None:
    mapping = tmp_path / "any.toml"
    mapping.write_text('format = 1\nsource = "torch"\n[rules]\n"l{n}" = "a"\n"l1" = "b"\n"k" = "a"\n')
    arrays = {"l1__weight": numbers(2, 3), "l2__bias": numbers(2), "k__bias": numbers(2)}
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, **arrays), mapping)
    clashes = [diagnostic for diagnostic in caught.value.diagnostics if diagnostic.code == "GB407"]
    assert {diagnostic.message for diagnostic in clashes} == {
        "two rules match l1.weight",
        "k.bias and l2.bias both lead to a.bias",
    }
    assert [len(diagnostic.related) for diagnostic in clashes if diagnostic.span] == [1]


def test_a_copy_below_0_is_told_at_its_rule(tmp_path: Path) -> None:
    (tmp_path / "any.toml").write_text('format = 1\nsource = "torch"\n[rules]\n"l{n}" = "s.{n-1}"\n"a" = "a"\n')
    arrays = {"l0__weight": numbers(1), "a__weight": numbers(2, 3), "a__bias": numbers(2)}
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, **arrays), tmp_path / "any.toml")
    (diagnostic,) = caught.value.diagnostics
    (label,) = diagnostic.related
    assert label.text == "the network has no s.-1.weight: copies are counted from 0"


def test_a_rule_that_leads_to_a_step_and_no_tensor_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "any.toml").write_text('format = 1\nsource = "torch"\n[rules]\n"token" = "a"\n"a" = "a"\n')
    arrays = {"token": numbers(2, 3), "a__weight": numbers(2, 3), "a__bias": numbers(2)}
    with pytest.raises(CompileError) as caught:
        load(OURS, file(tmp_path, **arrays), tmp_path / "any.toml")
    told = [label.text for diagnostic in caught.value.diagnostics for label in diagnostic.related]
    assert told == ["`a` is a step, and no tensor; it has a.weight, a.bias"]


@pytest.mark.parametrize(
    ("kind", "saved", "count"),
    [
        (torch.float16, 12.0, 12),
        (torch.bfloat16, 7.0, 7),
        (torch.float32, 1e30, 0),
        (torch.float16, float("inf"), 0),
        (torch.uint8, 5, 5),
    ],
)
def test_a_count_is_taken_in_any_kind_of_number(tmp_path: Path, kind: torch.dtype, saved: float, count: int) -> None:
    counter = {"norm.num_batches_tracked": torch.tensor(saved).to(kind)}
    state = {"a.weight": torch.ones(2, 3), "a.bias": torch.ones(2), **counter}
    (tmp_path / "w.safetensors").write_bytes(to_bytes(state))
    found = load(OURS, tmp_path / "w.safetensors")["norm.num_batches_tracked"]
    assert (found.dtype, found.item()) == (torch.int64, count)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_other_floats_become_float32(tmp_path: Path, kind: torch.dtype) -> None:
    torch.save({"a.weight": torch.ones(2, 3, dtype=kind), "a.bias": torch.ones(2, dtype=kind)}, tmp_path / "w.pth")
    assert {tensor.dtype for name, tensor in load(OURS, tmp_path / "w.pth").items() if "a." in name} == {torch.float32}


def test_saving_and_loading_again(tmp_path: Path) -> None:
    conv = nn.Conv2d(3, 4, 3)
    conv.weight.data = conv.weight.data.contiguous(memory_format=torch.channels_last)
    module = nn.Sequential(conv, nn.BatchNorm2d(4))
    write_whole(tmp_path / "w.safetensors", to_bytes(module.state_dict()))
    ours = weights(**{name.replace(".", "__"): tuple(t.shape) for name, t in module.state_dict().items()})
    found = load(ours, tmp_path / "w.safetensors")
    assert found.keys() == module.state_dict().keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in module.state_dict().items())


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "w.safetensors", to_bytes(nn.Linear(2, 2).state_dict()))
    before = (tmp_path / "w.safetensors").read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(CompileError):
        write_whole(tmp_path / "w.safetensors", to_bytes(nn.Linear(3, 3).state_dict()))
    assert (tmp_path / "w.safetensors").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
