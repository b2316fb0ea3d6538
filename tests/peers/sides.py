"""The other side of a comparison: another library's network with random weights, its answers, and one step of training.

Weights and gradients come out as files, by the library's own names, so that our reader and our mappings are proven too.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from tests.peers.keras_2 import older
from tests.peers.makeup import silence
from tests.peers.reference import import_keras, import_timm, import_torchvision
from tests.peers.rows import CLASSES, Row

Batch = Sequence[Tensor]
Answer = list[Tensor]


class Side(Protocol):
    """A network of another library with one set of random weights."""

    def save(self, folder: Path) -> Path:
        """Its weights as a file, as its library writes them."""
        ...

    def files(self, folder: Path) -> Iterator[Path]:
        """The same in every other form that its library gives it."""
        ...

    def answer(self, batch: Batch) -> Answer:
        """Its outputs in evaluation, in double precision."""
        ...

    def step(self, batch: Batch, folder: Path) -> tuple[float, Path]:
        """The loss of one step in double precision, and a file with gradients in the places of what is trained."""
        ...


def side(row: Row, shapes: Sequence[Sequence[int]]) -> Side:
    """The reference of ``row``; ``shapes`` are those of its inputs, channels first, without the batch."""
    return KerasSide(row, shapes) if row.source.startswith("keras") else TorchSide(row, shapes)


def loss_of(answer: Answer) -> Tensor:
    """What one step of training lessens, over all outputs and all their pixels."""
    return sum((_cross_entropy(output) for output in answer), torch.zeros(()))


def outputs(answer: Any) -> Answer:
    """The tensors in what a network returns, in order."""
    if isinstance(answer, Tensor):
        return [answer]
    values = answer.values() if isinstance(answer, Mapping) else answer or ()
    return [tensor for value in values for tensor in outputs(value)]


def _cross_entropy(output: Tensor) -> Tensor:
    labels = torch.arange(output.shape[0] * output[:, 0].numel()) * 7 + 3
    target = labels[: output[:, 0].numel()].reshape(output[:, 0].shape) % output.shape[1]
    return functional.cross_entropy(output, target)


def _scales(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    return 0.5 + torch.rand(*shape, generator=generator)


def _means(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    return 0.3 * torch.randn(*shape, generator=generator)


def _kernel(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Keras's order of axes, and the variance kept behind a ReLU, so that a deep network still tells images apart."""
    return torch.randn(*shape, generator=generator) * (2 / math.prod(shape[:-1])) ** 0.5


