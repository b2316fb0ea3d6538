"""What a module does in training and its graph in evaluation does not show: which dropouts drop, which norms learn
statistics, where gradients stop.

All of it is seen in a run of a copy without numbers, which learns nothing of it. What a spec cannot follow is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_stack
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from graphbuilder.importers.torch.modes import bare
from graphbuilder.importers.torch.modules import is_depth
from graphbuilder.importers.torch.standing import line_of, module_of
from graphbuilder.importers.torch.terms import kind_of
from graphbuilder.importers.torch.windowed import KINDS

# Functions by the kind of their calls in a graph: where they are told that they train, and whether they do unless told.
_FUNCTIONS = {
    "dropout": ("dropout", 2, True),
    **dict.fromkeys(("dropout1d", "dropout2d", "dropout3d", "feature_dropout"), ("feature_dropout", 2, True)),
    "batch_norm": ("batch_norm", 5, False),
}
_KINDS = {kind for kind, _, _ in _FUNCTIONS.values()}
# Where torch turns gradients off for whoever asks for it.
_SWITCHES = ("grad_mode.py", "_contextlib.py", "overrides.py")
# Where dropouts are told their rate, and batch norms nothing that is 0.
_RATE = 1
_TORCH = str(Path(torch.__file__).parent)


class Trained(NamedTuple):
    """Calls that are nothing in training either, what of training a spec of the others does not do, and the paths of
    the modules that are called in training, None where it does not run.
    """

    idle: Collection[Any]
    otherwise: tuple[str, ...]
    called: Collection[str] | None


def trained(model: nn.Module, example: Sequence[Tensor], nodes: Sequence[Any]) -> Trained:
    """What ``model`` does in training at those calls of a graph of it, ``nodes``, that are another thing then."""
    told = [_passing(line_of(node)) for node in nodes if _stops(node)]
    told += [f"`{path}` learns no statistics, where it averages those of all batches" for path in _averaging(model)]
    watching = _run(model, example)
    if watching is None:
        return Trained((), _once(told), None)
    told += map(_passing, watching.stopped)
    calls: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for node in nodes:
        if kind_of(node) in _KINDS and not _is_nothing(node) and node.args[_RATE] != 0:
            calls[module_of(node), kind_of(node)].append(node)
    idle: set[Any] = set()
    for key in calls.keys() | watching.found.keys():
        own, notes = calls[key], watching.found.get(key, [])
        told += [_more(*key)] if len(notes) > len(own) else []
        for node, note in zip(own, notes, strict=False) if len(own) == len(notes) else ():
            if key[1] == "batch_norm":
                told += [] if note else [_keeping(node)]
            elif not note:
                idle.add(node)
    return Trained(idle, _once(told), watching.called)


def _passing(line: str) -> str:
    return f"gradients pass {Path(line).name}, where it stops them"


def _keeping(node: Any) -> str:
    path = f"`{module_of(node)}`" if module_of(node) else f"the norm of {Path(line_of(node)).name}"
    return f"{path} takes the statistics of the batch and learns them, where it keeps them"


def _averaging(model: nn.Module) -> list[str]:
    """The paths of the norms of ``model`` that have no momentum."""
    named: list[tuple[str, Any]] = [*model.named_modules()]  # pyright: ignore[reportUnknownMemberType]
    return [path for path, each in named if isinstance(each, _BatchNorm) and each.momentum is None]


def _more(path: str, kind: str) -> str:
    what = "batch norm" if kind == "batch_norm" else "dropout"
    return f"without the {what} that {f'`{path}`' if path else 'the model'} calls in training alone"


def _once(told: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(told))


def _stops(node: Any) -> bool:
    """Whether a call stops gradients; of a constant that is made on the way there are none."""
    return kind_of(node) == "detach" and kind_of(node.args[0]) != "lift_fresh_copy" and bool(line_of(node))


def _is_nothing(node: Any) -> bool:
    """Whether a call stands for stochastic depth, or for nothing, in a module of that class."""
    around = [kind if isinstance(kind, str) else kind.__name__ for _, kind in node.meta["nn_module_stack"].values()]
    return is_depth(around[-1]) or around[-1].endswith(".Identity")


def _run(model: nn.Module, example: Sequence[Tensor]) -> _Watching | None:
    """A run of a copy of ``model`` in training; None where it does not run so."""
    try:
        copied, watching = bare(model), _Watching()
        with torch.enable_grad(), _running(copied, watching), watching:
            copied(*(each.to("meta") for each in example))
    except Exception:  # whatever the module's own code raises
        return None
    return watching


class _Watching(TorchFunctionMode):
    """Notes calls that are another thing in training, by the module that is running and their kind."""

    def __init__(self) -> None:
        super().__init__()
        self.called: set[str] = set()
        # What runs, the innermost last, and whether it is a part of what a graph has as one call.
        self._running: list[tuple[str, bool]] = []
        # Whether each call does what is done in training alone, by the module's path and the kind.
        self.found: dict[tuple[str, str], list[bool]] = defaultdict(list)
        self.stopped: list[str] = []
        # Where gradients are turned off meanwhile.
        self._line = ""

    def enter(self, path: str, module: nn.Module) -> None:
        self.called.add(path)
        is_part = type(module).__name__ in KINDS or bool(self._running and self._running[-1][1])
        self._running.append((path, is_part))

    def leave(self) -> None:
        self._running.pop()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given: dict[str, Any] = kwargs or {}
        kind, place, usual = _FUNCTIONS.get(getattr(func, "__name__", ""), ("", 0, False))
        rate = args[_RATE] if len(args) > _RATE else given.get("p", given.get("running_mean", 0.5))
        path, is_part = self._running[-1] if self._running else ("", True)
        if kind and not is_part and not (isinstance(rate, int | float) and rate == 0):
            trains = args[place] if len(args) > place else given.get("training", given.get("train", usual))
            self.found[path, kind].append(bool(trains))
        if getattr(func, "__name__", "") == "_set_grad_enabled":
            self._line = "" if args[0] else self._line or _caller()
        elif self._line and any(isinstance(each, Tensor) and each.requires_grad for each in (*args, *given.values())):
            self.stopped.append(self._line)
        return func(*args, **given)


def _caller() -> str:
    """The line of a person's code that turns gradients off; "" where torch does for itself."""
    names = [(frame.filename, frame.lineno) for frame in reversed(extract_stack())][2:]
    others = [(name, line) for name, line in names if not name.endswith(_SWITCHES)]
    name, line = others[0]
    return "" if name.startswith(_TORCH) else f"{name}:{line}"


@contextmanager
def _running(model: nn.Module, watching: _Watching) -> Generator[None]:
    """Tell ``watching`` which module of ``model`` runs meanwhile."""
    named: list[tuple[str, nn.Module]] = [*model.named_modules()]  # pyright: ignore[reportUnknownMemberType]
    paths = {each: path for path, each in named}

    def enter(module: nn.Module, _: object) -> None:
        watching.enter(paths.get(module, ""), module)

    def leave(module: nn.Module, _: object, __: object) -> None:
        watching.leave()

    handles = register_module_forward_pre_hook(enter), register_module_forward_hook(leave)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
