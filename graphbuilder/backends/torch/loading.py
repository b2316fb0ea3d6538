"""Source text as a Python module: loaded once a text, and known to whoever asks for its source.

A class of such a module can be pickled and copied: what is written is its text and name, so that a process which
never saw the text can load it. Unpickling runs the text, as unpickling runs whatever a pickle names.
"""

from __future__ import annotations

import sys
from hashlib import blake2b
from importlib.abc import InspectLoader
from importlib.util import module_from_spec, spec_from_loader
from types import CodeType, ModuleType
from typing import Any

from torch import nn


class TextLoader(InspectLoader):
    """Loads one module from its text, and gives the text to ``inspect``, tracebacks and debuggers."""

    def __init__(self, text: str, filename: str) -> None:
        self.text = text
        self.filename = filename

    def get_source(self, fullname: str) -> str:
        return self.text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.filename, "exec", dont_inherit=True)


def load(text: str) -> ModuleType:
    """The module of ``text``, named by its hash; the same object for the same text."""
    name = f"graphbuilder_{blake2b(text.encode(), digest_size=10).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    loader = TextLoader(text, f"{name}.py")
    spec = spec_from_loader(name, loader, origin=loader.filename)
    assert spec is not None
    spec.has_location = True
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, nn.Module) and each.__module__ == name:
            each.__reduce__ = _reduce
    return module


def _reduce(self: nn.Module) -> tuple[Any, ...]:
    """How pickle and copy write a module whose class no file has."""
    cls = type(self)
    return restore, (text_of(cls), cls.__qualname__), self.__getstate__()


def text_of(cls: type) -> str:
    """The text that a class was loaded from."""
    loader = sys.modules[cls.__module__].__loader__
    assert isinstance(loader, TextLoader)
    return loader.text


def restore(text: str, name: str) -> nn.Module:
    """An empty object of the class ``name`` of ``text``."""
    cls = getattr(load(text), name)
    return cls.__new__(cls)
