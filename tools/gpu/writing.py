"""The results as Markdown, and what their files are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any


def slug(result: Mapping[str, Any]) -> str:
    """The device's name as a file's."""
    name = str(result["machine"].get("device", "unknown"))
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ("-dry" if result["dry"] else "")


def markdown(result: Mapping[str, Any]) -> str:
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    machine = result["machine"]
    yield f"# {machine.get('device', 'no device')}"
    yield ""
    packages = ", ".join(f"{name} {found}" for name, found in machine.get("packages", {}).items())
    yield f"{result['when']}; Python {machine.get('python')}, {packages}, CUDA {machine.get('cuda', 'none')}."
    if result["dry"]:
        yield ""
        yield "**A rehearsal: few images, nothing compiled; the numbers mean nothing.**"
    yield ""
    yield from _checks(result["checks"])
    yield ""
    yield "| row | against | ours, ms | theirs, ms | ratio | asked | |"
    yield "|---|---|---|---|---|---|---|"
    for row in result["rows"]:
        reached = {True: "reached", False: "missed", None: ""}[row["reached"]]
        numbers = (_ms(row["ours"]), _ms(row["theirs"]), f"{row['ratio']:.3f}" if row["ratio"] else "", row["target"])
        yield f"| {row['name']} | {row['against']} | {' | '.join(map(str, numbers))} | {reached} |"
    yield ""
    for row in result["rows"]:
        more = "; ".join(f"{name} {_short(value)}" for name, value in row["more"].items())
        said = ". ".join(filter(None, (row["note"], more, f"{row['rounds']} rounds")))
        yield f"- {row['name']}: {said}"
    yield ""
    yield f"Rows not run: {', '.join(result['rows not run']) or 'none'}."
    for group, note in result["groups"].items():
        yield f"- {group}: {note}"
    if result["plans"]:
        yield ""
        yield from _plans(result["plans"])


def _checks(checks: list[Mapping[str, Any]]) -> Iterator[str]:
    failed = [check for check in checks if not check["passed"]]
    yield f"{len(checks)} checks against double precision, {len(failed)} failed."
    for check in failed[:40]:
        yield f"- FAILED {check['name']}: {check['error']:.2e} of {check['allowed']:.0e} allowed"


def _plans(plans: list[Mapping[str, Any]]) -> Iterator[str]:
    yield "| convolution | pixels | fastest | ms | by the library, ms |"
    yield "|---|---|---|---|---|"
    for each in plans:
        problem, plan = each["problem"], each["plan"]
        times = {_plan(one): one["seconds"] for one in each["seconds"]}
        library = min((one["seconds"] for one in each["seconds"] if one["kind"] == "library"), default=None)
        channels = f"{problem['shape'][1]} to {problem['out']}{', residual' if problem['residual'] else ''}"
        yield f"| {channels} | {problem['pixels']} | {_plan(plan)} | {_ms(times.get(_plan(plan)))} | {_ms(library)} |"


def _plan(plan: Mapping[str, Any]) -> str:
    tile = (
        f" {plan['rows']}x{plan['columns']}x{plan['depth']}, {plan['warps']} warps" if plan["kind"] != "library" else ""
    )
    images = f", {plan['images']} images" if plan["images"] else ""
    return f"{plan['kind']}{tile}{images}"


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.3f}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
