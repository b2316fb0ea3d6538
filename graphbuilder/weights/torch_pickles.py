"""What reading a pickle of torch would cost, by a walk over its instructions that makes and calls nothing.

torch's reader of tensors calls the few functions that it permits as often as a pickle asks for, with what the pickle
names again in two bytes: a call can copy a long list, a key can be a tuple that unfolds without end. Refused is what
would take more than a file of its size has, and every call that no file of plain tensors makes.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import torch

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.weights import WeightsOversized, WeightsUnsafe
from graphbuilder.weights.checkpoint import refusal

PLAIN = "save the state_dict alone, or better as safetensors"
# What may be copied or hashed for each instruction, and in a file of few.
_SHARE = 8
_LEAST = 100_000
# Python hashes a tuple in a tuple by going deeper, without a limit of its own.
_DEEPEST = 50
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
_CALLED = frozenset((_DICT, *_SETS, *_REBUILT, _SIZE, _TYPED, _PARAMETER, "torch.device", *_COMPLEX))


class _Global(str):
    """What is looked up by its name."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Tuple:
    """
    Attributes:
        size: how many values it has if each is counted as often as it is there.
        depth: of tuples in each other.
    """

    items: tuple[object, ...]
    size: int
    depth: int


@dataclass(frozen=True, slots=True, eq=False)
class _Growing:
    """What later instructions may fill: a list by its items, a table by its keys, any other object by none."""

    kind: str
    items: list[object]


def refuse_costly(path: str, file: BinaryIO, size: int) -> None:
    """Refuse what takes more than a file of ``size`` bytes has; ``file`` was written by torch before 1.6.

    Raises:
        CompileError: GB403, GB404.
        ValueError, LookupError: where the instructions make no sense.
    """
    walk = _Walk(path, size)
    read = [walk.follow(file) for _ in range(_OLDER)]
    if not all(isinstance(each, int) for each in read[:2]):
        raise ValueError("no number of a version")


def refuse_costly_record(path: str, record: bytes, size: int) -> None:
    """The same for the one pickle of an archive of ``size`` bytes.

    Raises:
        CompileError: GB403, GB404.
        ValueError, LookupError: where the instructions make no sense.
    """
    _Walk(path, size).follow(record)


def not_only_tensors(path: str) -> CompileError:
    """The error that ends the reading of a pickle that calls more than makes tensors."""
    return refusal(WeightsUnsafe, f"{path} holds Python objects, not only tensors", PLAIN)


class _Walk:
    def __init__(self, path: str, size: int) -> None:
        self._path, self._room, self._left = path, size, _LEAST
        self._stored: set[str] = set()
        self._stack: list[object] = []
        self._below: list[list[object]] = []
        self._memo: dict[int, object] = {}

    def follow(self, code: BinaryIO | bytes) -> object:
        """To the end of one pickle; what it leaves."""
        self._stack, self._below, self._memo = [], [], {}
        for opcode, argument, _ in pickletools.genops(code):
            self._left += _SHARE
            if opcode.name == "STOP":
                return self._stack.pop()
            _STEPS[opcode.name](self, argument)
        raise ValueError("no end")

    def push(self, value: object) -> None:
        self._stack.append(value)

    def look_up(self, name: str) -> None:
        self.push(_Global(name.replace(" ", ".")))

    def mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def put(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def get(self, place: int) -> None:
        value = self._memo[place]
        self._charge(_size(value))
        self.push(value)

    def pack(self, count: int | None) -> None:
        items = self._marked() if count is None else [self._stack.pop() for _ in range(count)][::-1]
        depth = 1 + max((item.depth for item in items if isinstance(item, _Tuple)), default=0)
        if depth > _DEEPEST:
            raise ValueError("tuples in each other")
        self.push(_Tuple(tuple(items), 1 + sum(map(_size, items)), depth))

    def append(self, several: bool) -> None:
        items = self._marked() if several else [self._stack.pop()]
        self._growing("list").items.extend(items)

    def enter(self, several: bool) -> None:
        items = self._marked() if several else [self._stack.pop(), self._stack.pop()][::-1]
        keys = items[::2]
        if any(isinstance(key, _Growing) for key in keys):
            raise ValueError("no key")
        self._charge(sum(map(_size, keys)))
        self._growing("dict").items.extend(keys)

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
        self.push(_made(function, arguments.items))

    def build(self) -> None:
        state = self._stack.pop()
        parts = state.items if isinstance(state, _Tuple) else (state,)
        if not all(part is None or (isinstance(part, _Growing) and part.kind == "dict") for part in parts):
            raise ValueError("no state")
        self._charge(_weight(state))

    def _marked(self) -> list[object]:
        items, self._stack = self._stack, self._below.pop()
        return items

    def _growing(self, kind: str) -> _Growing:
        value = self._stack[-1]
        if not isinstance(value, _Growing) or value.kind != kind:
            raise ValueError(f"no {kind}")
        return value

    def _charge(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise refusal(WeightsUnsafe, f"{self._path} takes the same values again and again", PLAIN)


def _size(value: object) -> int:
    return value.size if isinstance(value, _Tuple) else 1


def _nested(value: object) -> bool:
    """Whether there is more in it than names and numbers."""
    if isinstance(value, _Tuple):
        return any(isinstance(item, _Tuple | _Growing) for item in value.items)
    return isinstance(value, _Growing)


def _weight(value: object) -> int:
    """What a call that copies it copies at most."""
    if isinstance(value, _Tuple):
        return 1 + sum(map(_weight, value.items))
    return 1 + len(value.items) if isinstance(value, _Growing) else 1


def _made(function: str, arguments: tuple[object, ...]) -> object:
    """What a call leaves, as far as it matters."""
    if function == _SIZE:
        return _Tuple(arguments, 1 + sum(map(_weight, arguments)), 1)
    if function not in (_DICT, *_SETS):
        return _Growing("object", [])
    keys = [_key(item) if function == _DICT else item for item in _listed(arguments)]
    if any(isinstance(key, _Tuple | _Growing) for key in keys):
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
    if not isinstance(pair, _Tuple | _Growing):
        raise ValueError("no pair")
    return pair.items[0]


def _item_bytes(kind: str) -> int:
    """Of a storage; one that has no kind of number is counted in bytes."""
    known: Any = getattr(torch, kind.rpartition(".")[2], None)
    return known.dtype.itemsize if hasattr(known, "dtype") else 1


def _growing(kind: str) -> Callable[[_Walk, object], None]:
    return lambda walk, _: walk.push(_Growing(kind, []))


def _pushing(value: object) -> Callable[[_Walk, object], None]:
    return lambda walk, _: walk.push(value)


# What torch's reader knows, and nothing else of what a pickle can say.
_STEPS: dict[str, Callable[[_Walk, Any], None]] = {
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
