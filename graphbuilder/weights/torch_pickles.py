"""What reading a pickle of torch would cost, by a walk over its instructions that makes and calls nothing.

torch's reader of tensors calls the few functions that it permits as often as a pickle asks for, with what the pickle
names again in two bytes: a call can copy a long list, a key can be a tuple that unfolds without end. Refused is what
would take more than a file of its size has, and every call that no file of plain tensors makes.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

import torch

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.weights import WeightsOversized, WeightsTooMany, WeightsUnsafe
from graphbuilder.weights.checkpoint import refusal

PLAIN = "save the state_dict alone, or better as safetensors"
# What may be copied or hashed for each instruction, and in a file of few.
_SHARE = 8
_LEAST = 100_000
# Of lists, tables and tuples in each other; what training scripts save has ten. Python hashes a tuple in a tuple by
# going deeper, without a limit of its own.
_DEEPEST = 100
# Tensors, of which checkpoints of the largest networks, with what an optimizer notes of them, have less than this.
_TENSORS = 30_000
# Instructions: for a tensor, which takes some forty with its names and its place in an optimizer, and for all else.
_OF_ONE = 60
_BESIDE = 300_000
# Bytes, of which a tensor takes some two hundred.
_LONGEST = 32 << 20
# Keys that can be chosen so that all have one hash, and each is compared with all before it.
_TUPLES_AS_KEYS = 3_000
_WIDEST_KEY = 64
# Of the pickles before the storages in a file of torch before 1.6: two numbers, the system, what was saved, the keys.
_OLDER = 5
_DICT = "collections.OrderedDict"
_SETS = ("builtins.set", "__builtin__.set")
_SIZE = "torch.Size"
_TYPED = "torch._tensor._rebuild_from_type_v2"
_REBUILT = tuple(
    f"torch._utils._rebuild_{name}"
    for name in ("tensor", "tensor_v2", "tensor_v3", "parameter", "parameter_with_state")
)
_PARAMETER = "torch.nn.parameter.Parameter"
_COMPLEX = ("builtins.complex", "__builtin__.complex")
_TENSORS_BY = frozenset((*_REBUILT, _TYPED))
_CALLED = frozenset((_DICT, *_SETS, *_REBUILT, _SIZE, _TYPED, _PARAMETER, "torch.device", *_COMPLEX))


class _Global(str):
    """What is looked up by its name."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Tuple:
    """
    Attributes:
        size: how many values it has if each is counted as often as it is there.
        depth: of what is in it in each other.
    """

    items: tuple[object, ...]
    size: int
    depth: int


@dataclass(slots=True, eq=False)
class _Growing:
    """What later instructions may fill: a list by its items, a table by its keys, any other object by none.

    Attributes:
        depth: of what is in it in each other, as it was when that was put in.
    """

    kind: str
    items: list[object]
    depth: int = 1


_HOLDING = (_Tuple, _Growing)


def refuse_costly(path: str, file: BinaryIO, size: int) -> None:
    """Refuse what takes more than a file of ``size`` bytes has; ``file`` was written by torch before 1.6.

    Raises:
        CompileError: GB403, GB404, GB414.
        ValueError, LookupError: where the instructions make no sense.
    """
    head = file.read(_LONGEST)
    walk, code = _Walk(path, size), io.BytesIO(head)
    try:
        read = [walk.follow(code) for _ in range(_OLDER)]
    except ValueError as error:
        if len(head) == _LONGEST:
            raise much_beside(path) from error
        raise
    if not all(isinstance(each, int) for each in read[:2]):
        raise ValueError("no number of a version")


def refuse_costly_record(path: str, record: bytes, size: int) -> None:
    """The same for the one pickle of an archive of ``size`` bytes.

    Raises:
        CompileError: GB403, GB404, GB414.
        ValueError, LookupError: where the instructions make no sense.
    """
    _Walk(path, size).follow(io.BytesIO(record))


def refuse_long(path: str, size: int) -> None:
    """Refuse a pickle of ``size`` bytes where that is more than names and places of tensors take.

    Raises:
        CompileError: GB403.
    """
    if size > _LONGEST:
        raise much_beside(path)


def refuse_tensors(path: str, count: int) -> None:
    """Refuse more tensors than are read of a pickle.

    Raises:
        CompileError: GB414.
    """
    if count > _TENSORS:
        message = f"{path} holds more than {_TENSORS:,} tensors, as many as are read of what torch.save writes"
        raise refusal(WeightsTooMany, message, PLAIN)


def much_beside(path: str) -> CompileError:
    """The error of a pickle that says more than any does of its tensors."""
    return refusal(WeightsUnsafe, f"{path} holds far more than tensors: very many values or texts beside them", PLAIN)


