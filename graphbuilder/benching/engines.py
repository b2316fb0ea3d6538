"""Engines that run a network which torch wrote for them, with the same weights: ONNX Runtime and OpenVINO."""

from __future__ import annotations

from graphbuilder.backends.torch.engines.onnxruntime import session_of
from graphbuilder.backends.torch.engines.openvino import request_of
from graphbuilder.benching.given import Given, Ready
from graphbuilder.benching.missing import imported, unfit


def onnxruntime(given: Given, form: str) -> Ready:
    """ONNX Runtime on the CPU, all its optimisations on."""
    _refuse("onnxruntime", form)
    for needed in ("onnxruntime", "onnx", "onnxscript"):
        imported("onnxruntime", needed)
    if given.dtype != "float32" or given.place.type != "cpu":
        raise unfit("onnxruntime", "it is measured on the CPU in float32 alone", "leave onnxruntime out of --vs")
    session = session_of(given.plain(), given.inputs)
    names = [each.name for each in session.get_inputs()]
    feed = {name: each.numpy() for name, each in zip(names, given.inputs, strict=True)}
    return Ready(lambda: session.run(None, feed))


def openvino(given: Given, form: str) -> Ready:
    """OpenVINO on the CPU, tuned for latency, its arithmetic in the type of the case."""
    _refuse("openvino", form)
    imported("openvino", "openvino")
    if given.dtype == "float16" or given.place.type != "cpu":
        raise unfit("openvino", "it is measured on the CPU in float32 and bfloat16", "leave openvino out of --vs")
    request = request_of(given.plain(), given.inputs)
    feed = {number: each.float().numpy() for number, each in enumerate(given.inputs)}
    return Ready(lambda: list(request.infer(feed, share_inputs=True).values()))


def _refuse(name: str, form: str) -> None:
    if form:
        raise unfit(name, f"it has no form {form!r}", f"take --vs {name}")
