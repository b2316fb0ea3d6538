"""The tensors of an HDF5 file, by path. HDF5 can do far more than Keras uses, and all of that is refused here.

Refused are soft and external links, groups that contain themselves, external and virtual storage, filters (compression
among them, since a filter can be a plug-in to load) and tensors that are declared larger than the file. Nothing here
knows what Keras means by a path.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import h5py as _h5py  # pyright: ignore[reportMissingTypeStubs]  (there are none)

from graphbuilder.diagnostics.catalogue.weights import WeightsDamaged, WeightsUnsafe
from graphbuilder.weights.checkpoint import Stored, refusal, refuse_oversized

if TYPE_CHECKING:
    import numpy as np

# h5py has no types, so what comes from it has none here.
h5py: Any = _h5py
Group = Any
Dataset = Any

_MAX_DEPTH = 64


def open_hdf5(path: str, file: BinaryIO, opened: ExitStack) -> Group:
    """The HDF5 content of ``file``, closed with ``opened``.

    Raises:
        CompileError: GB402.
    """
    with damage_coded(path):
        return opened.enter_context(h5py.File(file, "r"))


def tensors(path: str, root: Group, size: int) -> dict[str, Stored]:
    """Every dataset below ``root`` by its path, in a file of ``size`` bytes.

    Raises:
        CompileError: GB402 to GB404.
    """
    with damage_coded(path):
        return {name: _stored(path, name, dataset, size) for name, dataset in _walk(path, root, "", frozenset())}


def text(path: str, group: Group, name: str) -> str | None:
    """The text that is an attribute of ``group``, if there is one.

    Raises:
        CompileError: GB402.
    """
    with damage_coded(path):
        if name not in group.attrs:
            return None
        kind = group.attrs.get_id(name)
        # Looked at before it is read: HDF5 itself has crashed over what was no text.
        if h5py.check_string_dtype(kind.dtype) is None or kind.shape != ():
            raise ValueError(f"{name} is no text")
        value = group.attrs[name]
        return value.decode() if isinstance(value, bytes) else value


@contextmanager
def damage_coded(path: str) -> Generator[None]:
    """Whatever h5py raises over bytes that make no sense, as an error with a code."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError) as error:
        reason = str(error).strip("'\"") or type(error).__name__
        raise refusal(WeightsDamaged, f"{path} is damaged: {reason}", "fetch or save the file again") from error


def _walk(path: str, group: Group, prefix: str, above: frozenset[int]) -> Iterator[tuple[str, Dataset]]:
    """The datasets below ``group``; ``above`` has the addresses of the groups that lead to it."""
    above = above | {h5py.h5o.get_info(group.id).addr}
    for key in group:
        name = prefix + key
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise refusal(WeightsUnsafe, f"{path}: {name} is a link out of its place", "save the tensors themselves")
        item = group[key]
        if isinstance(item, h5py.Dataset):
            yield name, item
        elif h5py.h5o.get_info(item.id).addr in above or len(above) == _MAX_DEPTH:
            raise refusal(WeightsUnsafe, f"{path}: {name} contains itself, or is {_MAX_DEPTH} groups deep")
        else:
            yield from _walk(path, item, name + "/", above)


def _stored(path: str, name: str, dataset: Dataset, size: int) -> Stored:
    layout = dataset.id.get_create_plist()
    if dataset.external or dataset.is_virtual:
        raise refusal(WeightsUnsafe, f"{path}: {name} is kept in another file", "save the tensors themselves")
    if layout.get_nfilters():
        raise refusal(WeightsUnsafe, f"{path}: {name} is compressed or filtered", "h5repack -f NONE writes it plainly")
    shape = tuple(map(int, dataset.shape or ()))
    refuse_oversized(path, name, shape, dataset.dtype.itemsize, size)

    def read() -> np.ndarray[Any, Any]:
        with damage_coded(path):
            return dataset[()]

    return Stored(shape, dataset.dtype.name, name, read)
