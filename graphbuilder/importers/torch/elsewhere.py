"""Images of another size than the example's: what a spec is tried on before it offers its size as a param."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from graphbuilder.importers.torch.modes import bare
from graphbuilder.importers.torch.samples import drawn, takes
from graphbuilder.ir import TensorType

# Powers of two are the least that a model of as many halvings takes, and show it the most odd sizes on the way.
_STEPS = (1, 2, 4, 8, 16, 32, 64)
# By how many parts of its size images grow until a module takes them in training.
_PARTS = 8


def elsewhere(
    model: nn.Module, example: Sequence[Tensor], types: Sequence[TensorType], *, trains: bool = False
) -> tuple[Tensor, ...] | None:
    """Inputs of another size that ``model`` takes, far off if it can be; None where it takes none of those tried.

    Args:
        example: square images, all of one size.
        types: of each of them, without the batch.
        trains: whether it is to take them in training, too.
    """
    size = types[0].spatial[0]
    for other in (_far(size), *([2 * size] if trains else []), *(size + step for step in (*_STEPS, size))):
        found = _sized(example, types, other)
        if (not trains or _trains(model, found)) and takes(model, found):
            return found
    return None


def trained_at(model: nn.Module, example: Sequence[Tensor], types: Sequence[TensorType]) -> int | None:
    """The size of larger square images that ``model`` takes in training; None where it takes ``example``, or none."""
    if _trains(model, example):
        return None
    size = types[0].spatial[0]
    larger = (size * parts // _PARTS for parts in range(_PARTS + 1, 2 * _PARTS + 1))
    for other in larger:
        if _trains(model, _sized(example, types, other)):
            return other
    return None


def called(model: nn.Module, example: Sequence[Tensor]) -> set[str] | None:
    """The paths of the modules that ``model`` calls in training; None where it does not run."""
    found: set[str] = set()
    return found if _trains(model, example, found) else None


def _far(size: int) -> int:
    """A power of two, or one more, well below ``size``: odd at every halving where that is even, and even where not.

    What was divided and rounded down is another number there.
    """
    below = max(3 * size // 4, 1)
    return (1 << (below.bit_length() - 1)) + (1 - size % 2)


def _trains(model: nn.Module, inputs: Sequence[Tensor], called: set[str] | None = None) -> bool:
    """Whether ``model`` takes ``inputs`` in training: a copy without numbers, which learns nothing of it.

    Args:
        called: gets the paths of all modules that are called.
    """
    try:
        copied = bare(model)
        with torch.no_grad(), _noting(copied, set() if called is None else called):
            copied(*(tensor.to("meta") for tensor in inputs))
    except Exception:  # whatever the module's own code raises
        return False
    return True


@contextmanager
def _noting(model: nn.Module, called: set[str]) -> Generator[None]:
    """Note the paths of all modules of ``model`` that are called meanwhile."""
    named: list[tuple[str, nn.Module]] = [*model.named_modules()]  # pyright: ignore[reportUnknownMemberType]
    paths = {each: path for path, each in named}

    def note(module: nn.Module, _: object) -> None:
        called.add(paths.get(module, ""))

    handle = register_module_forward_pre_hook(note)
    try:
        yield
    finally:
        handle.remove()


def _sized(example: Sequence[Tensor], types: Sequence[TensorType], size: int) -> tuple[Tensor, ...]:
    """Random inputs like ``example`` with so many rows and columns."""
    large = (_stretched(tensor, type_, size) for tensor, type_ in zip(example, types, strict=True))
    return drawn(tuple(large), len(example[0]), ranged=True)


def _stretched(tensor: Tensor, type_: TensorType, size: int) -> Tensor:
    """``tensor`` with so many rows and columns: its first ones, and behind its last the first ones again."""
    for axis in (2, 3) if type_.layout == "first" else (1, 2):
        places = torch.arange(size, device=tensor.device) % tensor.shape[axis]
        tensor = tensor.index_select(axis, places)
    return tensor