def _depthwise_kernel(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    return torch.randn(*shape, generator=generator) / math.prod(shape[:-2]) ** 0.5


def _noise(shapes: Sequence[Sequence[int]], generator: torch.Generator) -> Batch:
    return [torch.randn(4, *shape, generator=generator) for shape in shapes]


def _shake(mean: Tensor, variance: Tensor, generator: torch.Generator) -> None:
    """Random statistics around those of a batch. Far from them all, what an image says fades on its way through."""
    mean.add_(_means(mean.shape, generator).to(mean) * variance.sqrt())
    variance.mul_(_scales(variance.shape, generator).to(variance))


# torch


class TorchSide:
    """A network of torchvision, of timm, or written by hand in torch."""

    def __init__(self, row: Row, shapes: Sequence[Sequence[int]]) -> None:
        torch.manual_seed(0)
        self._row = row
        self.model = _FACTORIES[row.source](row.function)(num_classes=CLASSES, **row.settings)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                if draw := _draw(name, tensor):
                    tensor.copy_(draw(tensor.shape, generator))
            self._see(_noise(shapes, generator))
            for norm in self._norms():
                _shake(norm.running_mean, norm.running_var, generator)

    def _norms(self) -> list[Any]:
        kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
        return [module for module in self.model.modules() if isinstance(module, kinds)]

    def _see(self, batch: Batch) -> None:
        """Make ``batch`` alone the statistics of the batch norms."""
        momenta = {norm: norm.momentum for norm in self._norms()}
        for norm in momenta:
            norm.momentum = 1.0
        self.model.train()(*batch)
        for norm, momentum in momenta.items():
            norm.momentum = momentum

    def save(self, folder: Path) -> Path:
        return self._safetensors(folder) if self._row.source == "timm" else self._pickled(folder)

    def files(self, folder: Path) -> Iterator[Path]:
        yield self._pickled(folder) if self._row.source == "timm" else self._safetensors(folder)

    def _pickled(self, folder: Path) -> Path:
        torch.save(self.model.state_dict(), folder / "weights.pth")
        return folder / "weights.pth"

    def _safetensors(self, folder: Path) -> Path:
        state = {name: tensor.contiguous() for name, tensor in self.model.state_dict().items()}
        save_file(state, folder / "weights.safetensors")
        return folder / "weights.safetensors"

    def answer(self, batch: Batch) -> Answer:
        model = deepcopy(self.model).double()
        with torch.inference_mode():
            return outputs(model.eval()(*batch))

    def step(self, batch: Batch, folder: Path) -> tuple[float, Path]:
        model = silence(deepcopy(self.model)).double().train()
        loss = loss_of(outputs(model(*(each.double() for each in batch))))
        loss.backward()
        gradients = {name: _gradient(parameter) for name, parameter in model.named_parameters()}
        # In single precision, as it is read: twice as wide, a file of a large network takes longer than the step.
        learnt = {name: each.float() for name, each in {**model.state_dict(), **gradients}.items()}
        torch.save(learnt, folder / "gradients.pth")
        return float(loss.detach()), folder / "gradients.pth"


def _draw(name: str, tensor: Tensor) -> Callable[..., Tensor] | None:
    """What a tensor is filled with that its library starts at the same number throughout; the rest is random as is."""
    if not tensor.is_floating_point() or bool(tensor.ne(tensor.flatten()[0]).any()):
        return None
    is_scale = name.endswith("running_var") or bool(tensor.flatten()[0])
    return _scales if is_scale else _means


def _gradient(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _torchvision(name: str) -> Callable[..., nn.Module]:
    return attrgetter(name)(import_torchvision().models)


def _timm(name: str) -> Callable[..., nn.Module]:
    timm = import_timm()
    return lambda **settings: timm.create_model(name, pretrained=False, **settings)


def _plain(name: str) -> Callable[..., nn.Module]:
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(f"tests.peers.plain.{module}"), function)


_FACTORIES: Mapping[str, Callable[[str], Callable[..., nn.Module]]] = {
    "torchvision": _torchvision,
    "timm": _timm,
    "plain": _plain,
}


# Keras

_DRAWS = {
    "kernel": _kernel,
    "pointwise_kernel": _kernel,
    "depthwise_kernel": _depthwise_kernel,
    "gamma": _scales,
    "moving_variance": _scales,
    "beta": _means,
    "moving_mean": _means,
    "bias": _means,
}


# Of the colours of ImageNet, what the specs of networks that prepare images have unless told otherwise.
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


def _adapt(layer: Any) -> None:
    """Give a normalisation what it would find in images, and its numbers in the precision that it computes in."""
    if layer.input_mean is None:
        layer.adapt_mean.assign(torch.tensor(_MEAN))
        layer.adapt_variance.assign(torch.tensor(_DEVIATION).square())
        layer.finalize_state()
    if layer.compute_dtype == "float64":
        deviation = torch.tensor(_DEVIATION, dtype=torch.float64)
        mean, variance = layer.input_mean or _MEAN, layer.input_variance or deviation.square()
        layer.mean = torch.as_tensor(mean, dtype=torch.float64).reshape(layer.mean.shape)
        layer.variance = torch.as_tensor(variance, dtype=torch.float64).reshape(layer.variance.shape)


class KerasSide:
    """A network of ``keras.applications`` or by hand, in as many sizes as are asked for, with one set of weights."""

    def __init__(self, row: Row, shapes: Sequence[Sequence[int]]) -> None:
        self._keras = import_keras()
        self._keras.utils.set_random_seed(0)
        self._row, self._shapes = row, shapes
        self.model = self._made(*shapes)
        generator = torch.Generator().manual_seed(0)
        for variable in self.model.weights:
            if draw := _DRAWS.get(variable.name):
                variable.assign(draw(variable.shape, generator))
        with torch.no_grad():
            self._see(_noise(shapes, generator))
            for norm in self._norms():
                _shake(norm.moving_mean.value, norm.moving_variance.value, generator)
        self._weights = self.model.get_weights()
        self._wide: dict[Sequence[int], Any] = {}

    def _norms(self) -> list[Any]:
        kind = self._keras.layers.BatchNormalization
        return [layer for layer in self.model._flatten_layers() if isinstance(layer, kind)]

    def _see(self, batch: Batch) -> None:
        """Make ``batch`` alone the statistics of the batch norms."""
        momenta = {norm: norm.momentum for norm in self._norms()}
        for norm in momenta:
            norm.momentum = 0.0
        self._outputs(self.model, batch, training=True)
        for norm, momentum in momenta.items():
            norm.momentum = momentum

    def save(self, folder: Path) -> Path:
        self.model.save(folder / "weights.keras")
        return folder / "weights.keras"

    def files(self, folder: Path) -> Iterator[Path]:
        self.model.save_weights(folder / "model.weights.h5")
        yield folder / "model.weights.h5"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that .h5 is the older format
            self.model.save(folder / "model.h5")
        yield from (older(folder / "model.h5", folder / "older.h5"), folder / "model.h5")

    def headless(self, folder: Path) -> Path:
        """A file without the head, as Keras publishes one beside the whole network."""
        model = self._made(*self._shapes, include_top=False)
        model.set_weights(self._weights[: len(model.weights)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that .h5 is the older format
            model.save(folder / "headless.h5")
        return older(folder / "headless.h5", folder / "notop.h5")

    def answer(self, batch: Batch) -> Answer:
        with self._in_double_precision():
            model = self._filled(batch[0].shape[1:])
            with torch.inference_mode():
                return self._outputs(model, batch, training=False)

    def step(self, batch: Batch, folder: Path) -> tuple[float, Path]:
        with self._in_double_precision():
            model = self._filled(shape := batch[0].shape[1:])
            loss = loss_of(self._outputs(model, [each.double() for each in batch], training=True))
        loss.backward()
        for variable in model.trainable_variables:
            variable.assign(_gradient(variable.value))
        model.save(folder / "gradients.keras")
        del self._wide[shape]
        return float(loss.detach()), folder / "gradients.keras"

    def _made(self, shape: Sequence[int], **settings: Any) -> Any:
        make: Any = getattr(self._keras.applications, self._row.function, None) or _plain(self._row.function)
        channels, *spatial = shape
        given = {"weights": None, "classes": CLASSES, "classifier_activation": None, **self._row.settings, **settings}
        model = make(input_shape=(*spatial, channels), **given)
        for layer in model._flatten_layers():
            if isinstance(layer, self._keras.layers.Dropout):
                layer.rate = 0.0  # not all of these networks have an argument for it
            if isinstance(layer, self._keras.layers.Normalization):
                _adapt(layer)
        return model

    def _filled(self, shape: Sequence[int]) -> Any:
        """The network in double precision for images of ``shape``; Keras takes longer to make one than to run it."""
        if shape not in self._wide:
            self._wide[shape] = self._made(shape)
            self._wide[shape].set_weights(self._weights)
        return self._wide[shape]

    def _outputs(self, model: Any, batch: Batch, training: bool) -> Answer:
        (image,) = batch
        return outputs(model(image.permute(0, 2, 3, 1), training=training))

    @contextmanager
    def _in_double_precision(self) -> Iterator[None]:
        """What is made here has 64 bits throughout. Keras itself narrows what some layers compute, by this table."""
        narrower = cast("Any", importlib.import_module("keras.src.backend.common.dtypes")).BIT64_TO_BIT32_DTYPE
        self._keras.config.set_dtype_policy("float64")
        before = narrower.pop("float64")
        try:
            yield
        finally:
            narrower["float64"] = before
            self._keras.config.set_dtype_policy("float32")
