"""Python's search for unreachable cycles, put off while something large is made.

Each search goes through all that is alive. Graphs, tables and modules are kept and hold no garbage in cycles, so the
searches find nothing, and for a hundred thousand nodes they take a quarter of the time, and more than in proportion.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def no_search() -> Generator[None]:
    """Search for no garbage in cycles within; reference counts free what they free. Also a decorator."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
