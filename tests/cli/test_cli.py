"""Every command in this process: what goes where, and with which exit code."""

from __future__ import annotations

import json
import tomllib
from hashlib import sha256
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from graphbuilder import ops
from graphbuilder.backends.graphviz.write.engine import NoEngine
from tests.cli.running import SMALL, Result, Run, write

SPECS = Path(__file__).parents[2] / "specs"
XCEPTION = str(SPECS / "xception.toml")


def test_check_says_ok_for_each(cli: Run) -> None:
    assert cli("check", "small.toml", XCEPTION) == Result(0, f"small.toml: ok\n{XCEPTION}: ok\n", "")


def test_check_tells_everything_of_every_file(cli: Run) -> None:
    write("bad.toml", SMALL.replace('"conv"', '"cnv"'))
    result = cli("check", "bad.toml", "small.toml", "missing.toml")
    assert (result.code, result.err) == (2, "")
    assert result.out.startswith("small.toml: ok\nerror[GB303]: ")
    assert "bad.toml:10:16" in result.out and "GB001" in result.out
    assert "did you mean `conv`?" in result.out


@pytest.mark.parametrize(("columns", "widest"), [(None, 100), ("60", 60)])
def test_what_is_told_is_as_wide_as_was_said(
    columns: str | None, widest: int, cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    titled = SMALL.replace("[{ op", f'[{{ title = "{"long " * 12}", op')
    write("bad.toml", titled.replace('"batchnorm"', '"btchnorm"'))
    assert widest - 10 < max(map(len, cli("check", "bad.toml").out.splitlines())) <= widest


STARTS = {"text": "error[", "concise": "error[", "json": "[", "github": "::error ", "sarif": "{"}


@pytest.mark.parametrize(("name", "start"), STARTS.items())
def test_what_is_found_is_the_result_in_every_format(name: str, start: str, cli: Run) -> None:
    result = cli("check", "missing.toml", "--output-format", name)
    assert (result.code, result.err) == (2, "")
    assert result.out.startswith(start)
    assert cli("check", "small.toml", "--output-format", "json").out == "[]\n"


def test_other_commands_keep_their_output_clean(cli: Run) -> None:
    result = cli("expand", "missing.toml", "--output-format", "json")
    assert (result.code, result.out) == (2, "")
    assert json.loads(result.err)[0]["code"] == "GB001"


def test_warnings_are_told_and_strict_refuses_them(cli: Run) -> None:
    spec = write("warned.toml", SMALL.replace("out = 4", "out = 4\nunread = 1"))
    result = cli("check", spec)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("warned.toml: ok\nwarning[")
    assert "warning[" in cli("summary", spec).err


@pytest.mark.parametrize("command", ["check", "summary", "compare"])
@pytest.mark.parametrize("output_format", ["text", "concise", "json", "github", "sarif"])
def test_strict_tells_warnings_as_errors(cli: Run, command: str, output_format: str) -> None:
    spec = write("warned.toml", SMALL.replace("out = 4", "out = 4\nunread = 1"))
    result = cli(command, spec, "--strict", "--output-format", output_format)
    found = result.out + result.err
    # Of SARIF's rules the catalogue has the level, of its results this run.
    told = json.dumps(json.loads(found)["runs"][0]["results"]) if output_format == "sarif" else found
    assert result.code == 2 and "GB" in told and "error" in told and "warning" not in told


def test_params_are_set(cli: Run) -> None:
    assert "conv 6, 3×3" in cli("summary", "small.toml", "--set", "out=6").out
    result = cli("summary", "small.toml", "--set", "uot=6")
    assert result.code == 2
    assert "GB502" in result.err and "did you mean `out`?" in result.err
    assert "GB503" in cli("summary", "small.toml", "--set", "out=six").err


def test_limits_are_raised_and_lowered(cli: Run) -> None:
    assert "GB604" in cli("check", "small.toml", "--limit", "nodes=2").out
    assert "GB601" in cli("check", "small.toml", "--limit", "bytes=20").out
    write("long.toml", SMALL + "# " + "x" * 300_000)
    assert cli("check", "long.toml").code == 2
    assert cli("check", "long.toml", "--limit", "bytes=400000").code == 0
    assert "GB509" in cli("check", "small.toml", "--limit", "nodes=many").err


def test_summary_as_json_is_the_contract(cli: Run) -> None:
    data = json.loads(cli("summary", XCEPTION, "--json").out)
    assert {"name", "inputs", "outputs", "parameters", "macs", "blocks"} <= data.keys()
    assert {"total", "trainable", "non_trainable", "unique", "executed"} == data["parameters"].keys()
    assert (data["name"], data["outputs"]) == ("xception", {"logits": [1000]})


def test_summary_as_markdown_and_to_a_depth(cli: Run) -> None:
    assert cli("summary", "small.toml", "--markdown").out.startswith("| block | op |")
    assert "unit" not in cli("summary", XCEPTION, "--depth", "1").out
    assert "pointwise" in cli("summary", XCEPTION, "--depth", "9").out
    assert "GB509" in cli("summary", "small.toml", "--markdown", "--json").err


def test_expand_expands_to_itself(cli: Run) -> None:
    first = cli("expand", XCEPTION, "--set", "middle=2").out
    write("expanded.toml", first)
    assert cli("expand", "expanded.toml").out == first
    assert cli("expand", "expanded.toml", "-o", "again.toml") == Result(0, "", "")
    assert Path("again.toml").read_text() == first


def test_expand_replaces_nothing_that_it_reads(cli: Run) -> None:
    child = write("child.toml", 'format = 1\nextends = "small.toml"\n')
    for spec in ("small.toml", child):
        assert "GB512" in cli("expand", spec, "-o", "./small.toml").err
    assert Path("small.toml").read_text() == SMALL
    assert "GB508" in cli("expand", "small.toml", "-o", "q.svg").err


@pytest.mark.parametrize("command", ["check -", "summary - --set out=6", "expand - -o x.toml", "expand -"])
def test_a_dash_is_standard_input(command: str, cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'format = 1\nextends = "small.toml"\n'
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))
    result = cli(*command.split())
    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize(("data", "code"), [(b"\xff", "GB004"), (b"x" * 300_000, "GB601"), (b"name = 1", "<stdin>:1")])
