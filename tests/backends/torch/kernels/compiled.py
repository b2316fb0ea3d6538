"""Run as a program: every kernel through Triton's compiler, for a Hopper GPU that need not be there.

Prints a JSON object: for each kernel, how many instructions of its matrix units it has.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile

from graphbuilder.backends.torch.kernels import device

SETTINGS: dict[str, Any] = {
    "KH": 1,
    "KW": 2,
    "SH": 1,
    "SW": 2,
    "DH": 1,
    "DW": 1,
    "ABOVE": 0,
    "LEFT": 1,
    "MULTIPLIER": 1,
    "BEFORE": "relu6",
    "BETWEEN": "elu",
    "AFTER": "hardswish",
    "MIDDLE_BIAS": True,
    "BIAS": True,
    "RESIDUAL": True,
    "WIDE": True,
    "CHANNEL_UNIT": 8,
    "MADE_UNIT": 8,
    "OUT_UNIT": 8,
    "PRECISION": "ieee",
    "LINES": 32,
    "ROWS": 64,
    "COLUMNS": 64,
    "DEPTH": 32,
    "STAGES": 2,
    "DOWN": 2,
    "RIGHT": 2,
    "TAPS": 2,
    "TIMES": 4,
}
NUMBERS = ("pixels", "height", "width", "high", "broad", "tall", "wide", "channel_units", "made_units", "out_units")


def main() -> None:
    kernels = (
        device.span,
        device.persistent,
        device.depthwise,
        device.pointwise,
        device.pooled_sum,
        device.depthwise_back,
    )
    print(json.dumps({kernel.__name__: products(kernel) for kernel in kernels}))


def products(kernel: Any) -> int:
    names = list(inspect.signature(kernel.fn).parameters)
    assert {each.name for each in kernel.params if each.do_not_specialize} == {*device.SIZES} & {*names}
    types = {name: "constexpr" if name in SETTINGS else "i32" if name in NUMBERS else "*bf16" for name in names}
    settings = {(names.index(name),): value for name, value in SETTINGS.items() if name in names}
    aligned = {(number,): [["tt.divisibility", 16]] for number, name in enumerate(names) if types[name] == "*bf16"}
    source = ASTSource(kernel, types, settings, aligned)
    made = compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})
    assert made.asm["cubin"]
    return made.asm["ptx"].count("wgmma.mma_async")


if __name__ == "__main__":
    main()
