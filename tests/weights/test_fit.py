"""A file beside a network: what is left out by name, and what training scripts put around the weights."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import Tensor

import graphbuilder as gb
from graphbuilder.cli import fitting
from graphbuilder.cli.entry import run
from graphbuilder.diagnostics import CompileError
from graphbuilder.weights.load import fitting as weights_fitting

SPEC = """\
format = 1
name = "net"
[params]
classes = 4
[inputs]
image = [3, 8, 8]
[model]
body = [
  { op = "conv", out = 2, kernel = 3 },
  { op = "batchnorm" },
  { op = "globalavgpool" },
  { id = "head", use = "head" },
]
[blocks.head]
body = [{ op = "linear", out = 5 }, { id = "logits", op = "linear", out = "=classes" }]
"""
MAPPING = """\
format = 1
source = "torch"
[rules]
"c"  = "conv"
"b"  = "batchnorm"
"h"  = "head.linear"
"fc" = "head.logits"
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.some.toml").write_text(MAPPING)
    (tmp_path / "net.toml").write_text(SPEC)
    return tmp_path / "net.toml"


def state(spec: Path, **params: int) -> dict[str, Tensor]:
    return gb.compile(gb.load(spec, params=params), seed=7).state_dict()


def renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    names = {"conv": "c", "batchnorm": "b", "head.linear": "h", "head.logits": "fc"}
    return {f"{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": each for name, each in state.items()}


def save(spec: Path, content: object) -> Path:
    torch.save(content, spec.parent / "w.pth")
    return spec.parent / "w.pth"


def fits(spec: Path, content: object) -> bool:
    wanted = state(spec)
    found = gb.compile(spec, weights=save(spec, content)).state_dict()
    return all(torch.equal(tensor, wanted[name]) for name, tensor in found.items())


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "net"])
@pytest.mark.parametrize("wrapper", ["", "module.", "module._orig_mod.", "model.", "module.net.model."])
def test_checkpoints_of_training_scripts(spec: Path, key: str, wrapper: str) -> None:
    wrapped = {wrapper + name: tensor for name, tensor in renamed(state(spec)).items()}
    assert fits(spec, {key: wrapped, "epoch": 3, "lr": [0.1]})


def test_an_optimizer_and_an_average_stand_beside(spec: Path) -> None:
    ours = state(spec)
    averaged = {name: tensor + 1 for name, tensor in ours.items()}
    optimizer = {"state": {0: {"exp_avg": torch.zeros(2)}}}
    with pytest.warns(UserWarning, match="other weights that fit, too, and they are not read: `state_dict_ema`"):
        assert fits(spec, {"state_dict_ema": averaged, "state_dict": ours, "optimizer": optimizer})
    assert fits(spec, {"state_dict": ours, "optimizer": optimizer})


def test_a_mapping_asks_for_the_average(spec: Path) -> None:
    text = 'format = 1\nsource = "torch"\nextends = "net.some.toml"\nwithin = "state_dict_ema"\nignore = ["*"]\n'
    (spec.parent / "weights" / "net.ema.toml").write_text(text)
    theirs = renamed(state(spec))
    averaged = {name: tensor + 1 for name, tensor in theirs.items()}
    file = save(spec, {"state_dict": theirs, "state_dict_ema": averaged})
    found = gb.compile(spec, weights=file, weights_map=spec.parent / "weights" / "net.ema.toml").state_dict()
    assert torch.equal(found["conv.weight"], state(spec)["conv.weight"] + 1)


@pytest.mark.parametrize("pattern", ["head.logits", "head.logits.*", "*logits*"])
def test_other_classes(spec: Path, pattern: str) -> None:
    file = save(spec, renamed(state(spec, classes=9)))
    found = gb.compile(spec, weights=file, weights_except=[pattern], seed=3).state_dict()
    alone = gb.compile(spec, weights=file, weights_except=pattern, seed=3).state_dict()
    assert all(torch.equal(alone[name], tensor) for name, tensor in found.items())
    read, drawn = state(spec, classes=9), gb.compile(spec, seed=3).state_dict()
    for name, tensor in found.items():
        assert torch.equal(tensor, (drawn if "logits" in name else read)[name]), name


@pytest.mark.parametrize("dropped", ["head", "head.logits"])
def test_a_file_without_what_is_left_out(spec: Path, dropped: str) -> None:
    kept = {name: tensor for name, tensor in state(spec).items() if not name.startswith(dropped)}
    found = gb.compile(spec, weights=save(spec, renamed(kept)), weights_except=[dropped]).state_dict()
    assert torch.equal(found["conv.weight"], kept["conv.weight"])


