"""Xception's ablations in Keras, by hand: without its shortcuts, with an activation in its separable convolutions,
with another number of blocks in the middle, and narrower.

Every block is a model in the model, and called as ours is, so that a file of it needs no mapping. The numbers are those
of figure 5 of Chollet 2017; what rounds channels is torchvision's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.peers.reference import import_keras, import_torchvision


class Builder:
    def __init__(self, width: float, residual: bool, intermediate: str) -> None:
        self._keras: Any = import_keras()
        self._make = self._keras.layers
        self._width, self._residual, self._intermediate = width, residual, intermediate

    def within(self, name: str, x: Any, body: Callable[[Any], Any]) -> Any:
        inner = self._keras.Input(x.shape[1:], dtype=x.dtype)
        return self._keras.Model(inner, body(inner), name=name)(x)

    def channels(self, count: int) -> int:
        return import_torchvision().models._utils._make_divisible(count * self._width, 8)

    def convolved(self, x: Any, out: int, kernel: int, stride: int, number: str = "") -> Any:
        x = self._make.Conv2D(self.channels(out), kernel, stride, use_bias=False, name=f"conv{number}")(x)
        return self._make.BatchNormalization(name=f"batchnorm{number}")(x)

    def stem(self, x: Any) -> Any:
        x = self._make.ReLU()(self.convolved(x, 32, 3, 2))
        return self._make.ReLU()(self.convolved(x, 64, 3, 1, "_2"))

    def separable(self, x: Any, out: int) -> Any:
        x = self._make.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(x)
        if self._intermediate != "none":
            x = self._make.Activation(self._intermediate)(x)
        return self._make.Conv2D(self.channels(out), 1, use_bias=False, name="pointwise")(x)

    def unit(self, x: Any, out: int, name: str = "unit", relu: bool = True) -> Any:
        def body(x: Any) -> Any:
            x = self._make.ReLU()(x) if relu else x
            x = self.within("sepconv", x, lambda x: self.separable(x, out))
            return self._make.BatchNormalization(name="batchnorm")(x)

        return self.within(name, x, body)

    def down(self, image: Any, mid: int, out: int, relu: bool = True) -> Any:
        x = self.unit(self.unit(image, mid, relu=relu), out, "unit_2")
        x = self._make.MaxPooling2D(3, strides=2, padding="same")(x)
        if not self._residual:
            return x
        shortcut = self.within("shortcut", image, lambda x: self.convolved(x, out, 1, 2))
        return self._make.Add()([x, shortcut])

    def three(self, x: Any) -> Any:
        for number in range(3):
            x = self.unit(x, 728, str(number))
        return x

    def middle(self, image: Any) -> Any:
        x = self.within("unit", image, self.three)
        return self._make.Add()([x, image]) if self._residual else x

    def entry(self, x: Any) -> Any:
        x = self.within("stem", x, self.stem)
        x = self.within("block2", x, lambda x: self.down(x, 128, 128, relu=False))
        x = self.within("block3", x, lambda x: self.down(x, 256, 256))
        return self.within("block4", x, lambda x: self.down(x, 728, 728))

    def exit(self, x: Any) -> Any:
        x = self.within("block13", x, lambda x: self.down(x, 728, 1024))
        return self.within("block14", x, lambda x: self.unit(self.unit(x, 1536, relu=False), 2048, "unit_2"))

    def repeated(self, x: Any, count: int) -> Any:
        for number in range(count):
            x = self.within(str(number), x, self.middle)
        return x


def xception(
    input_shape: tuple[int, ...],
    classes: int,
    middle: int = 8,
    width: float = 1.0,
    residual: bool = True,
    intermediate: str = "none",
    **_: Any,
) -> Any:
    """The network; its settings are those of the paper's sections 4.6 and 4.7, and of the spec's other params."""
    keras = import_keras()
    build = Builder(width, residual, intermediate)
    image = keras.Input(input_shape)
    x = build.within("entry", image, build.entry)
    x = build.within("middle", x, lambda x: build.repeated(x, middle)) if middle else x
    x = keras.layers.ReLU()(build.within("exit", x, build.exit))
    return keras.Model(image, keras.layers.Dense(classes, name="logits")(keras.layers.GlobalAveragePooling2D()(x)))
