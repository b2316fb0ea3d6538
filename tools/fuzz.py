"""Random specs by the thousand: valid ones of which everything must agree, and bent ones that must be refused well.
And commands that are killed while they write, which must leave the old file or the new one.

What fails is written as a file that fails again, valid ones as the smallest spec that still does.
"""

from __future__ import annotations

import os
import resource
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tools.hunt import Finding, Trial, hunt

# Address space of a process that checks bent specs; its imports take a part of it.
MOST_BYTES = 1 << 30


def quietly() -> None:
    """What every process begins with: one thread, and the lowest priority."""
    os.nice(19)
    with suppress(ImportError):
        import torch

        torch.set_num_threads(1)


def quietly_in_little_room() -> None:
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def valid(seed: int) -> Finding | None:
    """What fails of the network of ``seed``."""
    from tests.random.networks import Network
    from tests.random.verify import failure

    network = Network(seed)
    seen = failure(network.text, network.outputs)
    return None if seen is None else Finding(seed, seen.stage, seen.message, _smallest(network.spec, seen.stage))


def network_text(seed: int) -> str:
    from tests.random.networks import Network

    return Network(seed).text


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


def mutated(seed: int) -> Finding | None:
    """What is wrong with how the bent spec of ``seed`` is treated."""
    from tests.random.refuse import complaint

    text = bent_text(seed)
    wrong = complaint(text)
    return None if wrong is None else Finding(seed, wrong.partition(":")[0], wrong, text)


def bent_text(seed: int) -> str:
    from tests.random.mutate import bent

    return bent(seed)


def kills(seed: int) -> Finding | None:
    """What a command left half written that was killed at the moment of ``seed``."""
    from tests.hostile.kills import torn

    wrong = torn(seed)
    return None if wrong is None else Finding(seed, "torn", wrong, "")


def told(name: str, trial: Trial, seeds: range, jobs: int, folder: Path) -> int:
    """Run all trials, write what fails, and give how many did."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    kinds: Counter[str] = Counter()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        for finding in progress.track(hunt(trial, seeds, jobs), len(seeds), description=name):
            if finding is not None:
                kinds[finding.kind] += 1
                path = _kept(finding, folder, name)
                console.print(f"{path}: {finding.message.splitlines()[0][:200]}", markup=False)
    print(f"{len(seeds)} {name}: {kinds.total()} failed", *(f"{kind}: {n}" for kind, n in kinds.items()))
    return kinds.total()


def _kept(finding: Finding, folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{finding.seed}.toml"
    said = "".join(f"# {line}\n" for line in finding.message.splitlines()[:8]) if name != "mutated" else ""
    path.write_text(said + finding.text, newline="")
    return path


TRIALS = {
    "valid": Trial(valid, network_text, quietly, 10_000, 900),
    "mutated": Trial(mutated, bent_text, quietly_in_little_room, 100_000, 120),
    "kills": Trial(kills, lambda seed: "", quietly, 500, 300),
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
    trial = TRIALS[kind]
    sys.exit(1 if told(kind, trial, range(seed, seed + (count or trial.count)), jobs, folder) else 0)


if __name__ == "__main__":
    main()
