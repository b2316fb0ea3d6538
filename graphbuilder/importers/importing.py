"""The whole road of an import: read, written as a spec, read again, given the model's weights, compared, saved.

Nothing is written before all of that has gone well.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphbuilder.compiler import Network, check_text
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import ImportDiffers, InputLayout
from graphbuilder.files import temporary
from graphbuilder.importers import telling
from graphbuilder.importers.mapping import mapping
from graphbuilder.importers.saving import save
from graphbuilder.importers.spec import written
from graphbuilder.importers.traced import Folded, Source, Traced, size_of
from graphbuilder.ir import Layout
from graphbuilder.ops.guards import counted
from graphbuilder.spec.names import PATTERN

# An axis of a batch of images that holds places, wherever the channels are.
_ROWS = 2

# The words of a spec for it.
LAYOUTS: Mapping[str, Layout] = {"channels_first": "first", "channels_last": "last"}

if TYPE_CHECKING:
    from torch import Tensor, nn

    from graphbuilder.weights.load import Fit


@dataclass(frozen=True)
class Imported:
    """A model as a spec.

    Attributes:
        name: the spec's.
        source: whose model it was.
        text: the spec.
        mapping: the mapping of the model's names, as text; None where they are the spec's own.
        network: the spec, checked.
        blocks: how many blocks it has.
        repeats: how many of its steps are repeats.
        told: what it does otherwise than the model, by what a report calls it.
        difference: of its answers from the model's, relative to their scale; None where nothing was run.
        tensors: reads the weights, where there are any.
    """

    name: str
    source: Source
    text: str
    mapping: str | None
    network: Network
    blocks: int
    repeats: int
    told: Mapping[str, str]
    difference: float | None = None
    tensors: Callable[[], Mapping[str, Tensor]] | None = None

    def weights(self) -> Mapping[str, Tensor] | None:
        """The model's weights by the spec's names; None where it was imported without (the JSON of a config).

        Raises:
            CompileError: when the file that it was imported from has gone, or changed.
        """
        return self.tensors() if self.tensors else None

    def save(self, *outputs: str | Path) -> list[Path]:
        """Write all of ``outputs``, or none; the files that were written.

        Args:
            outputs: ``x.toml`` for the spec, with its mapping in the folder ``weights`` beside it; ``x.safetensors``
                for the weights by the spec's names; ``"x/"`` for a folder of ``spec.toml``, ``weights.safetensors``
                and the mapping, ``names.toml``.

        Raises:
            CompileError: when one cannot be written, GB802 where there are no weights to write.
        """
        return save(self, [*map(str, outputs)])


def from_keras(model: str | Path | Any, name: str | None = None, shapes: Sequence[Sequence[int]] = ()) -> Imported:
    """The model in a Keras file: ``.keras``, a whole model's ``.h5``, or the JSON of ``model.to_json()``.

    For a file Keras is not needed, and no code run. A live model is compared with its spec on random numbers.

    Args:
        model: the path of a file, or a Keras model.
        shapes: of the inputs in order, channels first and without the batch, where the file leaves sizes open or
            another is wanted.
        name: what the spec is called; the model's name unless given.

    Raises:
        CompileError: GB801 with every layer that cannot be expressed, GB802 for a file that holds no model,
            GB805 when its weights do not fit, or a live model's answers differ.
    """
    return _from_file(model, name, shapes) if isinstance(model, str | Path) else _from_live(model, name, shapes)


def _from_live(model: Any, name: str | None, shapes: Sequence[Sequence[int]]) -> Imported:
    from graphbuilder.importers.keras.files import refused
    from graphbuilder.importers.torch.keras_answers import difference

    if not (hasattr(model, "predict") and hasattr(model, "save")):
        raise refused(f"a {type(model).__name__}", "it is no path of a file, and no Keras model")

    def imported(other: Any) -> Imported:
        with temporary({}) as folder:
            other.save(folder / f"{model.name}.keras")
            found = _from_file(folder / f"{model.name}.keras", name, shapes)
            # The file is gone when they are asked for.
            weights = found.weights() or {}
        return replace(found, tensors=lambda: weights)

    def again(other: Any) -> tuple[Network, Mapping[str, Tensor]]:
        found = imported(other)
        return found.network, found.weights() or {}

    found = imported(model)
    return replace(found, difference=difference(model, found.network, found.weights() or {}, again))


def _from_file(path: str | Path, name: str | None, shapes: Sequence[Sequence[int]]) -> Imported:
    from graphbuilder.importers.keras import holds_weights, read

    traced = read(path, shapes)
    found = _imported(traced, _name(name or traced.name), f"{Path(path).name}, a Keras model")
    if not holds_weights(path):
        return found
    _check_weights(found, path)
    return replace(found, tensors=partial(_weights, found, path))


def from_torch(
    model: nn.Module,
    *example: Tensor | tuple[Tensor, ...],
    name: str | None = None,
    layout: str | Sequence[str] = "channels_first",
) -> Imported:
    """A torch module as it is in evaluation, with its dropout, and the answers of both compared; it is left as it was.

    What it gives in training alone becomes an output of training.

    Args:
        example: an input for each argument of ``forward``, with a batch in front, or a tuple of them.
        name: what the spec is called; the class's name unless given.
        layout: which axis of the inputs holds the channels, in the words of a spec: "channels_last" for images
            (N, H, W, C) and tokens (N, L, C); a list has a word for each input.

    Raises:
        CompileError: GB801 with every call that cannot be expressed, GB804 for a module that cannot be traced, GB805
            when the answers differ, GB806 for a layout that an input cannot have, GB807 where they differ for other
            numbers of samples alone.
    """
    from graphbuilder.importers.torch import Beside, Places, in_single, plain, proven, read, several, unwrapped, weights

    given = [tensor for each in example for tensor in (each if isinstance(each, tuple) else (each,))]
    layouts = _layouts(layout, given)
    model, changed, pruned = plain(unwrapped(model))
    model, inputs, precision = in_single(model, given)
    shown = several(model, inputs)
    traced = read(model, shown, layouts)
    lost = {"parametrised": changed, "held at zero, where they are pruned": pruned}
    hows = tuple(f"how the weights of {counted(many, 'layer')} are {how}" for how, many in lost.items() if many)
    traced = replace(traced, dropped=(*traced.dropped, *hows))
    kind = f"{type(model).__module__.partition('.')[0]}'s {type(model).__name__}"
    write = partial(_imported, name=_name(name or traced.name), origin=f"{kind}, a torch module")
    found = _sized(traced, write, model, shown)
    beside = Beside(found.network, found.mapping, model, traced.folded)
    proof = proven(beside, model, inputs, shown, Places(model, layouts, write))
    if not any((traced.dropped, traced.training, traced.otherwise)) and (said := beside.trained(shown)):
        found = _sized(replace(traced, otherwise=(said,)), write, model, shown)
    tensors = partial(weights, found.network, found.mapping, model, traced.folded)
    read_as = f"in single precision, where the module had {precision}" if precision else ""
    more = {"numbers": read_as, "batch": proof.batch}
    told = {**found.told, **{word: said for word, said in more.items() if said}}
    return replace(found, difference=proof.apart, tensors=tensors, told=told)


def _sized(traced: Traced, write: Callable[[Traced], Imported], model: nn.Module, inputs: Sequence[Tensor]) -> Imported:
    """The spec that answers as ``model`` does at another size too, or else one whose size is fixed.

    A trace shows one size: what is computed of it, such as the padding of TensorFlow's convolutions, is a number there.
    """
    from graphbuilder.importers.torch import elsewhere

    size = size_of(traced)
    if size is None:
        return write(traced)
    others = elsewhere(model, inputs, [*traced.inputs.values()], trains=bool(traced.training))
    if others is None:
        return write(replace(traced, fixed="the module takes no other that was tried"))
    other = size + others[0].shape[_ROWS] - inputs[0].shape[_ROWS]
    for each in (traced, replace(traced, follows=True)):
        found = write(each)
        if _answers(found, model, others, other, traced.folded):
            return found
    return write(replace(traced, fixed=f"at {other} the module does otherwise"))


def _answers(
    found: Imported, model: nn.Module, inputs: Sequence[Tensor], size: int, folded: Mapping[str, Folded]
) -> bool:
    """Whether the spec at another ``size`` answers ``inputs`` as ``model`` does."""
    from graphbuilder.importers.torch import CLOSE, Beside

    checked = check_text(found.text, params={"size": size})
    return checked.network is not None and Beside(checked.network, found.mapping, model, folded).apart(inputs) <= CLOSE


def _layouts(layout: str | Sequence[str], inputs: Sequence[Tensor]) -> list[Layout]:
    """Which axis of each input holds the channels.

    Raises:
        CompileError: GB806.
    """
    words = [layout] * len(inputs) if isinstance(layout, str) else [*layout]
    if len(words) != len(inputs):
        raise _mislaid(f"{counted(len(words), 'layout')} for {counted(len(inputs), 'input')}")
    for word, tensor in zip(words, inputs, strict=True):
        if word not in LAYOUTS:
            raise _mislaid(f"{word!r} is no layout")
        if LAYOUTS[word] == "last" and tensor.dim() < 3:
            shape = "x".join(map(str, tensor.shape[1:])) or "no size"
            raise _mislaid(f"an input of {shape} has no places besides its channels")
    return [LAYOUTS[word] for word in words]


def _mislaid(message: str) -> CompileError:
    remedy = f"give one of {' and '.join(LAYOUTS)}, for all inputs or for each"
    return CompileError((InputLayout.at(None, message, help=remedy),))


def _name(text: str) -> str:
    """``text`` as the name of a spec."""
    import re

    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()
    return name if PATTERN.fullmatch(name) else f"model_{name}"[:64].rstrip("_")


def _imported(traced: Traced, name: str, origin: str) -> Imported:
    spec = written(traced, name, origin)
    checked = check_text(spec.text, f"{name}.toml")
    if checked.network is None:
        raise CompileError(checked.diagnostics)
    rules = mapping(spec.places, traced.source, traced.ignore, f"The names of {origin}, onto those of {name}")
    told = {
        "left out": telling.without(traced),
        "unused": telling.uncalled(traced),
        "training": telling.otherwise(traced),
        "folded": telling.folded(traced),
        "size": telling.fixed(traced),
    }
    told = {word: said for word, said in told.items() if said}
    return Imported(name, traced.source, spec.text, rules, checked.network, spec.blocks, spec.repeats, told)


def _check_weights(found: Imported, path: str | Path) -> None:
    """Whether the weights in the file at ``path`` fit the spec by its mapping; none is read.

    Raises:
        CompileError: GB805 and how they do not fit, or GB402 to GB404 over the file.
    """
    with _fitting(found, path) as fit:
        if fit.diagnostics:
            message = f"the weights of {path} do not fit {found.name}"
            remedy = "give the weights that were saved with this model"
            raise CompileError((ImportDiffers.at(None, message, help=remedy), *fit.diagnostics))


def _weights(found: Imported, path: str | Path) -> Mapping[str, Tensor]:
    with _fitting(found, path) as fit:
        return fit.tensors()


@contextmanager
def _fitting(found: Imported, path: str | Path) -> Generator[Fit]:
    from graphbuilder.weights.load import fitting

    with temporary({"names.toml": found.mapping.encode()} if found.mapping else {}) as folder:
        rules = folder / "names.toml" if found.mapping else None
        with fitting(found.network.typed, (), path, rules) as fit:
            yield fit
