"""``tools/bench_gpu``: correctness first, then every row of the table, in a given time; JSON and Markdown at the end.

Each group runs in a process of its own with a share of the time; what it had told when it failed or was stopped is
kept, and rows that were not reached are listed as not run. The exit status is 1 where a check failed.
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console

from tools.gpu.writing import markdown, slug

ROOT = Path(__file__).parents[2]
# In order of what is wanted most; the share of the whole time that a group may take, if those before left it.
SHARES = {"checks": 0.3, "inference": 0.45, "inception": 0.15, "training": 0.35, "first": 0.2, "others": 1.0}
EXPECTED = {"inference": 3, "inception": 3, "training": 2, "first": 1, "others": 3}
SHARDS = 8  # processes that check at once: most of their time is the compiler's


Found = dict[str, list[Any]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/bench_gpu", description=__doc__)
    parser.add_argument("--device", default="cuda", help="torch's name of it")
    parser.add_argument("--minutes", type=float, default=7.5, help="for everything together")
    parser.add_argument("--groups", nargs="*", choices=list(SHARES), default=list(SHARES), help="all unless named")
    parser.add_argument("--dry", action="store_true", help="a rehearsal: few images, nothing compiled")
    parser.add_argument("--output", type=Path, default=ROOT / "tools" / "results", help="the folder for the results")
    options = parser.parse_args()
    console, end = Console(stderr=True), monotonic() + 60 * options.minutes
    found: Found = {kind: [] for kind in ("machine", "check", "row", "plan", "done")}
    notes: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="kernels-") as cache:
        for group in options.groups:
            seconds = min(end - monotonic(), 60 * options.minutes * SHARES[group])
            with console.status(f"{group}: {seconds:.0f} s at most"):
                notes[group] = _group(group, seconds, options, cache, found)
            console.print(f"{group}: {notes[group]}")
    result = _result(options, found, notes)
    options.output.mkdir(parents=True, exist_ok=True)
    name = slug(result)
    (options.output / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (options.output / f"{name}.md").write_text(markdown(result), encoding="utf-8")
    Console().print(markdown(result), markup=False, soft_wrap=True)
    sys.exit(any(not check["passed"] for check in result["checks"]) or not result["machine"])


def _group(group: str, seconds: float, options: Any, cache: str, found: Found) -> str:
    """Run a group, collect what it tells; how it ended, in words."""
    if seconds < 10:
        return "not run: no time was left"
    shards = SHARDS if group == "checks" and not options.dry else 1
    # A first call compiles its kernels, so it has a folder of its own.
    folder = Path(cache) / ("first" if group == "first" else "all")
    run = partial(_child, group, seconds, options, folder, shards, found)
    with ThreadPoolExecutor(shards) as pool:
        ends = list(pool.map(run, range(shards)))
    return max(ends, key=len)


def _child(group: str, seconds: float, options: Any, folder: Path, shards: int, found: Found, shard: int) -> str:
    command = [sys.executable, "-m", "tools.gpu.child", group, "--device", options.device, "--seconds", str(seconds)]
    command += ["--shard", str(shard), "--shards", str(shards), *(["--dry"] if options.dry else [])]
    caches = {"TRITON_CACHE_DIR": f"{folder}/triton", "TORCHINDUCTOR_CACHE_DIR": f"{folder}/inductor"}
    start, is_done = monotonic(), False
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT, env={**os.environ, **caches}
        )
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        for kind, each in _told(child):
            found[kind].append(each)
            is_done = kind == "done"
        status = child.wait()
        timer.cancel()
        took = f"{monotonic() - start:.0f} s"
        if is_done:
            return f"done in {took}"
        errors.seek(0)
        last = "\n".join(errors.read().strip().splitlines()[-12:])
    return f"stopped after {took}" if status == -signal.SIGKILL else f"failed after {took}: {last}"


def _told(child: subprocess.Popen[str]) -> Iterator[tuple[str, Any]]:
    assert child.stdout is not None
    for line in child.stdout:
        yield from json.loads(line).items()


def _result(options: Any, found: Found, notes: dict[str, str]) -> dict[str, Any]:
    checks = [{**check, "passed": check["error"] <= check["allowed"]} for check in found["check"]]
    rows = [{**row, "reached": None if row["ratio"] is None else row["ratio"] >= row["target"]} for row in found["row"]]
    return {
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),  # noqa: UP017
        "dry": options.dry,
        "machine": found["machine"][0] if found["machine"] else {},
        "groups": notes,
        "checks": checks,
        "rows": rows,
        "rows not run": sum(EXPECTED.values()) - len(rows),
        "plans": found["plan"],
    }


if __name__ == "__main__":
    main()
