"""The rows, in groups: what stands in one group runs in one process, one row after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
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
        left: seconds that the group still has.
    """

    device: torch.device
    batches: tuple[int, int, int]
    size: int
    dtype: torch.dtype
    budget: float
    left: Callable[[], float]


def inference(setting: Setting) -> Iterator[Row]:
    """Xception in evaluation, in bfloat16."""
    middle, large, one = setting.batches
    ours = models.answering("xception", setting.size, setting.device, setting.dtype)
    theirs = models.written_by_hand(setting.device, folded=True).eval().requires_grad_(False).to(setting.dtype)
    for batch, target in ((large, 1.3), (middle, 1.3), (one, 1.1)):
        yield from _answers(setting, batch, target, ours, theirs)


def _answers(setting: Setting, batch: int, target: float, ours: Any, theirs: Any) -> Iterator[Row]:
    x = models.images(batch, setting.size, setting.device, setting.dtype)
    with torch.inference_mode():
        static = models.graphed(ours, x)
        with probing() if setting.device.type == "cuda" else nullcontext():
            ours(x)
        probed = models.graphed(ours, x)
        other = models.compiled(theirs, "max-autotune", setting.device)
        error = _apart(probed(), other(x))
        row = _row(f"inference, batch {batch}", HAND, target, probed, lambda: other(x), setting, extra=static)
    yield row._replace(more={**row.more, "apart from theirs": error, **_of_floor(batch, row.ours)})


def first(setting: Setting) -> Iterator[Row]:
    """The first batch that a module answers, kernels compiled on the way, beside the first of torch.compile."""
    batch = setting.batches[0]
    x = models.images(batch, setting.size, setting.device, setting.dtype)
    ours = models.answering("xception", setting.size, setting.device, setting.dtype)
    theirs = models.written_by_hand(setting.device, folded=True).eval().requires_grad_(False).to(setting.dtype)
    with torch.inference_mode():
        theirs(x[:1])  # what any first convolution on a device costs is nobody's
        mine = _seconds(lambda: ours(x), setting)
        compiled = models.compiled(theirs, None, setting.device)
        other = _seconds(lambda: compiled(x), setting)
    note = "ours by static plans"
    yield Row(
        f"first call, batch {batch}",
        "torch.compile of the network by hand",
        10,
        mine,
        other,
        other / mine,
        1,
        note=note,
    )


def _of_floor(batch: int, seconds: float | None) -> dict[str, Any]:
    """Per cent of the least time on an H200 with separable convolutions fused (floor iii), and with less (ii)."""
    if not seconds:
        return {}
    typed, card = models.network("xception", 299).typed, DEVICES["h200"]
    totals = floors(typed, card, batch=batch, dtype="bfloat16", fusion="separable").totals
    least = {"iii": totals["separable"].seconds, "ii": totals["elementwise"].seconds}
    percent = {f"% of an H200's floor {name}": 100 * each / seconds for name, each in least.items()}
    return {"images/s": batch / seconds, **percent}


def training(setting: Setting) -> Iterator[Row]:
    """A step of Xception under autocast in bfloat16, SGD."""
    middle, large, _ = setting.batches
    against = "by hand, channels last, autocast, torch.compile"
    for batch in (large, middle):
        x = models.images(batch, setting.size, setting.device, torch.float32)
        theirs = _trained(models.written_by_hand(setting.device, folded=False).train(), x, setting)
        found: list[Row] = []
        for fused, name in (
            (False, "plain"),
            (True, "separable convolutions by the operator, its kernels and derivatives"),
        ):
            ours = _trained(models.training(setting.size, setting.device, fused=fused), x, setting)
            row = _row(f"training, batch {batch}", against, 1.15, ours, theirs, setting)
            memory = peak_of(ours, setting.device), peak_of(theirs, setting.device)
            found.append(row._replace(note=name, more={**row.more, **_memory(*memory)}))
        best = max(found, key=lambda row: row.ratio or 0)
        others = {f"ratio, {row.note}": row.ratio for row in found}
        yield best._replace(more={**best.more, **others})


def _memory(ours: int | None, theirs: int | None) -> dict[str, Any]:
    return {
        "peak bytes": ours,
        "their peak bytes": theirs,
        "memory over theirs": ours / theirs if ours and theirs else None,
    }


def _trained(module: Any, x: torch.Tensor, setting: Setting) -> Run:
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9)
    return models.step(models.compiled(module, None, setting.device), x, optimizer, setting.device)


def inception(setting: Setting) -> Iterator[Row]:
    """Xception beside Inception V3 as torchvision has it, eager: the same precision, the same batch."""
    middle, large, _ = setting.batches
    size = setting.size if setting.size == 299 else 139
    against = "Inception V3 of torchvision, eager, channels last"
    ours = models.answering("xception", size, setting.device, setting.dtype)
    theirs = models.torchvision("inception_v3", setting.device).eval().requires_grad_(False).to(setting.dtype)
    for batch in (large, middle):
        x = models.images(batch, size, setting.device, setting.dtype)
        with torch.inference_mode():
            run = models.graphed(ours, x)
            row = _row(f"Xception, inference, batch {batch}", against, 1.0, run, lambda x=x: theirs(x), setting)
        yield row._replace(note="ours by static plans")
    x = models.images(middle, size, setting.device, torch.float32)
    other = models.torchvision("inception_v3", setting.device).train()
    optimizer = torch.optim.SGD(other.parameters(), lr=1e-3, momentum=0.9)
    run = _trained(models.training(size, setting.device, fused=False), x, setting)
    yield _row(
        f"Xception, training, batch {middle}",
        against,
        1.0,
        run,
        models.step(other, x, optimizer, setting.device),
        setting,
    )


def others(setting: Setting) -> Iterator[Row]:
    """Networks without separable convolutions that are fused."""
    for spec, name, size in (
        ("mobilenet_v2", "mobilenet_v2", 224),
        ("resnext50_32x4d", "resnext50_32x4d", 224),
        ("inception_v3_torchvision", "inception_v3", 299),
    ):
        batch, size = setting.batches[0], size if setting.size == 299 else 139
        x = models.images(batch, size, setting.device, setting.dtype)
        ours = models.answering(spec, size, setting.device, setting.dtype)
        theirs = models.torchvision(name, setting.device).eval().requires_grad_(False).to(setting.dtype)
        with torch.inference_mode():
            runs = [models.compiled(each, "max-autotune", setting.device) for each in (ours, theirs)]
            row = _row(
                f"{spec}, inference, batch {batch}", f"torchvision, {BEST}", 1.0,
                lambda run=runs[0], x=x: run(x), lambda run=runs[1], x=x: run(x), setting,
            )  # fmt: skip
        yield row._replace(note="ours by torch.compile, max-autotune, too")


GROUPS: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "inference": inference,
    "inception": inception,
    "training": training,
    "first": first,
    "others": others,
}


def plans() -> list[dict[str, Any]]:
    """What was found by probing, shape by shape, every candidate's time included."""
    return remembered()


def _row(
    name: str, against: str, target: float, ours: Run, theirs: Run, setting: Setting, extra: Run | None = None
) -> Row:
    runs = [ours, theirs, *([extra] if extra else [])]
    seconds = in_turns(runs, setting.device, min(setting.budget, max(1.0, setting.left())), lambda *_: None)
    more = {"static plans, ms": 1000 * median(seconds[2])} if extra else {}
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
