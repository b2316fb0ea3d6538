"""Files of the torch world: safetensors, and what ``torch.save`` wrote, read as tensors only."""

from __future__ import annotations

import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import torch

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.weights import WeightsDamaged, WeightsTooMany, WeightsUnknown, WeightsUnsafe
from graphbuilder.weights.archives import archive_in, ends_plainly
from graphbuilder.weights.checkpoint import (
    LONGEST,
    MOST,
    Checkpoint,
    Stored,
    refusal,
    refuse_axes,
    refuse_many,
    refuse_oversized,
)
from graphbuilder.weights.torch_pickles import (
    PLAIN,
    not_only_tensors,
    refuse_costly,
    refuse_costly_record,
    refuse_long,
    refuse_tensors,
)

if TYPE_CHECKING:
    import numpy as np

# Where training scripts put a state_dict among other things, the first that is there.
_INNER = ("state_dict", "model_state_dict", "model")
# What DataParallel, DistributedDataParallel and torch.compile put before every name.
_WRAPPERS = ("module.", "_orig_mod.")
# Where torch's AveragedModel, whose model is such a wrapper, counts what it has averaged.
_COUNT = "n_averaged"
# Of what stands in a header of safetensors, ten numbers and names a tensor, and one text, beside those that tell of the
# file: the library takes much room for each before anyone can count them.
_COMMAS = 10 * MOST
_TEXTS = MOST + 10_000
_TEXT = re.compile(rb'":\s*"')
_ARCHIVE = b"PK\x03\x04"
# The pickle in an archive.
_RECORD = "data.pkl"
# What a walk ends with.
_END = (object(),) * 2
_KINDS = {"BF": "bfloat", "F": "float", "I": "int", "U": "uint"}
# How a pickle begins that torch did not write: it keeps to protocol 2.
_NEWER = (b"\x80\x03", b"\x80\x04", b"\x80\x05")


