"""What is written of an imported model: its spec, the mapping of its names, and its weights under the spec's names."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import ModelUnreadable
from graphbuilder.diagnostics.catalogue.usage import OutputSuffix
from graphbuilder.files import Content, write_all

if TYPE_CHECKING:
    from torch import Tensor

# The folder beside a spec in which mappings are found.
_MAPPINGS = "weights"
_REMEDY = ".toml for the spec and its mapping, .safetensors for the weights, a path that ends in / for a folder of all"


class Model(Protocol):
    """What is written of; ``mapping`` is None where the model's names are the spec's own."""

    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def mapping(self) -> str | None: ...
    def weights(self) -> Mapping[str, Tensor] | None:
        """By the spec's names; None where the model came without."""
        ...


def refuse_suffix(output: str) -> None:
    """Raises:
    CompileError: GB508, when nothing is written under such a name.
    """
    if not (_is_folder(output) or output.lower().endswith((".toml", ".safetensors"))):
        raise CompileError((OutputSuffix.at(None, f"`import` writes no {output}", help=_REMEDY),))


def save(model: Model, outputs: Sequence[str]) -> list[Path]:
    """Write all of ``outputs``, or none; the files.

    Raises:
        CompileError: GB508, GB802 where weights are asked for and there are none, or as ``write_all`` does.
    """
    contents: dict[str | os.PathLike[str], Content] = {}
    for output in outputs:
        refuse_suffix(output)
        contents |= _contents(model, output)
    with ExitStack() as made:
        for file in map(Path, contents):
            if file.parent.name == _MAPPINGS:
                made.enter_context(_made(file.parent))
        write_all(contents)
    return [path for output, content in contents.items() for path in _paths(Path(output), content)]


@contextmanager
def _made(folder: Path) -> Generator[None]:
    """Make the folder of mappings, and leave none that was made for nothing. Why it cannot be made, writing tells."""
    new = False
    with suppress(OSError):
        folder.mkdir()
        new = True
    try:
        yield
    except BaseException:
        with suppress(OSError):
            folder.rmdir() if new else None
        raise


def mapping_path(spec: Path, source: str) -> Path:
    """Where the mapping of a spec's names lies, so that it is found by itself."""
    return spec.parent / _MAPPINGS / f"{spec.stem}.{source}.toml"


def _contents(model: Model, output: str) -> dict[str | os.PathLike[str], Content]:
    if _is_folder(output):
        names = {"names.toml": model.mapping.encode()} if model.mapping else {}
        tensors = model.weights()
        weights = {"weights.safetensors": _bytes(tensors)} if tensors is not None else {}
        return {output: {"spec.toml": model.text.encode(), **names, **weights}}
    if output.lower().endswith(".toml"):
        spec = Path(output)
        mapping = {mapping_path(spec, model.source): model.mapping.encode()} if model.mapping else {}
        return {spec: model.text.encode(), **mapping}
    tensors = model.weights()
    if tensors is None:
        message = f"there are no weights of {model.name} to write to {output}"
        help_ = "import the .keras file: a config alone has none"
        raise CompileError((ModelUnreadable.at(None, message, help=help_),))
    return {output: _bytes(tensors)}


def _bytes(tensors: Mapping[str, Tensor]) -> bytes:
    from graphbuilder.weights.save import to_bytes

    return to_bytes(tensors)


def _paths(output: Path, content: Content) -> list[Path]:
    return [output] if isinstance(content, bytes) else [output / name for name in content]


def _is_folder(output: str) -> bool:
    return output.endswith(("/", os.sep))