def test_standard_input_may_be_bad(data: bytes, code: str, cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))
    result = cli("check", "-")
    assert result.code == 2 and code in result.out


def test_standard_input_is_read_once(cli: Run) -> None:
    assert "GB509" in cli("check", "-", "-").err


def test_a_setting_that_nothing_reads_is_told(cli: Run) -> None:
    write("child.toml", 'format = 1\nextends = "small.toml"\n[steps]\n"first" = { out = 8 }\n')
    Path("small.toml").write_text(SMALL.replace('{ op = "conv"', '{ id = "first", op = "conv"'))
    assert cli("check", "child.toml") == Result(0, "child.toml: ok\n", "")
    result = cli("check", "child.toml", "--set", "out=3")
    assert result.code == 0 and "nothing reads the param `out`" in result.out
    assert cli("check", "child.toml", "--set", "out=3", "--strict").code == 2


def test_a_count_that_was_not_finished_is_not_told(cli: Run) -> None:
    blocks = """[blocks.deep]
        body = [{ op = "relu", repeat = 6 }]
        [blocks.twice]
        body = [{ use = "deep" }, { use = "deep" }]
        [params]"""
    write("big.toml", SMALL.replace("body = [", 'body = [{ use = "twice" }, ').replace("[params]", blocks))
    assert "this is more than the limit of 10 operations" in cli("check", "big.toml", "--limit", "nodes=10").out


def test_an_empty_path_is_said_to_be_empty(cli: Run) -> None:
    assert "the path is empty" in cli("check", "").out


def test_ops_lists_and_describes(cli: Run) -> None:
    assert "\n  sepconv " in cli("ops").out
    assert "kernel: integer | list (required)" in cli("ops", "conv").out
    assert "did you mean `conv`?" in cli("ops", "cnv").err
    several = cli("ops", "conv", "linear").out
    assert several == f"{cli('ops', 'conv').out}\n\n{cli('ops', 'linear').out}"
    family = cli("ops", "--family", "pooling").out
    assert all(f"{name}: pooling\n" in family for name in ("maxpool", "globalavgpool"))
    assert "did you mean `pooling`?" in cli("ops", "--family", "poling").err
    assert cli("ops", "conv", "--family", "pooling").code == 2


