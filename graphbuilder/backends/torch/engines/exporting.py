"""A module as torch's own program, from which every other engine starts."""

from __future__ import annotations

import io
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from warnings import catch_warnings, simplefilter

import torch
from torch import Tensor, nn


def exported(module: nn.Module, inputs: Sequence[Tensor]) -> torch.export.ExportedProgram:
    """``module``, in evaluation, for inputs of these very shapes."""
    with torch.no_grad():
        return torch.export.export(module, tuple(inputs))


@contextmanager
def quiet() -> Generator[None]:
    """Without the advice that exporters print."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
