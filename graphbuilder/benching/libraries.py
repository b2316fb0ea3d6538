"""Models of libraries, with weights of their own: timm, torchvision and Keras."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from graphbuilder.backends.torch.chosen import DTYPES
from graphbuilder.benching.given import Given, Ready, channels_last, laid_out, settle
from graphbuilder.benching.missing import imported, unfit

# What a library calls the network of a spec, where it is not the spec's own name.
NAMES: Mapping[str, Mapping[str, str]] = {
    "timm": {
        "xception": "legacy_xception",
        "xception_pytorch": "legacy_xception",
        "mobilenet_v1": "mobilenetv1_100",
        "mobilenet_v2": "mobilenetv2_100",
        "mobilenet_v2_keras": "mobilenetv2_100",
        "mobilenet_v3_large": "mobilenetv3_large_100",
        "efficientnet_b0_keras": "efficientnet_b0",
        "vit_b_16": "vit_base_patch16_224",
        "swin_t": "swin_tiny_patch4_window7_224",
    },
    "torchvision": {
        "inception_v3_torchvision": "inception_v3",
        "mobilenet_v2_keras": "mobilenet_v2",
        "efficientnet_b0_keras": "efficientnet_b0",
    },
    "keras": {
        "xception": "Xception",
        "inception_v3": "InceptionV3",
        "inception_v3_torchvision": "InceptionV3",
        "vgg16": "VGG16",
        "resnet50": "ResNet50",
        "mobilenet_v1": "MobileNet",
        "mobilenet_v2": "MobileNetV2",
        "mobilenet_v2_keras": "MobileNetV2",
        "efficientnet_b0": "EfficientNetB0",
        "efficientnet_b0_keras": "EfficientNetB0",
        "densenet121": "DenseNet121",
        "convnext_tiny": "ConvNeXtTiny",
    },
}


class OfKeras(NamedTuple):
    """A model of Keras's, the backend that it is on, and the batch with channels last."""

    network: Any
    library: Any
    name: str
    backend: str
    image: Tensor


def model_of(library: str, spec: str, model: str) -> str:
    """The model of ``library`` that is asked for, or the one that the spec of this name is known to be.

    Raises:
        CompileError: GB709 where the library is not installed, GB710 where it has no such model.
    """
    name = model or NAMES[library].get(spec, spec)
    if name in _MODELS[library]():
        return name
    raise unfit(library, f"it has no model {name!r}", f"name one: --vs {library}:NAME")


def timm(given: Given, model: str) -> Ready:
    """A model of timm, its maps with channels last."""
    return _of_torch(*of_timm(given, model), given)


def torchvision(given: Given, model: str) -> Ready:
    """A model of torchvision, its maps with channels last."""
    return _of_torch(*of_torchvision(given, model), given)


def keras(given: Given, model: str) -> Ready:
    """A model of ``keras.applications`` on the backend that KERAS_BACKEND names, torch unless it does."""
    network, library, name, backend, image = of_keras(given, model, given.dtype)
    _settle_keras(network, library, image)

    def on_torch() -> object:
        with torch.no_grad():
            return network(image, training=False)

    if backend == "torch":
        return Ready(on_torch, f"{name} on torch", same=False)
    numbers = image.float().cpu().numpy()
    return Ready(lambda: network.predict_on_batch(numbers), f"{name} on {backend}", same=False)


def of_timm(given: Given, model: str) -> tuple[nn.Module, str]:
    """The module of timm's, and its name."""
    name = model_of("timm", given.network.name, model)
    library = imported("timm", "timm")
    _image("timm", given)
    return library.create_model(name), name


def of_torchvision(given: Given, model: str) -> tuple[nn.Module, str]:
    """The module of torchvision's, and its name."""
    name = model_of("torchvision", given.network.name, model)
    library = imported("torchvision", "torchvision.models", "torchvision")
    _image("torchvision", given)
    return library.get_model(name, weights=None), name


def of_keras(given: Given, model: str, policy: str) -> OfKeras:
    """The model of ``keras.applications`` under a policy of types."""
    name = model_of("keras", given.network.name, model)
    library = _keras()
    image = _image("keras", given).permute(0, 2, 3, 1).contiguous()
    before = library.config.dtype_policy()
    library.config.set_dtype_policy(policy)
    try:
        network = getattr(library.applications, name)(weights=None, input_shape=tuple(image.shape[1:]))
    finally:
        library.config.set_dtype_policy(before)
    return OfKeras(network, library, name, library.backend.backend(), image)


def _settle_keras(network: Any, library: Any, image: Tensor) -> None:
    """The statistics of the batch in all norms, as for every other contender."""
    norms = [layer for layer in network.layers if isinstance(layer, library.layers.BatchNormalization)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    with torch.no_grad():
        network(library.ops.convert_to_tensor(image[:4].float().cpu().numpy()), training=True)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


def _of_torch(module: nn.Module, name: str, given: Given) -> Ready:
    image = _image(name, given)
    settle(module, [torch.randn(4, *image.shape[1:])])
    last = channels_last(module.eval().requires_grad_(False).to(given.place, DTYPES[given.dtype]))
    batch = laid_out(image)

    def run() -> object:
        with torch.inference_mode():
            return last(batch)

    return Ready(run, f"{name}, channels last", same=False)


def _keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return imported("keras", "keras")


_MODELS: Mapping[str, Callable[[], Collection[str]]] = {
    "timm": lambda: imported("timm", "timm").list_models(),
    "torchvision": lambda: imported("torchvision", "torchvision.models", "torchvision").list_models(),
    "keras": lambda: [each for each in dir(_keras().applications) if each[0].isupper()],
}


def _image(library: str, given: Given) -> Tensor:
    (first, *others) = given.inputs
    if others or first.dim() != 4:
        raise unfit(library, "its models read one image, and this network does not", f"leave {library} out of --vs")
    return first