def test_a_callers_own_ops(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "_CATALOGUE", ops.Catalogue())
    name = "my_ops_for_a_test"
    source = f'''
        from graphbuilder.ops.activation import ReLU

        import graphbuilder as gb

        @gb.op
        class Twice(ReLU):
            """Does it twice."""
            op = "{name}"
    '''
    write(f"{name}.py", source)
    spec = write("own.toml", SMALL.replace("batchnorm", name))
    assert "GB303" in cli("check", spec).out
    assert cli("check", spec, "--ops", name).code == 0
    assert "Does it twice" in cli("ops", name, "--ops", name).out
    result = cli("check", spec, "--ops", "no_such_module_here")
    assert result.code == 2 and "GB510" in result.err


def test_schema_describes_every_op(cli: Run) -> None:
    text = cli("schema").out
    assert "sepconv" in json.dumps(json.loads(text))
    assert cli("schema", "-o", "s.json").code == 0
    assert Path("s.json").read_text() == text


def test_explain(cli: Run) -> None:
    assert "The fault:" in cli("explain", "gb204").out
    result = cli("explain", "GB20")
    assert (result.code, result.out) == (2, "") and "did you mean" in result.err


@pytest.mark.parametrize("suffix", ["svg", "dot"])
def test_render_writes_by_suffix(suffix: str, cli: Run) -> None:
    assert cli("render", "small.toml", "-o", f"x.{suffix}", "--names", "--direction", "LR").code == 0
    assert Path(f"x.{suffix}").stat().st_size > 500


