"""The graph that ``torch.export`` makes of a module, and what it tells where it makes none."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import TraceFailed
from graphbuilder.importers.torch.dropped import attention_rates
from graphbuilder.importers.torch.folding import unfold
from graphbuilder.importers.torch.modes import Mode, evaluating
from graphbuilder.importers.torch.modules import dropping
from graphbuilder.importers.torch.rewriting import Stale, settled_writes
from graphbuilder.importers.torch.standing import module_of
from graphbuilder.importers.torch.terms import kind_of
from graphbuilder.importers.torch.windowed import gathering

_TORCH = str(Path(torch.__file__).parent)


def attention_rates_of(program: Any, model: nn.Module, example: Sequence[Tensor]) -> Mapping[str, float]:
    """The dropout of attention by the module that calls it.

    Raises:
        CompileError: GB804 when these modules do not run in training.
    """
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    paths = {module_of(node) for node in calls if kind_of(node) == "scaled_dot_product_attention"}
    try:
        with evaluating(model), _silent():
            return attention_rates(model, example, paths) if paths else {}
    except Exception as error:  # whatever the module's own code raises
        raise _untraced(model, example, error) from error


class Exported(NamedTuple):
    """A program, what its calls read that was written in place in part, and the latest names of its outputs."""

    program: Any
    stale: Mapping[Any, Sequence[Stale]]
    latest: Mapping[str, str]


def exported(model: nn.Module, example: Sequence[Tensor], mode: Mode) -> Exported:
    try:
        with mode(model), dropping(model), gathering(model), _silent(), torch.no_grad():
            program = torch.export.export(model, tuple(each.clone() for each in example), strict=False)
    except Exception as error:  # whatever the module's own code raises, too
        raise _untraced(model, example, error) from error
    stale, latest = settled_writes(program)
    unfold(program)
    return Exported(program, stale, latest)


def _untraced(model: nn.Module, example: Sequence[Tensor], error: Exception) -> CompileError:
    sizes = " and ".join("x".join(map(str, tensor.shape[1:])) or "1" for tensor in example)
    message = f"{type(model).__name__} cannot be traced with {sizes}: {_told(error)}"
    remedy = (
        "give each input of `forward` its shape without the batch, in order, --input 3,224,224 for images, or "
        "from_torch(model, left, right) an example for each; what depends on data cannot be a spec"
    )
    return CompileError((TraceFailed.at(None, message, help=remedy),))


def _told(error: Exception) -> str:
    """What was raised, its first line, and where in the code of the module."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frames = [frame for frame in extract_tb(error.__traceback__) if _TORCH not in frame.filename]
    if not frames or frames[-1].filename == __file__:
        return what
    last = frames[-1]
    return f"{what}, at {last.filename}:{last.lineno}: {last.line}"


@contextmanager
def _silent() -> Generator[None]:
    """Without what torch logs and prints of a trace that fails; the error says what did."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        logging.disable(before)
