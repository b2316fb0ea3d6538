"""What ways there are to run a module, and what each of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Literal, NamedTuple

Engine = Literal[
    "eager", "compile", "freezing", "max-autotune", "graph", "onnxruntime", "onnxruntime-resting", "openvino"
]
Layout = Literal["first", "last"]

ENGINES: Mapping[Engine, str] = {
    "eager": "eager",
    "compile": "torch.compile",
    "freezing": "torch.compile, freezing",
    "max-autotune": "torch.compile, max-autotune",
    "graph": "CUDA graph",
    "onnxruntime": "ONNX Runtime",
    "onnxruntime-resting": "ONNX Runtime, threads that rest",
    "openvino": "OpenVINO",
}

# What has to be importable; each is an extra of the package, by the name.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "onnxruntime": ("onnx", "onnxruntime", "onnxscript"),
    "openvino": ("openvino",),
}


class Way(NamedTuple):
    """One way to run a network.

    Attributes:
        engine: what runs it, a key of ``ENGINES``.
        layout: whether its maps have channels first or last in memory.
        fused: whether separable convolutions and pools with sums are operators of our own, which are for GPUs.
    """

    engine: Engine = "eager"
    layout: Layout = "last"
    fused: bool = False

    def __str__(self) -> str:
        fused = ", fused" if self.fused else ""
        # Other runtimes lay maps out as they like.
        layout = "" if extra(self.engine) in _NEEDS else f", channels {self.layout}"
        return f"{ENGINES[self.engine]}{layout}{fused}"


def extra(engine: Engine) -> str:
    """What installs ``engine``, whatever its threads do."""
    return engine.partition("-resting")[0]


def lacking(engine: Engine) -> list[str]:
    """The packages that ``engine`` needs and that are not installed."""
    return [name for name in _NEEDS.get(extra(engine), ()) if not _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a module that stands for none, in tests of others
        return False
