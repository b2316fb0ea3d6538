"""What ``compile`` says of a module, and the files that it writes of it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from itertools import product
from pathlib import Path
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
    from graphbuilder.files import Content
    from graphbuilder.tuning.tune import Tuning

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
    tuning: Tuning | None = None

    def text(self, written: Sequence[str]) -> str:
        """A few lines for a person."""
        rows = dict(self._rows())
        if written:
            rows["written"] = ", ".join(map(safe, written))
        called = dict.fromkeys((safe(self.network.name), safe(self.network.title)))
        lines = ["  ".join(called), *(f"  {name:<10}  {text}" for name, text in rows.items())]
        return "\n".join([*lines, *(["", str(self.tuning.plan)] if self.tuning else [])])

    def _rows(self) -> Iterator[tuple[str, str]]:
        from graphbuilder.analysis.costs import costs
        from graphbuilder.backends.table.numbers import counted, scaled
        from graphbuilder.backends.table.rows import named

        cost = costs(self.network.typed)
        yield "inputs", named(self.network.inputs)
        yield "outputs", named(self.network.outputs, self.network.typed.graph.training)
        statistics = f" (and {counted(cost.non_trainable)} running statistics)" if cost.non_trainable else ""
        yield "parameters", f"{counted(cost.trainable)}{statistics}"
        yield "MACs", f"{scaled(cost.macs)} {SAMPLE}"
        yield from self.filled.rows(self.seed)
        yield "device", f"{self.trial.device}, {self.trial.dtype}, batch {self.trial.batch}"
        if self.tuning:
            yield "runs by", "; ".join((f"{self.tuning.plan.way} ({self.tuning.source})", *self.tuning.notes))
        yield "time", str(self.stages)

    def data(self, written: Sequence[str]) -> dict[str, Any]:
        """The same as plain values; shapes are for one sample."""
        from graphbuilder.compiler import summary

        costs = summary(self.network).data()
        names = ("name", "title", "inputs", "outputs", "training_only", "parameters", "macs")
        known = {name: costs[name] for name in names if name in costs}
        run = {"device": self.trial.device, "dtype": self.trial.dtype, "batch": self.trial.batch}
        made = {**self.filled.data(), "seed": self.seed, "seconds": self.stages.seconds, "written": list(written)}
        return {**known, **run, **made, **self._tuning()}

    def _tuning(self) -> dict[str, Any]:
        if self.tuning is None:
            return {}
        return {"tuning": {**self.tuning.plan.data(), "source": self.tuning.source, "notes": list(self.tuning.notes)}}


def contents_of(outputs: Sequence[str]) -> Mapping[str, Callable[[Built], Content]]:
    """What makes the content of each output, by its suffix.

    Raises:
        CompileError: when nothing does, or one output would lie in another.
    """
    made = {output: _content_of(output) for output in outputs}
    folders = [output for output in outputs if is_folder(output)]
    for output, folder in product(outputs, folders):
        if Path(os.path.realpath(folder)) in Path(os.path.realpath(output)).parents:
            message = f"{output} lies in {folder}, which is written whole"
            raise CompileError((OutputKind.at(None, message, help="write it beside the folder"),))
    return made


def _content_of(output: str) -> Callable[[Built], Content]:
    if is_folder(output):
        return _folder
    if os.path.isdir(output):
        raise CompileError((OutputKind.at(None, f"{output} is a folder", help=f"write {output}/ to fill it"),))
    suffix = os.path.splitext(output)[1].lower()
    if suffix in _CONTENTS:
        return _CONTENTS[suffix]
    message = f"`compile` writes no {suffix or 'file without a suffix'}"
    remedy = ".py for source, .safetensors for weights, a path that ends in / for a folder with everything"
    raise CompileError((OutputSuffix.at(None, message, help=remedy),))


def is_folder(output: str) -> bool:
    """Whether a path asks for a folder with everything."""
    return output.endswith(("/", os.sep))


def _source(built: Built) -> bytes:
    from graphbuilder.compiler import source

    return source(built.network).encode()


def _weights(built: Built) -> bytes:
    from graphbuilder.weights.save import to_bytes

    return to_bytes(built.module.state_dict())


_CONTENTS: Mapping[str, Callable[[Built], bytes]] = {".py": _source, ".safetensors": _weights}


def _folder(built: Built) -> dict[str, bytes]:
    """The source, the weights, the expanded spec, and a manifest by which they are recognised."""
    from graphbuilder.compiler import expand

    files = {
        "model.py": _source(built),
        "weights.safetensors": _weights(built),
        "spec.toml": expand(built.network).encode(),
    }
    manifest = json.dumps(_manifest(built, files), indent=2) + "\n"
    return {**files, "manifest.json": manifest.encode()}


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
