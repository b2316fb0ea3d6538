"""GraphBuilder: neural networks described as data.

```python
import graphbuilder as gb

network = gb.load("specs/xception.toml", params={"classes": 10})
model = gb.compile(network, device="cuda", weights="xception.keras")
gb.render(network, "xception.svg")
print(gb.summary(network))
```

Names are imported when they are first used; torch only by ``compile`` and ``bench``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphbuilder.benching.bench import bench
    from graphbuilder.benching.rooflines import roofline
    from graphbuilder.comparing import compare
    from graphbuilder.compiler import Network, check, check_text, compile, expand, load, source, summary
    from graphbuilder.diagnostics import CompileError, Diagnostic
    from graphbuilder.differing import diff
    from graphbuilder.importers.importing import from_keras, from_torch
    from graphbuilder.ops import register as op
    from graphbuilder.rendering import render

    __version__: str

_HOMES = {
    "CompileError": "diagnostics",
    "Diagnostic": "diagnostics",
    "Network": "compiler",
    "bench": "benching.bench",
    "check": "compiler",
    "check_text": "compiler",
    "compare": "comparing",
    "compile": "compiler",
    "diff": "differing",
    "expand": "compiler",
    "from_keras": "importers.importing",
    "from_torch": "importers.importing",
    "load": "compiler",
    "op": "ops",
    "render": "rendering",
    "roofline": "benching.rooflines",
    "source": "compiler",
    "summary": "compiler",
}
_NAMES = {"op": "register"}

__all__ = [
    "CompileError",
    "Diagnostic",
    "Network",
    "bench",
    "check",
    "check_text",
    "compare",
    "compile",
    "diff",
    "expand",
    "from_keras",
    "from_torch",
    "load",
    "op",
    "render",
    "roofline",
    "source",
    "summary",
]


# A type checker must not see it: every misspelt name would be right.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version("graphbuilder")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), _NAMES.get(name, name))


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
