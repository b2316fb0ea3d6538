"""What is said often, once each, and numbered: so a page is small."""

from __future__ import annotations

import json
from typing import Any


class Table(dict[str, int]):
    """Plain values, each with its number."""

    def number(self, said: Any) -> int:
        """The number of ``said``, which is plain values."""
        return self.setdefault(json.dumps(said, ensure_ascii=False), len(self))

    def rows(self) -> list[Any]:
        """All that has a number, in order."""
        return list(map(json.loads, self))