def not_only_tensors(path: str) -> CompileError:
    """The error that ends the reading of a pickle that calls more than makes tensors."""
    return refusal(WeightsUnsafe, f"{path} holds Python objects, not only tensors", PLAIN)


class _Walk:
    def __init__(self, path: str, size: int) -> None:
        self._path, self._room = path, size
        self._steps, self._spent = 0, 0
        self._tensors, self._tuples = 0, 0
        self._stored: set[str] = set()
        self._stack: list[object] = []
        self._below: list[list[object]] = []
        self._memo: dict[int, object] = {}

    def follow(self, code: BinaryIO) -> object:
        """To the end of one pickle; what it leaves."""
        self._stack, self._below, self._memo = [], [], {}
        while (letter := code.read(1)) != pickle.STOP:
            step, reader = _STEPS[letter]
            step(self, reader(code) if reader else None)
            self._steps += 1
            if self._steps > _BESIDE and self._steps > _BESIDE + _OF_ONE * self._tensors:
                raise much_beside(self._path)
        return self._stack.pop()

    def push(self, value: object) -> None:
        self._stack.append(value)

    def look_up(self, name: str) -> None:
        self.push(_Global(name.replace(" ", ".")))

    def mark(self) -> None:
        self._below.append(self._stack)
        self._refuse_deep(len(self._below))
        self._stack = []

    def put(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def get(self, place: int) -> None:
        value = self._memo[place]
        self._charge(_size(value))
        self.push(value)

    def pack(self, count: int | None) -> None:
        items = self._marked() if count is None else [self._stack.pop() for _ in range(count)][::-1]
        size, depth = 1, 0
        for item in items:
            size += _size(item)
            depth = max(depth, _depth(item))
        self._refuse_deep(depth + 1)
        self.push(_Tuple(tuple(items), size, depth + 1))

    def append(self, several: bool) -> None:
        items = self._marked() if several else [self._stack.pop()]
        self._put_into("list", items).items.extend(items)

    def enter(self, several: bool) -> None:
        items = self._marked() if several else [self._stack.pop(), self._stack.pop()][::-1]
        keys = items[::2]
        self._take_keys(keys)
        self._charge(sum(map(_size, keys)))
        self._put_into("dict", items[1::2]).items.extend(keys)

    def store(self) -> None:
        """A storage of the file, whose bytes torch reads once for each key."""
        match self._stack.pop():
            case _Tuple((str(), _Global() as kind, str(key), str(), int(count), *view)) if not any(map(_nested, view)):
                self.push(_Growing("storage", []))
            case _:
                raise ValueError("no storage")
        if key not in self._stored:
            self._stored.add(key)
            self._room -= count * _item_bytes(kind)
        if count < 0 or self._room < 0:
            raise refusal(WeightsOversized, f"{self._path}: its tensors are declared with more bytes than it has")

    def call(self) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        if not isinstance(function, _Global) or function not in _CALLED or not isinstance(arguments, _Tuple):
            raise not_only_tensors(self._path)
        self._charge(_weight(arguments))
        if function == _TYPED and arguments.items[0] not in _REBUILT:
            raise not_only_tensors(self._path)
        if function in _TENSORS_BY:
            self._count_tensor()
        made = _made(function, arguments.items)
        if isinstance(made, _Growing):
            self._take_keys(made.items)
        self.push(made)

    def build(self) -> None:
        state = self._stack.pop()
        parts = state.items if isinstance(state, _Tuple) else (state,)
        if not all(part is None or (isinstance(part, _Growing) and part.kind == "dict") for part in parts):
            raise ValueError("no state")
        self._charge(_weight(state))

    def _marked(self) -> list[object]:
        items, self._stack = self._stack, self._below.pop()
        return items

    def _put_into(self, kind: str, values: Sequence[object]) -> _Growing:
        """The list or table on top of the stack, where ``values`` go."""
        into = self._stack[-1]
        if not isinstance(into, _Growing) or into.kind != kind:
            raise ValueError(f"no {kind}")
        into.depth = max(into.depth, 1 + max(map(_depth, values), default=0))
        self._refuse_deep(into.depth)
        return into

    def _take_keys(self, keys: Sequence[object]) -> None:
        for key in keys:
            if isinstance(key, _Growing):
                raise ValueError("no key")
            if isinstance(key, int) and key.bit_length() >= _WIDEST_KEY:
                raise refusal(WeightsUnsafe, f"{self._path} has keys of more than {_WIDEST_KEY} bits", PLAIN)
            self._tuples += isinstance(key, _Tuple)
        if self._tuples > _TUPLES_AS_KEYS:
            message = f"{self._path} has more than {_TUPLES_AS_KEYS:,} keys of several values"
            raise refusal(WeightsUnsafe, message, PLAIN)

    def _refuse_deep(self, depth: int) -> None:
        if depth > _DEEPEST:
            message = f"{self._path} holds lists and tables more than {_DEEPEST} deep in each other"
            raise refusal(WeightsUnsafe, message, PLAIN)

    def _count_tensor(self) -> None:
        self._tensors += 1
        refuse_tensors(self._path, self._tensors)

    def _charge(self, count: int) -> None:
        self._spent += count
        if self._spent > _LEAST + _SHARE * self._steps:
            raise refusal(WeightsUnsafe, f"{self._path} takes the same values again and again", PLAIN)


def _depth(value: object) -> int:
    return value.depth if isinstance(value, _HOLDING) else 0


def _size(value: object) -> int:
    return value.size if isinstance(value, _Tuple) else 1


def _nested(value: object) -> bool:
    """Whether there is more in it than names and numbers."""
    if isinstance(value, _Tuple):
        return any(isinstance(item, _HOLDING) for item in value.items)
    return isinstance(value, _Growing)


def _weight(value: object) -> int:
    """What a call that copies it copies at most."""
    if isinstance(value, _Tuple):
        return 1 + sum(map(_weight, value.items))
    return 1 + len(value.items) if isinstance(value, _Growing) else 1


def _made(function: str, arguments: tuple[object, ...]) -> object:
    """What a call leaves, as far as it matters."""
    if function == _SIZE:
        return _Tuple(arguments, 1 + sum(map(_weight, arguments)), 1 + max(map(_depth, arguments), default=0))
    if function not in (_DICT, *_SETS):
        return _Growing("object", [])
    keys = [_key(item) if function == _DICT else item for item in _listed(arguments)]
    if any(isinstance(key, _HOLDING) for key in keys):
        raise ValueError("no key")
    return _Growing("dict" if function == _DICT else "set", keys)


def _listed(arguments: tuple[object, ...]) -> list[object]:
    """What a table or set is made of: of nothing, or of one list."""
    match arguments:
        case ():
            return []
        case (_Growing("list", items),):
            return items
        case _:
            raise ValueError("no list")


def _key(pair: object) -> object:
    if not isinstance(pair, _HOLDING):
        raise ValueError("no pair")
    return pair.items[0]


@cache
def _item_bytes(kind: str) -> int:
    """Of a storage; one that has no kind of number is counted in bytes."""
    known: Any = getattr(torch, kind.rpartition(".")[2], None)
    return known.dtype.itemsize if hasattr(known, "dtype") else 1


def _growing(kind: str) -> Callable[[_Walk, object], None]:
    return lambda walk, _: walk.push(_Growing(kind, []))


def _pushing(value: object) -> Callable[[_Walk, object], None]:
    return lambda walk, _: walk.push(value)


_Step = Callable[[_Walk, Any], None]

# What torch's reader knows, and nothing else of what a pickle can say.
_NAMED: dict[str, _Step] = {
    "PROTO": lambda walk, _: None,
    "GLOBAL": _Walk.look_up,
    "MARK": lambda walk, _: walk.mark(),
    "BINPUT": _Walk.put,
    "LONG_BINPUT": _Walk.put,
    "BINGET": _Walk.get,
    "LONG_BINGET": _Walk.get,
    "TUPLE": lambda walk, _: walk.pack(None),
    "TUPLE1": lambda walk, _: walk.pack(1),
    "TUPLE2": lambda walk, _: walk.pack(2),
    "TUPLE3": lambda walk, _: walk.pack(3),
    "EMPTY_TUPLE": lambda walk, _: walk.pack(0),
    "EMPTY_LIST": _growing("list"),
    "EMPTY_DICT": _growing("dict"),
    "EMPTY_SET": _growing("set"),
    "APPEND": lambda walk, _: walk.append(False),
    "APPENDS": lambda walk, _: walk.append(True),
    "SETITEM": lambda walk, _: walk.enter(False),
    "SETITEMS": lambda walk, _: walk.enter(True),
    "REDUCE": lambda walk, _: walk.call(),
    "NEWOBJ": lambda walk, _: walk.call(),
    "BUILD": lambda walk, _: walk.build(),
    "BINPERSID": lambda walk, _: walk.store(),
    "NONE": _pushing(None),
    "NEWTRUE": _pushing(True),
    "NEWFALSE": _pushing(False),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING"), _Walk.push),
}
# By the letter of an instruction: what it does, and how what follows it is read.
_STEPS: dict[bytes, tuple[_Step, Callable[[BinaryIO], Any] | None]] = {
    each.code.encode("latin-1"): (_NAMED[each.name], each.arg.reader if each.arg else None)
    for each in pickletools.opcodes
    if each.name in _NAMED
}
