"""The tensors of an HDF5 file, by path. What the file holds is found by a process of its own under limits, which says
where the numbers lie; only plain bytes of the file are then read here, and HDF5's library is never loaded.

Refused are files over which that process fails or takes too long, or in which it finds more than tensors. Nothing here
knows what Keras means by a path.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.files import FileUnreadable
from graphbuilder.diagnostics.catalogue.weights import WeightsDamaged, WeightsOversized, WeightsTooMany, WeightsUnsafe
from graphbuilder.weights.checkpoint import Stored, refusal, refuse_many

if TYPE_CHECKING:
    import numpy as np

# Of processor time, for finding what a file holds: that of an EfficientNet takes less than one.
SECONDS = 10
# On the clock, where processor time cannot be limited or a disk is slow.
_PATIENCE = 300
_APART = "graphbuilder.weights.hdf5_apart"
_RULES = {rule.code: rule for rule in (WeightsDamaged, WeightsUnsafe, WeightsOversized, WeightsTooMany)}
_AGAIN = "fetch or save the file again"


class Content(NamedTuple):
    """What an HDF5 file holds.

    Attributes:
        tensors: every dataset by its path.
        attributes: of every group by its path ("" is the root), their names; the texts of ``model_config`` at the root
            and of ``name`` at what Keras calls ``vars``.
    """

    tensors: dict[str, Stored]
    attributes: Mapping[str, Mapping[str, str | None]]


def content(path: str, file: BinaryIO, start: int, size: int) -> Content:
    """What is in the ``size`` bytes from ``start`` on of ``file``, which is the one at ``path``, open.

    Raises:
        CompileError: GB003 where no process can be started, GB402 to GB404 over the file.
    """
    told, _, numbers = _asked(path, start, size).partition(b"\n")
    answer: dict[str, Any] = json.loads(told)
    if "refused" in answer:
        code, message, remedy = answer["refused"]
        if code == WeightsDamaged.code:
            raise _damaged(path, message)
        raise refusal(_RULES[code], f"{path}: {message}", remedy)
    refuse_many(path, answer["tensors"])
    tensors: dict[str, Stored] = {}
    for name, tensor in answer["tensors"].items():
        if "type" not in tensor or "at" in tensor:
            tensors[name] = _stored(path, file, start, size, name, tensor)
            continue
        count = math.prod(tensor["shape"]) * tensor["itemsize"]
        tensors[name], numbers = _held(name, tensor, numbers[:count]), numbers[count:]
    return Content(tensors, answer["attributes"])


def _asked(path: str, start: int, size: int) -> bytes:
    """The answer of the process that reads the file."""
    # The same modules as here, whatever lies in the current folder; no plug-in of HDF5's, no thread that needs room.
    settings = {"PYTHONPATH": os.pathsep.join(_places()), "HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", _APART, os.path.abspath(path), str(start), str(size), str(SECONDS)]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _damaged(path, f"HDF5's library was not through with it in {_PATIENCE} s") from error
    except (OSError, ValueError) as error:
        message = f"cannot read {path}: the process that would read it cannot be started: {error}"
        raise CompileError((FileUnreadable.at(None, message),)) from error
    if done.returncode < 0:
        raise _damaged(path, f"HDF5's library crashed over it, or was not through in {SECONDS} s")
    if done.returncode:
        raise RuntimeError(f"the process that reads HDF5 failed: {done.stderr.decode(errors='replace')}")
    return done.stdout


def _places() -> list[str]:
    return [place or os.getcwd() for place in sys.path if os.pathsep not in place]


def _stored(path: str, file: BinaryIO, start: int, size: int, name: str, told: Mapping[str, Any]) -> Stored:
    """A tensor that lies in one piece in the file."""
    shape = tuple(told["shape"])
    count = math.prod(shape) * told["itemsize"]

    def read() -> np.ndarray[Any, Any]:
        import numpy as np

        if "type" not in told:
            raise refusal(WeightsUnsafe, f"{path}: {name} is not made of numbers", "save the tensors alone")
        file.seek(start + told["at"])
        data = bytearray(file.read(count) if told["at"] + count <= size else b"")
        if len(data) != count:
            raise _damaged(path, f"{name} lies beyond its end")
        return np.frombuffer(data, told["type"]).reshape(shape)

    return Stored(shape, told["kind"], name, read)


def _held(name: str, told: Mapping[str, Any], numbers: bytes) -> Stored:
    """A tensor whose numbers came with the answer."""
    shape = tuple(told["shape"])

    def read() -> np.ndarray[Any, Any]:
        import numpy as np

        return np.frombuffer(bytearray(numbers), told["type"]).reshape(shape)

    return Stored(shape, told["kind"], name, read)


def _damaged(path: str, reason: str) -> CompileError:
    return refusal(WeightsDamaged, f"{path} is damaged: {reason}", _AGAIN)