def read_safetensors(path: str, opened: ExitStack) -> Checkpoint:
    """A safetensors file; the library checks every tensor's place against the file's size.

    Raises:
        CompileError: GB402, GB414.
    """
    import safetensors

    # Its compiled part has no types.
    library: Any = safetensors
    try:
        with open(path, "rb") as plain:
            header = plain.read(int.from_bytes(plain.read(8), "little"))
        if header.count(b",") > _COMMAS or len(_TEXT.findall(header)) > _TEXTS:
            raise refusal(WeightsTooMany, f"{path} has a header of far more names and numbers than tensors have")
        file = opened.enter_context(library.safe_open(path, framework="pt"))
        names: list[str] = file.keys()
        refuse_many(path, names)
        _refuse_doubled(header)
        tensors = {ours: _lazy(name, file) for name, ours in _unwrapped(names).items()}
        refuse_axes(path, tensors)
    except (library.SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise _damaged(path, error) from error
    return Checkpoint(path, "safetensors", tensors, _open=opened.pop_all())


def _refuse_doubled(header: bytes) -> None:
    """Of two entries of one name the library takes the last, and other readers the first."""

    def once(pairs: list[tuple[str, object]]) -> None:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name is there twice")

    json.loads(header, object_pairs_hook=once)


def read_state(path: str, file: BinaryIO, size: int) -> Checkpoint:
    """A ``state_dict`` in a file of ``size`` bytes that ``torch.save`` wrote, alone or among other things.

    Of several tables that hold tensors it is "state_dict", "model_state_dict" or "model"; tensors beside it are named
    by their way, ``optimizer.state.0.exp_avg`` or ``state_dict_ema.conv1.weight``, for a mapping to ask for.

    Raises:
        CompileError: GB401 to GB404.
    """
    _refuse_unfolding(path, file, size)
    if file.read(2) in _NEWER:
        raise refusal(WeightsUnsafe, f"{path} is a pickle of Python objects, not of tensors by torch", PLAIN)
    file.seek(0)
    state = _unpickled(path, file, size)
    inner = _inner(state)
    found = _named(state if inner is None else dict(_items(state))[inner])
    if not found or "" in found:
        raise refusal(WeightsUnknown, f"{path} holds no tensors by name", PLAIN)
    refuse_many(path, found)
    beside = _named({key: value for key, value in _items(state) if inner is not None and key != inner})
    refuse_many(path, beside)
    tensors = {ours: _held(path, name, found[name], size) for name, ours in _unwrapped(found).items()}
    others = {name: _held(path, name, tensor, size) for name, tensor in beside.items() if name not in tensors}
    refuse_axes(path, {**tensors, **others})
    return Checkpoint(path, "torch", {**tensors, **others}, beside=frozenset(others))


def _unwrapped(names: Iterable[str]) -> dict[str, str]:
    """Each of ``names`` with what it is without a wrapper that stands before all of them, and without its count."""
    whole = {name: name for name in names}
    found = {name: name for name in whole if name != _COUNT}
    while wrapper := next((each for each in _WRAPPERS if found and all(map(_begins(each), found.values()))), None):
        found = {name: short.removeprefix(wrapper) for name, short in found.items()}
    return whole if all(name == short for name, short in found.items()) else found


def _begins(wrapper: str) -> Callable[[str], bool]:
    return lambda name: name.startswith(wrapper) and name != wrapper


def _lazy(name: str, file: Any) -> Stored:
    header = file.get_slice(name)
    shape, kind = tuple(header.get_shape()), _long_kind(header.get_dtype())
    return Stored(shape, kind, name, lambda: _to_numpy(file.get_tensor(name)))


@cache
def _long_kind(short: str) -> str:
    """safetensors' name of a kind of number as torch's, ``BF16`` to ``bfloat16``; of one that torch has none for, that
    in small letters."""
    letters = short.rstrip("0123456789")
    known = _KINDS.get(letters, letters.lower()) + short[len(letters) :]
    return known if hasattr(torch, known) else short.lower()


def _to_numpy(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """The numbers; kinds that numpy has no word for, such as bfloat16, as float32."""
    known = (torch.float16, torch.float32, torch.float64)
    return (tensor.float() if tensor.is_floating_point() and tensor.dtype not in known else tensor).numpy()


def _refuse_unfolding(path: str, file: BinaryIO, size: int) -> None:
    """torch stores plainly and once, so an archive that is compressed, or has more in it than it holds, is not its own,
    and could unfold to any size; or hold a pickle of any."""
    is_archive = _is_archive(file)
    try:
        members = archive_in(path, file).infolist() if is_archive else []
        plain = not is_archive or ends_plainly(file, size)
    except zipfile.BadZipFile as error:
        raise _damaged(path, error) from error
    finally:
        file.seek(0)
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise refusal(WeightsUnsafe, f"{path} is compressed", PLAIN)
    sizes = [(member.file_size, member.compress_size) for member in members]
    if not plain or any(unfolded != stored for unfolded, stored in sizes) or sum(map(max, sizes)) > size:
        raise refusal(WeightsUnsafe, f"{path} is an archive that two readers may read differently", PLAIN)
    refuse_long(path, max((each.file_size for each in members if each.filename.endswith(_RECORD)), default=0))
    refuse_tensors(path, sum("/data/" in each.filename for each in members))


def _is_archive(file: BinaryIO) -> bool:
    """Whether torch reads this as an archive, and not as one pickle behind another."""
    start = file.read(len(_ARCHIVE))
    file.seek(0)
    return start == _ARCHIVE


def _unpickled(path: str, file: BinaryIO, size: int) -> object:
    """What the pickle holds, read by torch's reader of tensors, which calls nothing that the file names."""
    try:
        # torch warns of how a file was pickled, which is no concern of whoever has it read.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _refuse_costly(path, file, size)
            return torch.load(file, map_location="cpu", weights_only=True)
    except CompileError:
        raise
    except pickle.UnpicklingError as error:
        if "global" in str(error).lower():
            raise not_only_tensors(path) from error
        raise _damaged(path, error) from error
    # A pickle is a small program, and one that makes no sense can fail in any way that a program can.
    except Exception as error:
        if "TorchScript" in str(error):
            raise refusal(WeightsUnsafe, f"{path} is a TorchScript program", PLAIN) from error
        raise _damaged(path, error) from error


def _refuse_costly(path: str, file: BinaryIO, size: int) -> None:
    """As ``refuse_costly``, where torch looks for the pickle; a program of TorchScript is left to torch to name."""
    if _is_archive(file):
        # What torch itself reads it by, and so finds the same in it; the compiled part has no types.
        archive: Any = torch._C.PyTorchFileReader(file)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        if "constants.pkl" not in archive.get_all_records():
            refuse_costly_record(path, archive.get_record(_RECORD), size)
    else:
        refuse_costly(path, file, size)
    file.seek(0)


def _damaged(path: str, error: Exception) -> CompileError:
    # What libraries say of their own insides helps nobody; and torch advises to read the file unsafely.
    writer = "safetensors" if path.lower().endswith(".safetensors") else "torch.save"
    reason = f"not what {writer} writes"
    if isinstance(error, OSError | zipfile.BadZipFile) or "PytorchStreamReader" in str(error):
        reason = "it ends early, or bytes of it are wrong"
    return refusal(WeightsDamaged, f"{path} is damaged: {reason}", "fetch or save the file again")


def _named(state: object) -> dict[str, torch.Tensor]:
    """The tensors in ``state`` by their ways, of too many one too many."""
    return dict(islice(_tensors(state), MOST + 1))


def _tensors(state: object) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in nested tables and lists with its dotted way, cut where it is longer than any name may be."""
    seen = {id(state)}
    waiting = [("", iter(_items(state)))]
    while waiting:
        way, items = waiting[-1]
        key, item = next(items, _END)
        if key is _END[0]:
            waiting.pop()
            continue
        if isinstance(item, torch.Tensor):
            yield _way(way, key), item
        elif _is_nested(item) and id(item) not in seen:
            # Once each: a pickle can make a table that contains itself.
            seen.add(id(item))
            waiting.append((_way(way, key), iter(_items(item))))


def _way(above: str, key: object) -> str:
    return (f"{above}.{key}" if above else str(key))[: LONGEST + 1]


def _items(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value).items()
    return enumerate(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else ()


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _inner(state: object) -> object:
    """The key under which a training script put the ``state_dict``, or None where it stands alone."""
    holding = _holding(state)
    tables = [
        key for key, value in _items(state) if isinstance(value, Mapping) and id(cast("object", value)) in holding
    ]
    known = next((key for key in _INNER if key in tables), None)
    only = tables[0] if len(tables) == 1 and not _holds_tensors(state) else None
    return known or only


def _holding(state: object) -> set[int]:
    """The ids of all tables and lists in which a tensor is somewhere; each is looked through once."""
    above: dict[int, list[int]] = {id(state): []}
    waiting, found = [state], list[int]()
    while waiting:
        value = waiting.pop()
        found.extend([id(value)] * _holds_tensors(value))
        for item in (item for _, item in _items(value) if _is_nested(item)):
            waiting.extend([item] * (id(item) not in above))
            above.setdefault(id(item), []).append(id(value))
    holding = set[int]()
    while found:
        here = found.pop()
        found.extend(() if here in holding else above[here])
        holding.add(here)
    return holding


def _holds_tensors(state: object) -> bool:
    return any(isinstance(value, torch.Tensor) for _, value in _items(state))


def _held(path: str, name: str, tensor: torch.Tensor, size: int) -> Stored:
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
        raise refusal(WeightsUnsafe, f"{path}: {name} is a sparse, quantized or empty kind of tensor", PLAIN)
    refuse_oversized(path, name, tuple(tensor.shape), tensor.element_size(), size)
    kind = str(tensor.dtype).removeprefix("torch.")
    return Stored(tuple(tensor.shape), kind, name, lambda: _to_numpy(tensor.detach()))
