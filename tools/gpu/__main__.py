"""``tools/bench_gpu``: correctness first, then every row of the table, in a given time; JSON and Markdown.

Each group runs in a process of its own, each row with a share of the time. Both files are written anew with everything
that is told, so whatever ends it early, what was found is there. What failed or was stopped is noted, and rows that
were not reached are listed as not run. The exit status is 1 where a check failed
or checks that were asked for were not done.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console

from tools.gpu.results import DONE, Results
from tools.gpu.row import CHECKS, SHARES, group_of
from tools.gpu.writing import markdown

ROOT = Path(__file__).parents[2]
SHARDS = 8  # processes that check at once: most of their time is the compiler's
LEAST = 10  # seconds in which nothing can be begun any more
GRACE = 5  # seconds for which a process may outrun what it was given before it is killed


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/bench_gpu", description=__doc__)
    parser.add_argument("--device", default="cuda", help="torch's name of it")
    parser.add_argument("--minutes", type=float, default=7.5, help="for everything together")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="checks, groups (inference) or rows (inference-one)")
    parser.add_argument("--dry", action="store_true", help="a rehearsal: few images, nothing compiled")
    parser.add_argument("--cache", type=Path, help="a folder to keep compiled kernels in for another run")
    parser.add_argument("--output", type=Path, default=ROOT / "tools" / "results", help="the folder for the results")
    options = parser.parse_args()
    keys = _chosen(options.only, parser)
    console, end = Console(stderr=True), monotonic() + 60 * options.minutes
    # Few rows have all of the time.
    whole = 60 * options.minutes / min(1.0, sum(SHARES[key] for key in keys))
    when = datetime.now(timezone.utc).isoformat(timespec="seconds")  # noqa: UP017
    results = Results(options.output, when, options.dry, keys)
    with tempfile.TemporaryDirectory(prefix="kernels-") as folder:
        # Rows of one group that follow each other share a process.
        for group, members in groupby(keys, key=group_of):
            seconds = min(end - monotonic(), SHARES[CHECKS] * whole if group == CHECKS else whole)
            with console.status(f"{group}: {seconds:.0f} s at most"):
                note = _group(list(members), (seconds, whole), options, options.cache or Path(folder), results)
            results.note(group, note)
            console.print(f"{group}: {note}")
    Console().print(markdown(results.whole()), markup=False, soft_wrap=True)
    sys.exit(not results.is_good())


def _chosen(only: Sequence[str] | None, parser: argparse.ArgumentParser) -> list[str]:
    for word in only or ():
        if not any(word in (key, group_of(key)) for key in SHARES):
            parser.error(f"no row or group is called {word}: there are {', '.join(SHARES)}")
    return [key for key in SHARES if not only or {key, group_of(key)} & set(only)]


def _group(keys: list[str], times: tuple[float, float], options: Any, cache: Path, results: Results) -> str:
    """Run a group, collect what it tells; how it ended, in words. ``times`` are its own and what shares are of."""
    if times[0] < LEAST:
        return "not run: no time was left"
    shards = SHARDS if keys == [CHECKS] and not options.dry else 1
    # A first call compiles its kernels, so it has a folder of its own.
    folder = cache / ("first" if group_of(keys[0]) == "first" else "all")
    run = partial(_child, keys, times, options, folder, shards, results)
    with ThreadPoolExecutor(shards) as pool:
        ends = list(pool.map(run, range(shards)))
    return max(ends, key=len)


def _child(
    keys: list[str], times: tuple[float, float], options: Any, folder: Path, shards: int, results: Results, shard: int
) -> str:
    seconds, whole = times
    command = [sys.executable, "-m", "tools.gpu.child", *keys, "--device", options.device]
    command += ["--seconds", str(seconds), "--whole", str(whole)]
    command += ["--shard", str(shard), "--shards", str(shards), *(["--dry"] if options.dry else [])]
    caches = {"TRITON_CACHE_DIR": f"{folder}/triton", "TORCHINDUCTOR_CACHE_DIR": f"{folder}/inductor"}
    start, is_done = monotonic(), False
    with tempfile.TemporaryFile("w+") as errors:
        # A session of its own: compilers start processes that would outlive it, with the end of the pipe in hand.
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env={**os.environ, **caches},
            start_new_session=True,
        ) as child:
            timer = threading.Timer(seconds + GRACE, _kill, [child])
            timer.start()
            for kind, each in _told(child):
                results.take(kind, each)
                if is_done := kind == "done":
                    break
            if is_done:  # a compiler's threads may hold it up for long
                _kill(child)
            status = child.wait()
            timer.cancel()
            _kill(child)
        took = f"{monotonic() - start:.0f} s"
        if is_done:
            return f"{DONE} {took}"
        errors.seek(0)
        last = "\n".join(errors.read().strip().splitlines()[-12:])
    return f"stopped after {took}" if status == -signal.SIGKILL else f"failed after {took}: {last}"


def _kill(child: subprocess.Popen[str]) -> None:
    """End it and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _told(child: subprocess.Popen[str]) -> Iterator[tuple[str, Any]]:
    """What it says, a line at a time; a line that it did not finish is none."""
    assert child.stdout is not None
    for line in child.stdout:
        with suppress(json.JSONDecodeError):
            yield from json.loads(line).items()


if __name__ == "__main__":
    main()
