"""A spec as nested dictionaries, written as TOML; ``bare`` keys only, since the networks made here have no others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def written(spec: Mapping[str, Any]) -> str:
    """``spec`` as text: scalars first, then its tables; the steps of a body one a line."""
    scalars = [f"{key} = {_value(value)}" for key, value in spec.items() if not isinstance(value, Mapping)]
    tables = [(key, value) for key, value in spec.items() if isinstance(value, Mapping)]
    blocks = [(f"blocks.{name}", block) for key, value in tables if key == "blocks" for name, block in value.items()]
    rest = [(key, value) for key, value in tables if key != "blocks"]
    return "\n".join([*scalars, *(_table(*each) for each in (*rest, *blocks))]) + "\n"


def _table(name: str, table: Mapping[str, Any]) -> str:
    lines = [f"\n[{name}]"]
    for key, value in table.items():
        if key == "branches":
            lines += [f"branches.{branch} = {_steps(steps)}" for branch, steps in value.items()]
        else:
            lines.append(f"{key} = {_steps(value) if _are_steps(value) else _value(value)}")
    return "\n".join(lines)


def _are_steps(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _steps(steps: Sequence[Mapping[str, Any]]) -> str:
    return "".join(["[\n", *(f"  {_value(step)},\n" for step in steps), "]"])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, str) else repr(value)
