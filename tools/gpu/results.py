"""What has been found so far, in two files that are whole at any time."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from tools.gpu.row import CHECKS
from tools.gpu.writing import markdown, slug

DONE = "done in"  # how the note of a group begins that came to its end


class Results:
    """Takes what processes tell, from several threads, and writes it down each time.

    Args:
        folder: where ``DEVICE.json`` and ``DEVICE.md`` are written.
        when: the time at which it was begun.
        dry: whether it is a rehearsal.
        keys: what is asked for: rows, checks.
    """

    def __init__(self, folder: Path, when: str, dry: bool, keys: Sequence[str]) -> None:
        self._folder, self._when, self._dry = folder, when, dry
        self._is_checked, self._keys = CHECKS in keys, [key for key in keys if key != CHECKS]
        self._lock = Lock()
        self._machine: dict[str, Any] = {}
        self._notes: dict[str, str] = {}
        self._checks: list[dict[str, Any]] = []
        self._rows: dict[str, dict[str, Any]] = {}
        self._plans: dict[str, Any] = {}

    def take(self, kind: str, each: Any) -> None:
        """One thing that a process told; of one row and of one plan the last counts."""
        with self._lock:
            match kind:
                case "machine":
                    self._machine = self._machine or each
                case "check":
                    self._checks.append({**each, "passed": each["error"] <= each["allowed"]})
                case "row":
                    reached = None if each["ratio"] is None else each["ratio"] >= each["target"]
                    self._rows[each["key"]] = {**each, "reached": reached}
                case "plan":
                    self._plans[json.dumps(each["problem"], sort_keys=True)] = each
                case "note":
                    self._notes[each[0]] = each[1]
                case _:
                    return
            self._write()

    def note(self, group: str, text: str) -> None:
        """How a group ended."""
        with self._lock:
            self._notes[group] = f"{self._notes[group]}; {text}" if group in self._notes else text
            self._write()

    def is_good(self) -> bool:
        """Whether there is a machine at all, and the checks that were asked for were done and passed."""
        is_done = not self._is_checked or self._notes.get(CHECKS, "").startswith(DONE)
        return bool(self._machine) and is_done and all(check["passed"] for check in self._checks)

    def whole(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "when": self._when,
            "dry": self._dry,
            "machine": self._machine,
            "groups": self._notes,
            "checks": self._checks,
            "rows": [self._rows[key] for key in self._keys if key in self._rows],
            "rows not run": [key for key in self._keys if key not in self._rows],
            "plans": list(self._plans.values()),
        }

    def _write(self) -> None:
        result = self.whole()
        self._folder.mkdir(parents=True, exist_ok=True)
        name = slug(result)
        _replace(self._folder / f"{name}.json", json.dumps(result, indent=1) + "\n")
        _replace(self._folder / f"{name}.md", markdown(result))


def _replace(path: Path, text: str) -> None:
    """Whoever reads finds the old text or the new one."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