@pytest.mark.parametrize(("pattern", "remedy"), [("head.logit", "head.logits"), ("zzz", "conv, batchnorm, head")])
def test_an_exception_that_names_nothing(spec: Path, pattern: str, remedy: str) -> None:
    with pytest.raises(CompileError) as caught:
        gb.compile(spec, weights=save(spec, state(spec)), weights_except=["head", pattern])
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GB412"
    assert diagnostic.help and remedy in diagnostic.help


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("fc", "the file calls so what is head.logits here: --weights-except head.logits"),
        ("zzz", "the network has conv, batchnorm, head; head.logits is the head: --weights-except head.logits"),
    ],
)
def test_an_exception_by_another_name_is_told_ours(spec: Path, pattern: str, told: str) -> None:
    with pytest.raises(CompileError) as caught:
        gb.compile(spec, weights=save(spec, renamed(state(spec, classes=9))), weights_except=pattern)
    assert caught.value.diagnostics[0].help == told


def test_a_head_of_other_classes_is_told_with_what_leaves_it_out(spec: Path) -> None:
    with pytest.raises(CompileError) as caught:
        gb.compile(spec, weights=save(spec, renamed(state(spec, classes=9))))
    (found,) = caught.value.diagnostics
    option = "--weights-except head.logits, or take what the file has: --set classes=9"
    assert found.help == f"leave head.logits, the head, as it was drawn, to be trained: {option}"
    (place,) = found.related
    assert place.text == "the head: head.logits" and place.span.text.startswith('{ id = "logits"')


def test_a_file_without_a_head_is_told_the_option_alone(spec: Path) -> None:
    kept = {name: tensor for name, tensor in renamed(state(spec)).items() if not name.startswith(("h.", "fc."))}
    with pytest.raises(CompileError) as caught:
        gb.compile(spec, weights=save(spec, kept))
    (found,) = caught.value.diagnostics
    assert found.code == "GB408", "rules for what is left out match nothing, which goes with it"
    assert found.help == "leave head, the head, as it was drawn, to be trained: --weights-except head"


def test_what_is_lacking_before_the_head_asks_for_another_file_first(spec: Path) -> None:
    kept = {name: tensor for name, tensor in renamed(state(spec)).items() if not name.startswith("c.")}
    with pytest.raises(CompileError) as caught:
        gb.compile(spec, weights=save(spec, kept))
    (found,) = caught.value.diagnostics
    assert found.help == "take another file, or leave conv as it was drawn: --weights-except conv"


