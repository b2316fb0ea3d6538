"""The rows: each is one task, which stands alone, so that one that outruns its time takes no other with it.

A task gives its row as soon as it knows anything of it, and again when it knows more: the last one counts. What several
rows share (networks on the device, what they answer with) is made once for the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache, partial
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import torch

from graphbuilder.analysis.roofline import DEVICES, floors
from graphbuilder.backends.torch.kernels.plans import probing, remembered
from graphbuilder.backends.torch.rounds import in_turns, ratio
from graphbuilder.benching.peak import peak_of
from tools.gpu import models
from tools.gpu.models import Run
from tools.gpu.row import Row

BEST = "torch.compile, max-autotune"
HAND = f"by hand, folded, channels last, {BEST}"


class Setting(NamedTuple):
    """Where and how large.

    Attributes:
        batches: 64, 256 and 1, or what stands for them.
        size: pixels a side of an image for Xception.
        budget: seconds of rounds for a row.
    """

    device: torch.device
    batches: tuple[int, int, int]
    size: int
    dtype: torch.dtype
    budget: float


@cache
def _ours(spec: str, size: int, device: torch.device, dtype: torch.dtype) -> Any:
    return models.answering(spec, size, device, dtype)


@cache
def _by_hand(device: torch.device, dtype: torch.dtype) -> Any:
    return models.written_by_hand(device, folded=True).eval().requires_grad_(False).to(dtype)


@cache
def _torchvision(name: str, device: torch.device, dtype: torch.dtype) -> Any:
    return models.torchvision(name, device).eval().requires_grad_(False).to(dtype)


def _answers(which: int, target: float, setting: Setting) -> Iterator[Row]:
    """Xception in evaluation: ours alone first, which the others' compiler cannot take long with."""
    batch, ours = setting.batches[which], _ours("xception", setting.size, setting.device, setting.dtype)
    name = f"inference, batch {batch}"
    x = models.images(batch, setting.size, setting.device, setting.dtype)
    with torch.inference_mode():
        static = models.graphed(ours, x)
        yield _alone(name, HAND, target, static, setting, "by static plans")
        with probing() if setting.device.type == "cuda" else nullcontext():
            ours(x)
        probed = models.graphed(ours, x)
        yield _alone(name, HAND, target, probed, setting, "by plans that were probed")
        other = models.compiled(_by_hand(setting.device, setting.dtype), "max-autotune", setting.device)
        error = _apart(probed(), other(x))
        row = _row(name, HAND, target, probed, lambda: other(x), setting, extra=("static plans", static))
    yield row._replace(more={**row.more, "apart from theirs": error, **_of_floor(batch, row.ours)})


def _first(setting: Setting) -> Iterator[Row]:
    """The first batch that a module answers, kernels compiled on the way, beside the first of torch.compile."""
    batch = setting.batches[0]
    x = models.images(batch, setting.size, setting.device, setting.dtype)
    ours = _ours("xception", setting.size, setting.device, setting.dtype)
    theirs = _by_hand(setting.device, setting.dtype)
    against, note = "torch.compile of the network by hand", "ours by static plans"
    with torch.inference_mode():
        theirs(x[:1])  # what any first convolution on a device costs is nobody's
        mine = _seconds(lambda: ours(x), setting)
        row = Row(f"first call, batch {batch}", against, 10, mine, note=note)
        yield row
        compiled = models.compiled(theirs, None, setting.device)
        other = _seconds(lambda: compiled(x), setting)
    yield row._replace(theirs=other, ratio=other / mine, rounds=1)


def _of_floor(batch: int, seconds: float | None) -> dict[str, Any]:
    """Per cent of the least time on an H200 with separable convolutions fused (floor iii), and with less (ii)."""
    if not seconds:
        return {}
    typed, card = models.network("xception", 299).typed, DEVICES["h200"]
    totals = floors(typed, card, batch=batch, dtype="bfloat16", fusion="separable").totals
    least = {"iii": totals["separable"].seconds, "ii": totals["elementwise"].seconds}
    percent = {f"% of an H200's floor {name}": 100 * each / seconds for name, each in least.items()}
    return {"images/s": batch / seconds, **percent}


