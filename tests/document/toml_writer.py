"""Nested data written as TOML 1.1 in many styles, for property tests."""

from __future__ import annotations

import json
import string
from datetime import UTC, date, datetime, time
from random import Random
from typing import Any

from hypothesis import strategies as st

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\"'\\#=[]{},."), max_size=12)
_NAMES = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=6)
_SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    _TEXT,
    st.just(datetime(1979, 5, 27, 7, 32, tzinfo=UTC)),
    st.just(datetime(1979, 5, 27, 7, 32)),
    st.just(date(1979, 5, 27)),
    st.just(time(7, 32)),
)
_KEYS = _NAMES | _TEXT
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
DATA = st.dictionaries(_KEYS, _VALUES, max_size=6)


class Writer:
    """Writes ``data``; ``random`` chooses among the ways that TOML has."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def document(self, data: dict[str, Any]) -> str:
        return "\n".join(self._table((), data)) + self._random.choice(["", "\n", "\n# end"])

    def _table(self, path: tuple[str, ...], data: dict[str, Any]) -> list[str]:
        """Statements of one table: its pairs first, then its tables and arrays of tables under headers."""
        pairs: list[str] = []
        headers: list[str] = []
        for key, value in data.items():
            if isinstance(value, dict) and self._coin():
                opening = [f"{self._noise()}[{self._name((*path, key))}]"]
                headers += [*opening, *self._table((*path, key), value)]
            elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value) and self._coin():
                for item in value:
                    opening = [f"{self._noise()}[[{self._name((*path, key))}]]{self._noise()}"]
                    headers += [*opening, *self._table((*path, key), item)]
            else:
                pairs += self._pairs((key,), value, "")
        return [*(self._noise() + pair + self._noise() for pair in pairs), *headers]

    def _pairs(self, key: tuple[str, ...], value: Any, blank: str) -> list[str]:
        """``key = value``, or, for a table, perhaps its keys with dots."""
        if isinstance(value, dict) and value and self._coin():
            return [pair for name, item in value.items() for pair in self._pairs((*key, name), item, blank)]
        return [f"{self._name(key)} ={self._choice('', ' ')}{self._value(value)}"]

    def _value(self, value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, datetime | date | time):
            return value.isoformat(sep=self._choice("T", " ")) if isinstance(value, datetime) else value.isoformat()
        if isinstance(value, list):
            return self._bracketed("[", "]", [self._value(item) for item in value])
        if isinstance(value, dict):
            return self._bracketed(
                "{", "}", [pair for key, item in value.items() for pair in self._pairs((key,), item, "")]
            )
        return repr(value)

    def _bracketed(self, opening: str, closing: str, items: list[str]) -> str:
        comma = [f"{self._blank()},{self._blank()}".join(items), self._choice("", ",") if items else ""]
        return opening + self._blank() + self._blank().join(comma) + self._blank() + closing

    def _string(self, value: str) -> str:
        basic = json.dumps(value, ensure_ascii=self._coin() and value.isascii()).replace("\x7f", "\\u007f")
        ways = [basic, '"""\n' + basic[1:-1] + '"""']
        if not value.startswith("\n"):
            ways.append(f'""{basic[:-1].replace(chr(92) + "n", chr(10))}"""')
        if "'" not in value and value.isprintable():
            ways += [f"'{value}'", f"'''{value}'''"]
        return self._choice(*ways)

    def _name(self, key: tuple[str, ...]) -> str:
        return self._choice(".", " . ", "\t.").join(map(self._part, key))

    def _part(self, name: str) -> str:
        if name and set(name) <= set(string.ascii_letters + string.digits + "_-") and self._coin():
            return name
        if "'" not in name and name.isprintable() and self._coin():
            return f"'{name}'"
        return json.dumps(name, ensure_ascii=False)

    def _blank(self) -> str:
        return self._choice("", "", " ", "\n", "\n  ", " # ] } , [ { \" ' =\n")

    def _noise(self) -> str:
        return self._choice("", "", "  ", "\t")

    def _coin(self) -> bool:
        return self._random.random() < 0.5

    def _choice(self, *ways: str) -> str:
        return self._random.choice(ways)