def test_the_command_shows_and_converts(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, output = save(spec, renamed(state(spec))), spec.parent / "w.safetensors"
    assert run(["weights", str(spec), str(file), "-o", str(output)]) == 0
    shown = capsys.readouterr().out
    assert "net.some.toml" in shown.splitlines()[0]
    assert "head.logits.weight fc.weight 4x5 as it is" in {" ".join(line.split()) for line in shown.splitlines()}
    assert shown.endswith("tensors fit\n")
    found = gb.compile(spec, weights=output).state_dict()
    assert all(torch.equal(tensor, found[name]) for name, tensor in state(spec).items())


def test_the_command_shows_what_does_not_fit(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = renamed(state(spec, classes=9)) | {"extra": torch.zeros(3)}
    del theirs["c.bias"]
    file, output = save(spec, theirs), spec.parent / "w.safetensors"
    assert run(["weights", str(spec), str(file), "-o", str(output)]) == 2
    shown = capsys.readouterr()
    assert not output.exists()
    lines = {" ".join(line.split()) for line in shown.out.splitlines()}
    assert {
        "head.logits.weight fc.weight 9x5 -> 4x5 does not fit",
        "conv.bias - 2 not in the file",
        "- extra 3 no place in the network",
    } <= lines
    assert "--weights-except head.logits" in shown.err
    assert "Traceback" not in shown.err


def test_the_match_as_json(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = save(spec, renamed(state(spec, classes=9)))
    assert run(["weights", str(spec), str(file), "--json", "--weights-except", "head.logits"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fits"] and found["source"] == "torch"
    assert found["ignored"] == ["fc.weight", "fc.bias"]
    assert found["tensors"][0] == {
        "ours": "conv.weight",
        "theirs": "c.weight",
        "stored": [2, 3, 3, 3],
        "shape": [2, 3, 3, 3],
        "transform": "as it is",
    }
    assert [each["ours"] for each in found["tensors"] if each["theirs"] is None] == [
        "head.logits.weight",
        "head.logits.bias",
    ]


def test_what_was_left_is_reported(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = save(spec, renamed(state(spec, classes=9)))
    assert run(["compile", str(spec), "--weights", str(file), "--weights-except", "head.logits"]) == 0
    assert "head.logits.weight, head.logits.bias drawn from seed 0" in capsys.readouterr().out
    assert run(["compile", str(spec), "--weights-except", "head"]) == 2
    assert "there are none" in capsys.readouterr().err


def test_of_very_many_tensors_some_of_each_kind_are_shown(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "_MOST", 8)
    monkeypatch.setattr(fitting, "_OF_A_KIND", 3)
    tensors = state(spec)
    lost = [tensors.pop(name) for name in list(tensors)[-4:]]
    others = {f"other{number}.{'x' * 300}": torch.zeros(1) for number in range(5)}
    network, file, screen = gb.load(spec), str(save(spec, {**tensors, **others})), io.StringIO()
    with weights_fitting(network.typed, network.files, file, None, ()) as fit:
        fitting.show(fit, Console(file=screen, width=80))
        told, data = fitting.text(fit), fitting.data(fit)
    for shown in (screen.getvalue(), told):
        assert "\n... and 1 more not in the file\n" in shown and "\n--json lists all\n" in shown
        assert "\n... and 2 more with no place in the network\n" in shown
        assert "other2" in shown and "other3" not in shown and "batchnorm.bias" not in shown
    assert max(map(len, told.splitlines())) < 300 and f"{len(lost)} of the network" in told
    assert len(data["tensors"]) == 11 + 5


def test_only_safetensors_are_written(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights", str(spec), str(save(spec, state(spec))), "-o", "w.pth"]) == 2
    assert "end the path in .safetensors" in capsys.readouterr().err


def test_weights_that_are_not_finite(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = state(spec)
    wanted["conv.weight"][0, 0, 0, 0] = float("nan")
    wanted["batchnorm.running_var"][1] = float("inf")
    file = str(save(spec, wanted))
    with pytest.warns(UserWarning, match=r"GB413.* in 2 weights: conv.weight, batchnorm.running_var"):
        gb.compile(spec, weights=file)
    line = [str(spec), file, "-o", str(spec.parent / "x.safetensors")]
    assert run(["weights", *line]) == 0
    assert "warning[GB413]" in capsys.readouterr().err
    compile_line = ["compile", str(spec), "--weights", file, "--device", "cpu"]
    assert run(compile_line) == 0
    assert "conv.weight" in capsys.readouterr().err
    assert run([*compile_line, "--strict"]) == 2


def test_a_file_of_a_sibling(spec: Path) -> None:
    other = spec.parent / "other.toml"
    other.write_text(SPEC.replace('"net"', '"other"').replace('id = "head"', 'id = "top"'))
    (spec.parent / "weights" / "broken.some.toml").write_text("rules = 1")
    (spec.parent / "broken.toml").write_text(SPEC)
    mapping = spec.parent / "weights" / "other.more.toml"
    mapping.write_text('format = 1\nsource = "torch"\n[rules]\n"k" = "conv"\n"l{n}" = "head.linear"\n')
    file = save(spec, {"k.weight": torch.zeros(2, 3, 3, 3), "k.bias": torch.zeros(2), "l1.weight": torch.zeros(5, 2)})
    with pytest.raises(CompileError, match=r"did you mean .*other\.toml\?") as caught:
        gb.compile(spec, weights=file)
    assert str(mapping) in str(caught.value)
    mapping.write_text('format = 1\nsource = "torch"\n[rules]\n"k" = "conv"\n')
    with pytest.raises(CompileError) as caught:
        gb.compile(spec, weights=file)
    assert "other.toml" not in str(caught.value)


def test_a_file_of_the_network_by_another_switch(spec: Path) -> None:
    text = SPEC.replace("classes = 4", "classes = 4\nplain = true\ndeep = true")
    spec.write_text(text.replace('{ op = "linear", out = 5 }', '{ op = "linear", out = 5, when = "=deep" }'))
    file = save(spec, state(spec, deep=False, classes=9))
    network = gb.load(spec, params={"classes": 9})
    with weights_fitting(network.typed, network.files, file, params=network.params) as fit:
        assert [each.code for each in fit.diagnostics] == ["GB408", "GB410"]
        assert fit.diagnostics[0].help == "it fits with --set deep=false"
    with weights_fitting(network.typed, network.files, file) as fit:
        assert "--set" not in str(fit.diagnostics[0].help)
