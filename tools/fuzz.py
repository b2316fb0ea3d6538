"""Random specs by the thousand: valid ones of which everything must agree, and bent ones that must be refused well.
And commands that are killed while they write, which must leave the old file or the new one.

What fails is written as a file that fails again, valid ones as the smallest spec that still does.
"""

from __future__ import annotations

import os
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

CHUNK = 20
# Address space of a process that checks bent specs; its imports take a part of it.
MOST_BYTES = 1 << 30


class Finding(NamedTuple):
    """A trial that failed: its seed, what was seen, in few words and in many, and the text that shows it."""

    seed: int
    kind: str
    message: str
    text: str


def quietly() -> None:
    """What every process begins with: one thread, and the lowest priority."""
    os.nice(19)
    with suppress(ImportError):
        import torch

        torch.set_num_threads(1)


def quietly_in_little_room() -> None:
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def valid(seeds: list[int]) -> list[Finding]:
    """The failures among the networks of these seeds."""
    from tests.random.networks import Network
    from tests.random.verify import failure

    found: list[Finding] = []
    for seed in seeds:
        network = Network(seed)
        seen = failure(network.text, network.outputs)
        if seen is not None:
            found.append(Finding(seed, seen.stage, seen.message, _smallest(network.spec, seen.stage)))
    return found


def _smallest(spec: dict[str, object], stage: str) -> str:
    from tests.random.reading import Reading
    from tests.random.shrink import shrunk
    from tests.random.toml_text import written
    from tests.random.verify import failure

    def fails(smaller: dict[str, object]) -> bool:
        try:
            outputs = Reading(smaller).outputs()
        except Exception:  # what is left is no spec that the reading knows to be right
            return False
        seen = failure(written(smaller), outputs)
        return seen is not None and seen.stage == stage

    return written(shrunk(spec, fails))


def mutated(seeds: list[int]) -> list[Finding]:
    """The failures among the bent specs of these seeds."""
    from tests.random.mutate import bent
    from tests.random.refuse import complaint

    found: list[Finding] = []
    for seed in seeds:
        text = bent(seed)
        wrong = complaint(text)
        if wrong is not None:
            found.append(Finding(seed, wrong.partition(":")[0], wrong, text))
    return found


def kills(seeds: list[int]) -> list[Finding]:
    """The commands that were killed at the moments of these seeds, and left something half written."""
    from tests.hostile.kills import torn

    found = ((seed, torn(seed)) for seed in seeds)
    return [Finding(seed, "torn", wrong, "") for seed, wrong in found if wrong is not None]


def _chunks(seeds: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(seeds)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def hunt(
    trial: Callable[[list[int]], list[Finding]], start: Callable[[], None], seeds: range, jobs: int, folder: Path
) -> int:
    """Run all trials, write what fails, and give how many did."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    kinds: Counter[str] = Counter()
    with (
        ProcessPoolExecutor(jobs, get_context("spawn"), start) as pool,
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task(trial.__name__, total=len(seeds))
        for chunk, found in zip(_chunks(seeds), pool.map(trial, _chunks(seeds)), strict=True):
            for finding in found:
                kinds[finding.kind] += 1
                path = _kept(finding, folder, trial.__name__)
                console.print(f"{path}: {finding.message.splitlines()[0][:200]}", markup=False)
            progress.advance(task, len(chunk))
    print(f"{len(seeds)} {trial.__name__}: {kinds.total()} failed", *(f"{kind}: {n}" for kind, n in kinds.items()))
    return kinds.total()


def _kept(finding: Finding, folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{finding.seed}.toml"
    said = "".join(f"# {line}\n" for line in finding.message.splitlines()[:8]) if name == "valid" else ""
    path.write_text(said + finding.text, newline="")
    return path


TRIALS = {
    "valid": (valid, quietly, 10_000),
    "mutated": (mutated, quietly_in_little_room, 100_000),
    "kills": (kills, quietly, 500),
}


@click.command(help=__doc__)
@click.argument("kind", type=click.Choice(list(TRIALS)))
@click.option(
    "--count", type=click.IntRange(1), help="How many; 10,000 valid, 100,000 mutated or 500 kills unless given."
)
@click.option("--seed", default=0, show_default=True, help="The first seed; a spec depends on its own seed alone.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Processes, all at low priority.")
@click.option("--output", "folder", default="fuzz", show_default=True, type=Path, help="The folder for what fails.")
def main(kind: str, count: int | None, seed: int, jobs: int, folder: Path) -> None:
    trial, start, usual = TRIALS[kind]
    sys.exit(1 if hunt(trial, start, range(seed, seed + (count or usual)), jobs, folder) else 0)


if __name__ == "__main__":
    main()
