"""What ``compile`` says of a module, and the files that it writes of it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from graphbuilder.cli.filled import Filled
from graphbuilder.cli.stages import Stages
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import OutputKind, OutputSuffix
from graphbuilder.diagnostics.screen import safe

if TYPE_CHECKING:
    from torch import nn

    from graphbuilder.backends.torch.trial import Trial
    from graphbuilder.compiler import Network
    from graphbuilder.ir import TensorType

SAMPLE = "a sample"


@dataclass(frozen=True)
class Built:
    """A module that ran, and how it came about."""

    network: Network
    module: nn.Module
    trial: Trial
    stages: Stages
    filled: Filled
    seed: int

    def text(self, output: str | None) -> str:
        """A few lines for a person."""
        rows = dict(self._rows())
        if output:
            rows["written"] = output
        title = f"  {safe(self.network.title)}" if self.network.title != self.network.name else ""
        return "\n".join([f"{self.network.name}{title}", *(f"  {name:<10}  {text}" for name, text in rows.items())])

    def _rows(self) -> Iterator[tuple[str, str]]:
        from graphbuilder.analysis.costs import costs
        from graphbuilder.backends.table.numbers import counted, scaled

        cost = costs(self.network.typed)
        yield "inputs", _named(self.network.inputs)
        yield "outputs", _named(self.network.outputs)
        statistics = f" (and {counted(cost.non_trainable)} running statistics)" if cost.non_trainable else ""
        yield "parameters", f"{counted(cost.trainable)}{statistics}"
        yield "MACs", f"{scaled(cost.macs)} {SAMPLE}"
        yield from self.filled.rows(self.seed)
        yield "device", f"{self.trial.device}, {self.trial.dtype}, batch {self.trial.batch}"
        yield "time", str(self.stages)

    def data(self, output: str | None) -> dict[str, Any]:
        """The same as plain values; shapes are for one sample."""
        from graphbuilder.compiler import summary

        costs = summary(self.network).data()
        known = {name: costs[name] for name in ("name", "title", "inputs", "outputs", "parameters", "macs")}
        run = {"device": self.trial.device, "dtype": self.trial.dtype, "batch": self.trial.batch}
        made = {**self.filled.data(), "seed": self.seed, "seconds": self.stages.seconds, "output": output}
        return {**known, **run, **made}


def writer_of(output: str) -> Callable[[Built, str], None]:
    """What writes an output of this suffix.

    Raises:
        CompileError: when nothing does.
    """
    if output.endswith(("/", os.sep)):
        return _write_folder
    if os.path.isdir(output):
        raise CompileError((OutputKind.at(None, f"{output} is a folder", help=f"write {output}/ to fill it"),))
    suffix = os.path.splitext(output)[1].lower()
    if suffix in _WRITERS:
        return _WRITERS[suffix]
    message = f"`compile` writes no {suffix or 'file without a suffix'}"
    remedy = ".py for source, .safetensors for weights, a path that ends in / for a folder with everything"
    raise CompileError((OutputSuffix.at(None, message, help=remedy),))


def _write_source(built: Built, output: str) -> None:
    from graphbuilder.compiler import source
    from graphbuilder.files import write_whole

    write_whole(output, source(built.network).encode())


def _write_weights(built: Built, output: str) -> None:
    from graphbuilder.weights.save import save

    save(built.module, output)


_WRITERS: Mapping[str, Callable[[Built, str], None]] = {".py": _write_source, ".safetensors": _write_weights}


def _write_folder(built: Built, output: str) -> None:
    """The expanded spec, the weights, and a manifest by which both are recognised."""
    from graphbuilder.backends.toml import expand
    from graphbuilder.files import write_folder
    from graphbuilder.weights.save import to_bytes

    files = {
        "spec.toml": expand(built.network.typed).encode(),
        "weights.safetensors": to_bytes(built.module.state_dict()),
    }
    manifest = json.dumps(_manifest(built, files), indent=2) + "\n"
    write_folder(output, {**files, "manifest.json": manifest.encode()})


def _manifest(built: Built, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": 1,
        "name": built.network.name,
        "params": dict(built.network.params),
        "seed": None if built.filled.is_whole else built.seed,
        "dtype": built.trial.dtype,
        "files": {name: {"sha256": sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()},
        "versions": {
            "graphbuilder": version("graphbuilder"),
            "python": platform.python_version(),
            "torch": version("torch"),
        },
    }


def _named(types: Mapping[str, TensorType]) -> str:
    return ", ".join(f"{name} {type_}" for name, type_ in types.items())
