"""What a caller chooses for a module, by name or as torch's own value, and nothing that torch would refuse later."""

from __future__ import annotations

import torch

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import DeviceMissing
from graphbuilder.document.writing import shown

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
SEEDS = 2**63


def device_named(device: str | torch.device) -> torch.device:
    """The device; "auto" is CUDA where there is one, else the CPU.

    Raises:
        CompileError: GB704 where CUDA is asked for and there is none, or torch knows no such device.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
    except RuntimeError as error:
        message = f"torch knows no device {shown(str(device))}"
        raise CompileError((DeviceMissing.at(None, message, help='take "auto", "cpu", "cuda" or "meta"'),)) from error
    if place.type == "cuda" and not torch.cuda.is_available():
        message = "torch finds no CUDA device on this machine"
        raise CompileError((DeviceMissing.at(None, message, help='"auto" takes the CPU where there is none'),))
    return place


def dtype_named(dtype: str | torch.dtype) -> torch.dtype:
    """The floating type: torch's own, or by its name.

    Raises:
        ValueError: it is none.
    """
    found = DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, or a floating torch.dtype, not {dtype!r}")
    return found


def checked_seed(seed: object) -> int:
    """``seed``, an integer from 0 to 2^63 - 1.

    Raises:
        TypeError: it is no integer.
        ValueError: it is out of that range.
    """
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise TypeError(f"seed must be an integer, not {type(seed).__name__}")
    if not 0 <= seed < SEEDS:
        raise ValueError("seed must be from 0 to 2**63 - 1")
    return seed
