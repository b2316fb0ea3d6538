"""The roofline of a spec: what a device needs at least. Computed, not measured; nothing here needs torch."""

from __future__ import annotations

from pathlib import Path

from graphbuilder.analysis.roofline import DEVICES, FUSIONS, Device, Fusion
from graphbuilder.backends.table.roofline import Roofline
from graphbuilder.backends.table.roofline import roofline as roofline_of
from graphbuilder.compiler import Network, load


def roofline(
    network: Network | str | Path,
    device: str | Device = "h200",
    *,
    batch: int = 1,
    dtype: str = "float32",
    fusion: Fusion = "separable",
    training: bool = False,
) -> Roofline:
    """How long a device needs at least for an evaluation, by block and in all, and what sets that; prints as a table.

    Args:
        device: one that is known by name ("h200", "h100", "a100"), or the numbers of another.
        batch: samples in the batch.
        dtype: the type of all numbers: "float32" (without TF32), "bfloat16" or "float16".
        fusion: what one kernel does, of "nothing", "elementwise", "separable" and "blocks".
        training: whether for a forward and backward pass of training instead.

    Raises:
        CompileError: when the spec has mistakes.
        ValueError: when an argument is none of these.
    """
    if batch < 1:
        raise ValueError(f"batch must be at least 1, not {batch}")
    chosen = DEVICES.get(device) if isinstance(device, str) else device
    if chosen is None:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, or a Device, not {device!r}")
    for name, value, known in (("dtype", dtype, tuple(chosen.matrix)), ("fusion", fusion, FUSIONS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}")
    typed = (network if isinstance(network, Network) else load(network)).typed
    return roofline_of(typed, chosen, batch=batch, dtype=dtype, fusion=fusion, training=training)
