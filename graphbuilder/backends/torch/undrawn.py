"""Modules whose weights are drawn when somebody first looks, or never where all are loaded before.

Nothing can be read of such a module but through the module that stands for the network: no one else has its parts
before they were asked for here. So the first attribute that is asked for fills every tensor, and gives the object its
plain class, with which it is what it would have been at once: parameters are torch's own, in their own memory from the
start. What is no look: ``eval()``, ``training``, ``isinstance``, and ``load_state_dict`` of all of the network.

On the CPU only: what fills another device's memory would have to know its streams and captures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from threading import Lock, RLock, Thread
from typing import TYPE_CHECKING, Any, Self

from torch import Tensor, nn

from graphbuilder.backends.torch.memory import memory_coded

if TYPE_CHECKING:
    _Base = nn.Module
else:
    _Base = object

Shapes = Mapping[str, tuple[int, ...]]

_PENDING = "_undrawn"
# What a network is made ready with before its weights are loaded, and that hands out no part of it.
_UNSEEING = frozenset(("eval", "load_state_dict", "training"))


@dataclass(slots=True)
class _Pending:
    """What is still to be done.

    Attributes:
        fill: fills every tensor as the network was built, whatever they hold.
        wholes: the tensors' shapes by name; where all of one of these are loaded, nothing is left to draw.
        lock: held by the one thread that looks.
        filling: held by the one thread that fills.
        filled: whether that is done.
    """

    fill: Callable[[], None]
    wholes: tuple[Shapes, ...]
    lock: RLock
    filling: Lock = field(default_factory=Lock)
    filled: bool = False

    def fill_once(self) -> None:
        with self.filling:
            if not self.filled:
                self.fill()
                self.filled = True


class Undrawn(_Base):
    """What the class of an unfilled module has over its plain one."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":  # what ``isinstance`` reads
            return _plain(self)
        if name not in _UNSEEING:
            _settle(self)
        return object.__getattribute__(self, name)

    def eval(self) -> Self:
        """As torch's own, which would ask for parts."""
        for child in _fields(self)["_modules"].values():
            child.eval()
        _fields(self)["training"] = False
        return self

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Torch's own; draws nothing where ``state_dict`` has every tensor, and all where loading fails."""
        loading = partial(_plain(self).load_state_dict, self, state_dict, *args, **kwargs)
        pending: _Pending | None = _fields(self).get(_PENDING)
        if pending is None or not any(_is_whole(state_dict, whole) for whole in pending.wholes):
            _settle(self)
            return loading()
        with pending.lock:
            return _loaded(self, pending, loading)


def undrawn(module: nn.Module, fill: Callable[[], None], *wholes: Shapes) -> nn.Module:
    """``module``, whose memory ``fill`` fills at the first look; the same object.

    ``fill`` is run in a thread of its own, out of reach of the modes that are on where the look is.

    Args:
        wholes: shapes by name of what ``load_state_dict`` takes, in full; there may be several forms of it.
    """
    plain = type(module)
    _fields(module)[_PENDING] = _Pending(fill, wholes, RLock())
    object.__setattr__(module, "__class__", _undrawn(plain))
    return module


@cache
def _undrawn(plain: type[nn.Module]) -> type[nn.Module]:
    # Who asks for its type and not for its class is told the same name.
    named = {"__module__": plain.__module__, "__qualname__": plain.__qualname__, "__doc__": plain.__doc__}
    return type(plain.__name__, (Undrawn, plain), named)


def _plain(module: nn.Module) -> type[nn.Module]:
    """The class that it has, or will have."""
    cls = type(module)
    return cls.__bases__[1] if issubclass(cls, Undrawn) else cls


def _fields(module: nn.Module) -> dict[str, Any]:
    return object.__getattribute__(module, "__dict__")


def _settle(module: nn.Module) -> None:
    pending: _Pending | None = _fields(module).get(_PENDING)
    if pending is None:
        return
    with pending.lock:
        if _PENDING in _fields(module):
            _run(pending)
            _release(module)


def _release(module: nn.Module) -> None:
    # A handler of signals that looked in the meantime has done so already.
    _fields(module).pop(_PENDING, None)
    object.__setattr__(module, "__class__", _plain(module))


def _loaded(module: nn.Module, pending: _Pending, loading: Callable[[], Any]) -> Any:
    """What ``loading`` gives, which fills everything."""
    if _PENDING not in _fields(module):  # another thread was faster
        return loading()
    _release(module)
    try:
        return loading()
    except BaseException:
        _run(pending)
        raise


def _run(pending: _Pending) -> None:
    """Fill everything. A handler of signals may come here from within: its thread waits for the first."""
    errors = list[BaseException]()

    def fill() -> None:
        try:
            pending.fill_once()
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=fill)
    thread.start()
    thread.join()
    with memory_coded("draw the weights"):
        for error in errors:
            raise error


def _is_whole(state: Mapping[str, Any], whole: Shapes) -> bool:
    """Whether ``state`` has these tensors and no others: anything else is torch's to refuse, of a drawn module."""
    found = {name: tuple(tensor.shape) for name, tensor in state.items() if isinstance(tensor, Tensor)}
    return found == whole