FORMS = ((False, "plain"), (True, "separable convolutions by the operator, its kernels and derivatives"))


TRAINED = "by hand, channels last, autocast, torch.compile"


def _steps(which: int, setting: Setting) -> Iterator[Row]:
    """A step of Xception under autocast in bfloat16, SGD; the better of two forms of ours."""
    batch = setting.batches[which]
    name = f"training, batch {batch}"
    x = models.images(batch, setting.size, setting.device, torch.float32)
    theirs = _trained(models.written_by_hand(setting.device, folded=False).train(), x, setting)
    found: list[Row] = []
    for fused, note in FORMS:
        ours = _trained(models.training(setting.size, setting.device, fused=fused), x, setting)
        row = _row(name, TRAINED, 1.15, ours, theirs, setting)
        memory = _memory(peak_of(ours, setting.device), peak_of(theirs, setting.device))
        found.append(row._replace(note=note, more={**row.more, **memory}))
        best = max(found, key=lambda row: row.ratio or 0)
        yield best._replace(more={**best.more, **{f"ratio, {row.note}": row.ratio for row in found}})


LEAN = 1 / 0.8  # what is asked of their bytes over ours


def _lean_steps(which: int, setting: Setting) -> Iterator[Row]:
    """The same step with blocks run again in the backward pass: the memory that it needs, and the time that it costs
    beside theirs and beside ours without; eager, and compiled."""
    batch = setting.batches[which]
    x = models.images(batch, setting.size, setting.device, torch.float32)
    lean = models.training(setting.size, setting.device, recomputed=True)
    theirs = _trained(models.written_by_hand(setting.device, folded=False).train(), x, setting)
    without = ("without, compiled", _trained(models.training(setting.size, setting.device), x, setting))
    found: list[Row] = []
    # A rehearsal's compiler is the one that blocks which are run again cannot do with.
    for note in ("eager", "by torch.compile") if setting.device.type == "cuda" else ("eager",):
        ours = _trained(lean, x, setting) if note != "eager" else _stepped(lean, x, setting)
        name = f"training with recompute, batch {batch}, peak memory"
        row = _row(name, TRAINED, LEAN, ours, theirs, setting, extra=without)
        memory = _memory(peak_of(ours, setting.device), peak_of(theirs, setting.device))
        less = memory["memory over theirs"]
        time = {"ratio of time": row.ratio, "bytes without": peak_of(without[1], setting.device)}
        found.append(row._replace(ratio=1 / less if less else None, note=note, more={**row.more, **memory, **time}))
        yield max(found, key=lambda row: (row.reached or False, row.more["ratio of time"]))


def _memory(ours: int | None, theirs: int | None) -> dict[str, Any]:
    return {
        "peak bytes": ours,
        "their peak bytes": theirs,
        "memory over theirs": ours / theirs if ours and theirs else None,
    }


def _trained(module: Any, x: torch.Tensor, setting: Setting) -> Run:
    return _stepped(models.compiled(module, None, setting.device), x, setting)


def _stepped(module: Any, x: torch.Tensor, setting: Setting) -> Run:
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9)
    return models.step(module, x, optimizer, setting.device)


EAGER = "Inception V3 of torchvision, eager, channels last"


def _size(setting: Setting, real: int) -> int:
    return real if setting.size == 299 else 139


def _beside_inception(which: int, setting: Setting) -> Iterator[Row]:
    """Xception beside Inception V3 as torchvision has it, eager: the same precision, the same batch."""
    batch, size = setting.batches[which], _size(setting, 299)
    ours = _ours("xception", size, setting.device, setting.dtype)
    theirs = _torchvision("inception_v3", setting.device, setting.dtype)
    x = models.images(batch, size, setting.device, setting.dtype)
    with torch.inference_mode():
        run = models.graphed(ours, x)
        row = _row(f"Xception, inference, batch {batch}", EAGER, 1.0, run, lambda: theirs(x), setting)
    yield row._replace(note="ours by static plans")