def test_render_without_graphviz(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise NoEngine("none is installed")

    monkeypatch.setattr("graphbuilder.backends.graphviz.figure.draw", fail)
    result = cli("render", "small.toml", "-o", "x.svg")
    assert result.code == 2 and "GB705" in result.err and "graphviz-pure" in result.err
    assert cli("render", "small.toml", "-o", "x.dot").code == 0
    assert not Path("x.svg").exists()


def test_render_of_what_there_is_no_format_for(cli: Run) -> None:
    result = cli("render", "small.toml", "-o", "x.jpeg")
    assert result.code == 2 and "GB508" in result.err
    assert cli("render", "small.toml").code == 2
    assert not list(Path().glob("x*"))


@pytest.mark.parametrize(
    "line",
    [
        "chek",
        "check",
        "summary small.toml --dept 3",
        "summary small.toml --depth 0",
        "compile small.toml --device tpu",
        "compile small.toml --seed 99999999999999999999999",
        "compile small.toml --weights-map x",
    ],
)
def test_bad_use_is_2(line: str, cli: Run) -> None:
    result = cli(*line.split())
    assert (result.code, result.out) == (2, "")
    assert "GB509" in result.err


def test_no_command_is_answered_with_help(cli: Run) -> None:
    result = cli()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: graphbuilder")


def test_a_near_command_is_proposed(cli: Run) -> None:
    assert "did you mean `check`?" in cli("chek").err


def test_help_has_examples(cli: Run) -> None:
    assert "graphbuilder check specs/*.toml" in cli("--help").out
    for command in ("compile", "render", "check", "summary", "compare", "expand", "ops", "schema", "explain"):
        result = cli(command, "--help")
        assert result.code == 0
        assert f"graphbuilder {command}" in result.out.split("Example")[1]


def test_version(cli: Run) -> None:
    assert cli("--version").out.startswith("graphbuilder 0.")


def test_compile_says_what_was_built(cli: Run) -> None:
    result = cli("compile", "small.toml", "--batch", "2", "--device", "cpu")
    assert (result.code, result.err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in result.out.splitlines()[1:])
    assert result.out.startswith("small  A small one\n")
    assert lines["inputs"] == "x 3x8x8"
    assert lines["outputs"] == "globalavgpool 4"
    assert lines["parameters"] == "120 (and 8 running statistics)"
    assert lines["device"] == "cpu, float32, batch 2"


def test_compile_as_json(cli: Run) -> None:
    data = json.loads(cli("compile", "small.toml", "--json", "--dtype", "bfloat16", "--device", "cpu").out)
    assert data["parameters"]["total"] == 128
    assert (data["device"], data["dtype"], data["batch"]) == ("cpu", "bfloat16", 1)
    assert list(data["seconds"]) == ["check", "torch", "build", "forward"]


def test_compile_writes_source_and_weights(cli: Run) -> None:
    assert cli("compile", "small.toml", "-o", "small.py").code == 0
    assert "class Small(nn.Module)" in Path("small.py").read_text()
    assert cli("compile", "small.toml", "-o", "a.safetensors", "--seed", "3").code == 0
    assert cli("compile", "small.toml", "-o", "b.safetensors", "--weights", "a.safetensors").code == 0
    assert Path("a.safetensors").read_bytes() == Path("b.safetensors").read_bytes()


def test_compile_writes_a_folder(cli: Run) -> None:
    assert cli("compile", "small.toml", "--set", "out=6", "-o", "out/").code == 0
    manifest = json.loads(Path("out/manifest.json").read_text())
    for name, entry in manifest["files"].items():
        data = Path("out", name).read_bytes()
        assert (entry["sha256"], entry["bytes"]) == (sha256(data).hexdigest(), len(data))
    assert set(manifest["files"]) == {"model.py", "weights.safetensors", "spec.toml"}
    assert "class Small(nn.Module)" in Path("out/model.py").read_text()
    assert all(name in " ".join(cli("compile", "--help").out.split()) for name in ("manifest.json", *manifest["files"]))
    assert set(manifest["versions"]) == {"graphbuilder", "python", "torch"}
    assert manifest["params"] == {"out": 6}
    assert tomllib.loads(Path("out/spec.toml").read_text())["model"]["body"][0]["out"] == 6
    assert cli("compile", "out/spec.toml", "--weights", "out/weights.safetensors", "-o", "out/").code == 0
    assert "GB505" in cli("compile", "small.toml", "-o", "out").err


def test_compile_writes_nothing_that_it_does_not_know(cli: Run) -> None:
    result = cli("compile", "small.toml", "-o", "x.h5")
    assert result.code == 2 and "GB508" in result.err
    Path("full").mkdir()
    Path("full/mine").touch()
    assert "GB507" in cli("compile", "small.toml", "-o", "full/").err
    assert [path.name for path in Path("full").iterdir()] == ["mine"]


def test_a_device_that_is_not_there(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    result = cli("compile", "small.toml", "--device", "cuda")
    assert result.code == 2 and "GB704" in result.err


def test_too_little_memory_is_no_fault(cli: Run) -> None:
    for batch in (10**14, 10**18):
        result = cli("compile", "small.toml", "--device", "cpu", "--batch", str(batch))
        assert result.code == 2 and "GB707" in result.err and "smaller batch" in result.err


def test_weights_that_do_not_fit_are_listed(cli: Run) -> None:
    cli("compile", "small.toml", "-o", "a.safetensors", "--set", "out=5")
    result = cli("compile", "small.toml", "--weights", "a.safetensors", "-o", "b.safetensors")
    assert result.code == 2 and "GB4" in result.err
    assert not Path("b.safetensors").exists()


def test_a_fault_of_ours_is_1_and_keeps_its_traceback(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("graphbuilder.compiler.check", fail)
    result = cli("check", "small.toml")
    assert (result.code, result.out) == (1, "")
    assert "error[GB901]" in result.err and "ZeroDivisionError: oops" in result.err
    assert "Traceback" not in result.err
    kept = Path(result.err.split("the traceback is in ")[1].split("\n")[0])
    assert "in fail" in kept.read_text()
    kept.unlink()
    monkeypatch.setenv("GRAPHBUILDER_TRACEBACK", "1")
    assert "in fail" in cli("check", "small.toml").err


def test_an_interrupt_is_130(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graphbuilder.compiler.check", interrupt)
    assert cli("summary", "small.toml").code == 130
