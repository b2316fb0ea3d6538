"""``tools/benchmark [startup] [scale] [growth] [build] [forward] [optimize] [first]``: what it costs, as ratios."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tools.benchmarks.growth import SIZES, plot
from tools.benchmarks.pairs import Ratio, compare, ratio_of

if TYPE_CHECKING:
    from torch import Tensor, nn

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "specs" / "xception.toml"


def startup(rounds: int) -> Iterator[Ratio]:
    """``check`` and ``summary`` as whole processes, over importing the two libraries that they stand on."""

    def process(*command: str) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, capture_output=True)

    program = str(Path(sys.executable).with_name("graphbuilder"))
    libraries = process(sys.executable, "-c", "import pydantic, networkx")
    for command in ("check", "summary"):
        yield compare(f"{command} / import", process(program, command, str(SPEC)), libraries, rounds)


def scale(rounds: int) -> Iterator[Ratio]:
    """A hundred thousand of something, over ten thousand, or over ten where equal bodies are shared."""

    def measure(form: str, size: int) -> dict[str, float]:
        command = [sys.executable, "-m", "tools.benchmarks.scale", form, str(size)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)

    for form, small in (("flat", 10_000), ("repeat", 10)):
        large_run, small_run = measure(form, 100_000), measure(form, small)
        ratio = large_run["seconds"] / small_run["seconds"]
        name = f"{form}: 100,000 / {small:,} ({large_run['mebibytes']:.0f} MiB)"
        yield Ratio(name, large_run["seconds"], small_run["seconds"], ratio, ratio, ratio)


def growth(rounds: int) -> Iterator[Ratio]:
    """Every stage for ten times the nodes, from a hundred on, over a tenth of them."""
    yield from _growth(grown())


def _growth(runs: Sequence[Mapping[str, Any]]) -> Iterator[Ratio]:
    for small, large in pairwise(runs):
        for stage, seconds in large["seconds"].items():
            before = small["seconds"][stage]
            ratio = seconds / before
            yield Ratio(f"{stage}: {large['nodes']:,} / {small['nodes']:,}", seconds, before, ratio, ratio, ratio)


def grown() -> list[dict[str, Any]]:
    """What every stage costs by the number of nodes, each size in a process of its own."""

    def run(size: int) -> dict[str, Any]:
        command = [sys.executable, "-m", "tools.benchmarks.growth", str(size)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)

    return [run(size) for size in SIZES]


def build(rounds: int) -> Iterator[Ratio]:
    """Building on meta over the emitted file by hand; with weights, drawn late or at once, over Keras's and timm's."""
    import torch

    import graphbuilder as gb
    from tests.peers import reference

    network = gb.load(SPEC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "emitted.py"
        path.write_text(gb.source(network), encoding="utf-8")

        def by_hand() -> object:
            with torch.device("meta"):
                return _module(path).Xception()

        yield compare("compile on meta / emitted file", lambda: gb.compile(network, device="meta"), by_hand, rounds)
    keras, timm = reference.import_keras(), reference.import_timm()
    yield compare("compile / keras", partial(_drawn, SPEC), lambda: keras.applications.Xception(weights=None), rounds)
    for name, theirs in (("xception", "legacy_xception"), ("resnet50", "resnet50")):
        path = SPEC.with_name(f"{name}.toml")
        ours, other = partial(_compiled, path), partial(timm.create_model, theirs)
        yield compare(f"compile of {name} / timm, by the processor's clock", ours, other, rounds, time.process_time)
        drawn = partial(_drawn, path)
        yield compare(f"{name} compiled and drawn / timm, by the same", drawn, other, rounds, time.process_time)


def _compiled(path: Path) -> nn.Module:
    """The module as it is given, whose weights are drawn at the first look."""
    import graphbuilder as gb

    return gb.compile(gb.load(path))


def _drawn(path: Path) -> object:
    return _compiled(path).state_dict()


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("emitted", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def forward(rounds: int) -> Iterator[Ratio]:
    """The compiled module over the same network written by hand, on the very same weights in memory, eager."""
    import torch

    import graphbuilder as gb
    from tools.benchmarks.xception_by_hand import Xception

    ours, theirs = gb.compile(SPEC), Xception()
    _settle(ours, torch.randn(4, 3, 299, 299))
    names, states = theirs.state_dict().keys(), ours.state_dict().values()
    # Assigned and not copied: where a copy lies in memory is worth more per cent than the code that is compared.
    theirs.load_state_dict(dict(zip(names, states, strict=True)), assign=True)
    ours.eval()
    theirs.eval()
    for batch, times in ((1, 5), (8, 3)):
        image = torch.randn(batch, 3, 299, 299)
        with torch.inference_mode():
            torch.testing.assert_close(ours(image), theirs(image))
            yield compare(f"forward, batch {batch}", lambda: ours(image), lambda: theirs(image), rounds * times)  # noqa: B023


def first(rounds: int) -> Iterator[Ratio]:
    """The first batch that Xception answers, making and optimising it included, over that of ``torch.compile``; three
    times at most, since compiling takes minutes."""

    def seconds(who: str) -> float:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tools.benchmarks.first", who, str(SPEC)]
            # Nothing that was compiled before is found.
            environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": folder}
            return float(subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment).stdout)

    pairs = [(seconds("ours"), seconds("theirs")) for _ in range(min(rounds, 3))]
    yield ratio_of("first batch / torch.compile, freezing", pairs)


def _settle(model: nn.Module, images: Tensor) -> None:
    """Give the batch norms the statistics of a batch: signals that die out would be timed as denormal numbers."""
    import torch

    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(images)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


def optimize(rounds: int) -> Iterator[Ratio]:
    """A module that only evaluates over the plain one in evaluation, on the same weights, eager, on the CPU; its maps
    with channels last, as it lays them out, and first."""
    import torch

    import graphbuilder as gb

    plain = gb.compile(SPEC)
    _settle(plain, torch.randn(4, 3, 299, 299))
    last = gb.compile(SPEC, optimize="inference")
    last.load_state_dict(plain.state_dict())
    first = deepcopy(last)
    for parameter in first.parameters():
        parameter.data = parameter.data.contiguous()
    plain.eval()
    for batch, times in ((1, 3), (8, 1)):
        image = torch.randn(batch, 3, 299, 299)
        with torch.inference_mode():
            for name, ours in (("channels last", last), ("channels first", first)):
                torch.testing.assert_close(ours(image), plain(image), rtol=1e-4, atol=1e-4)
                title = f"optimised, {name} / plain, batch {batch}"
                yield compare(title, lambda: ours(image), lambda: plain(image), rounds * times)  # noqa: B023


SUITES: dict[str, Callable[[int], Iterator[Ratio]]] = {
    "startup": startup,
    "scale": scale,
    "growth": growth,
    "build": build,
    "forward": forward,
    "optimize": optimize,
    "first": first,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/benchmark", description=__doc__)
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], help="all unless named")
    parser.add_argument("--rounds", type=int, default=9, help="pairs of timings for each row")
    parser.add_argument("--json", action="store_true", help="one object a row, for a program")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="measure `growth` alone, and plot it, too, as an SVG")
    options = parser.parse_args()
    console = Console(stderr=True)
    rows: list[Ratio] = []
    if options.plot is not None:
        with console.status("growth"):
            runs = grown()
        plot(runs, options.plot)
        rows += _growth(runs)
    for name in () if options.plot else options.suites or SUITES:
        with console.status(name), contextlib.redirect_stdout(io.StringIO()):
            rows += SUITES[name](options.rounds)
    if options.json:
        sys.stdout.write(json.dumps([row._asdict() for row in rows], indent=1) + "\n")
    else:
        Console().print(_table(rows))


def _table(rows: list[Ratio]) -> Table:
    table = Table("ours / theirs", "ratio", "lowest", "highest", "ours, s", "theirs, s")
    for row in rows:
        numbers = (row.median, row.low, row.high, row.ours, row.theirs)
        table.add_row(row.name, *(f"{number:.3g}" for number in numbers))
    return table


if __name__ == "__main__":
    main()