def _steps_beside_inception(setting: Setting) -> Iterator[Row]:
    batch, size = setting.batches[0], _size(setting, 299)
    x = models.images(batch, size, setting.device, torch.float32)
    theirs = _stepped(models.torchvision("inception_v3", setting.device).train(), x, setting)
    ours = _trained(models.training(size, setting.device), x, setting)
    yield _row(f"Xception, training, batch {batch}", EAGER, 1.0, ours, theirs, setting)


def _other(spec: str, name: str, size: int, setting: Setting) -> Iterator[Row]:
    """A network without separable convolutions that are fused."""
    batch, size = setting.batches[0], _size(setting, size)
    title, against, note = f"{spec}, inference, batch {batch}", f"torchvision, {BEST}", f"ours by {BEST}, too"
    x = models.images(batch, size, setting.device, setting.dtype)
    with torch.inference_mode():
        ours = models.compiled(_ours(spec, size, setting.device, setting.dtype), "max-autotune", setting.device)
        yield _alone(title, against, 1.0, lambda: ours(x), setting, note)
        theirs = models.compiled(_torchvision(name, setting.device, setting.dtype), "max-autotune", setting.device)
        row = _row(title, against, 1.0, lambda: ours(x), lambda: theirs(x), setting)
    yield row._replace(note=note)


TASKS: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "inference-large": partial(_answers, 1, 1.3),
    "inference-middle": partial(_answers, 0, 1.3),
    "inference-one": partial(_answers, 2, 1.1),
    "inception-large": partial(_beside_inception, 1),
    "inception-middle": partial(_beside_inception, 0),
    "training-large": partial(_steps, 1),
    "training-middle": partial(_steps, 0),
    "inception-training": _steps_beside_inception,
    "recompute-large": partial(_lean_steps, 1),
    "recompute-middle": partial(_lean_steps, 0),
    "first-middle": _first,
    "others-mobilenet_v2": partial(_other, "mobilenet_v2", "mobilenet_v2", 224),
    "others-resnext50": partial(_other, "resnext50_32x4d", "resnext50_32x4d", 224),
    "others-inception_v3": partial(_other, "inception_v3_torchvision", "inception_v3", 299),
}


def plans() -> list[dict[str, Any]]:
    """What was found by probing, shape by shape, every candidate's time included."""
    return remembered()


def _alone(name: str, against: str, target: float, ours: Run, setting: Setting, note: str) -> Row:
    """Ours by itself, in a fifth of the time for both."""
    (seconds,) = in_turns([ours], setting.device, setting.budget / 5, lambda *_: None)
    return Row(name, against, target, median(seconds), note=f"{note}; theirs was not reached")


def _row(
    name: str,
    against: str,
    target: float,
    ours: Run,
    theirs: Run,
    setting: Setting,
    extra: tuple[str, Run] | None = None,
) -> Row:
    runs = [ours, theirs, *([extra[1]] if extra else [])]
    seconds = in_turns(runs, setting.device, setting.budget, lambda *_: None)
    more = {f"{extra[0]}, ms": 1000 * median(seconds[2])} if extra else {}
    return Row(
        name,
        against,
        target,
        median(seconds[0]),
        median(seconds[1]),
        ratio(seconds[1], seconds[0]),
        len(seconds[0]),
        more,
    )


def _seconds(run: Run, setting: Setting) -> float:
    start = perf_counter()
    run()
    if setting.device.type == "cuda":
        torch.cuda.synchronize(setting.device)
    return perf_counter() - start


def _apart(ours: Any, theirs: Any) -> float:
    return float((ours.float() - theirs.float()).abs().max() / theirs.float().abs().max())
