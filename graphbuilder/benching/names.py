"""The names of those that a network can be measured beside; who they are stands in ``contenders``, which has torch."""

CONTENDERS = ("torch", "compile", "timm", "torchvision", "keras", "onnxruntime", "openvino")
