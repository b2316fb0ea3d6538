"""Engines that run a network which torch wrote for them, with the same weights: ONNX Runtime and OpenVINO."""

from __future__ import annotations

import io
import logging
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from warnings import catch_warnings, simplefilter

import torch

from graphbuilder.benching.given import Given, Ready
from graphbuilder.benching.missing import imported, unfit


def onnxruntime(given: Given, _: str) -> Ready:
    """ONNX Runtime on the CPU, all its optimisations on."""
    library = imported("onnxruntime", "onnxruntime")
    for needed in ("onnx", "onnxscript"):
        imported("onnxruntime", needed)
    if given.dtype != "float32" or given.place.type != "cpu":
        raise unfit("onnxruntime", "it is measured on the CPU in float32 alone", "leave onnxruntime out of --vs")
    settings = library.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    settings.log_severity_level = 3
    with TemporaryDirectory(prefix="graphbuilder-") as folder, _quiet():
        path = Path(folder) / "network.onnx"
        # torch annotates it in part.
        torch.onnx.export(given.plain(), tuple(given.inputs), path, dynamo=True)  # pyright: ignore[reportUnknownMemberType]
        session = library.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    feed = {name: each.numpy() for name, each in zip(names, given.inputs, strict=True)}
    return Ready(lambda: session.run(None, feed))


def openvino(given: Given, _: str) -> Ready:
    """OpenVINO on the CPU, tuned for latency, its arithmetic in the type of the case."""
    library = imported("openvino", "openvino")
    if given.dtype == "float16" or given.place.type != "cpu":
        raise unfit("openvino", "it is measured on the CPU in float32 and bfloat16", "leave openvino out of --vs")
    single = given._replace(dtype="float32", inputs=[each.float() for each in given.inputs])
    with _quiet():
        model = library.convert_model(single.plain(), example_input=tuple(single.inputs))
        # Without shapes of its own it would make kernels for any.
        model.reshape({number: list(each.shape) for number, each in enumerate(single.inputs)})
    hints = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[given.dtype],
        "INFERENCE_NUM_THREADS": str(torch.get_num_threads()),
    }
    request = library.Core().compile_model(model, "CPU", hints).create_infer_request()
    feed = {number: each.numpy() for number, each in enumerate(single.inputs)}
    return Ready(lambda: list(request.infer(feed, share_inputs=True).values()))


@contextmanager
def _quiet() -> Generator[None]:
    """Without the advice that exporters print."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
