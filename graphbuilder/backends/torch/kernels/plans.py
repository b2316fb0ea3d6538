"""Which kernels run a separable convolution, or a pooled sum, of a given shape: a static choice, or what was found
fastest by trying.

Nothing is timed unless it is asked for: inside ``probing()`` every shape that is met for the first time is run by every
candidate, and what wins is remembered for the process, by device and shape. ``remembered`` and ``remember`` carry that
over to another process.
"""

# Triton has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import Any, Literal, NamedTuple, cast

import torch

from graphbuilder.backends.torch.kernels.form import Form, Window

Kind = Literal["library", "span", "persistent", "halves", "blas", "pooled"]
CACHE = 24 << 20  # bytes between the halves that stay in the L2 cache of a large GPU beside what streams through it
REPLAY = 5  # milliseconds of one of the ten replays that a trial consists of
SPAN = 256  # output channels that one tile spans


class Problem(NamedTuple):
    """What a choice depends on.

    Attributes:
        shape: (N, C, H, W) of the input.
        made: channels between the halves.
        out: channels of the result.
        pixels: of the result, over the whole batch.
        residual: whether there is one.
        form: of a separable convolution, or the window of a pooled sum, whose input is what is pooled; ``made`` are the
            channels of what is convolved.
    """

    device: str
    dtype: str
    shape: tuple[int, int, int, int]
    kernel: tuple[int, int]
    made: int
    out: int
    pixels: int
    residual: bool
    form: Form | Window


class Plan(NamedTuple):
    """How it is run.

    Attributes:
        kind: "library" is torch's own convolutions; "span" one pass; "persistent" one kernel that goes through scratch;
            "halves" a kernel each; "blas" the same with the matrix product left to the library; "pooled" is a pooled
            sum's kernel.
        rows, columns, depth: the tile of the product, in pixels, output channels and channels between.
        warps, stages: of a program.
        images: so many at a time go through both halves, so that what lies between stays in a cache; 0 for all.
    """

    kind: Kind
    rows: int = 128
    columns: int = 128
    depth: int = 64
    warps: int = 8
    stages: int = 3
    images: int = 0


_found: dict[Problem, Plan] = {}
_seconds: dict[Problem, dict[Plan, float]] = {}
_probing: ContextVar[set[Problem] | None] = ContextVar("probing", default=None)


def plan_of(problem: Problem, run: Callable[[Plan], object]) -> Plan:
    """The plan for ``problem``; ``run`` runs it by any."""
    met = _probing.get()
    if met is not None:
        met.add(problem)
        if problem not in _found:
            _probe(problem, run)
    return _found.get(problem) or static(problem)


@contextmanager
def probing() -> Generator[set[Problem]]:
    """While it is open, shapes that are new are tried out, which takes seconds each; gives all that are met."""
    met: set[Problem] = set()
    token = _probing.set(met)
    try:
        yield met
    finally:
        _probing.reset(token)


def remembered(problems: Collection[Problem] | None = None) -> list[dict[str, Any]]:
    """What was found in this process or given to it, with the seconds of each candidate, as plain values; of all, or of
    some ``problems``."""
    return [
        {
            "problem": _thawed({**problem._asdict(), "form": _thawed(problem.form._asdict())}),
            "plan": plan._asdict(),
            "seconds": [{**each._asdict(), "seconds": time} for each, time in _seconds.get(problem, {}).items()],
        }
        for problem, plan in _found.items()
        if problems is None or problem in problems
    ]


def remember(rows: Iterable[Mapping[str, Any]]) -> int:
    """Take over what ``remembered`` gave in another process; how many were left out, since they are not tried here."""
    count = 0
    for row in rows:
        problem = _frozen(row["problem"])
        kind = Form if "before" in problem["form"] else Window
        problem["form"] = kind(**_frozen(problem["form"]))
        found, plan = Problem(**problem), Plan(**row["plan"])
        if plan in candidates(found):
            _found[found] = plan
        else:
            count += 1
    return count


def _thawed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tuples as the lists that they are in JSON."""
    return {name: list(cast("tuple[int]", each)) if type(each) is tuple else each for name, each in values.items()}


def _frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as the tuples that they were before JSON."""
    return {name: tuple(cast("list[int]", each)) if isinstance(each, list) else each for name, each in values.items()}


def forget() -> None:
    """Static choices again."""
    _found.clear()
    _seconds.clear()


def static(problem: Problem) -> Plan:
    """The choice without a trial: one pass where a tile spans all output channels, else a kernel a half."""
    if isinstance(problem.form, Window):
        return Plan("pooled", 64, 128, 32, 8)
    if not problem.form.depthwise_first:
        return Plan("blas")
    if problem.out <= SPAN:
        return _span(problem)
    return Plan("halves", images=_images(problem)) if _has_end(problem) else Plan("blas", images=_images(problem))


def candidates(problem: Problem) -> Iterator[Plan]:
    """What is worth trying, the static choice first."""
    yield static(problem)
    yield Plan("library")
    if isinstance(problem.form, Window):
        for rows, columns, depth, warps in ((64, 64, 32, 4), (128, 64, 32, 8), (128, 128, 32, 8), (32, 128, 64, 4)):
            yield Plan("pooled", rows, columns, depth, warps)
        return
    for images in {0, _images(problem)}:
        yield Plan("blas", images=images)
        yield Plan("halves", images=images)
        yield Plan("halves", columns=256, images=images)
    if not problem.form.depthwise_first:
        return
    for rows, columns, warps in ((128, 128, 4), (128, 128, 8), (128, 256, 8)):
        yield Plan("persistent", rows, columns, 64, warps)
    for rows, columns, warps in ((64, 128, 4), (64, 128, 8), (128, 128, 8), (64, 256, 8)):
        yield Plan("span", rows, columns, 32, warps)


def _span(problem: Problem) -> Plan:
    """A tile over all output channels; with more pixels or depth, registers of a Hopper GPU would spill."""
    columns = max(16, 1 << (problem.out - 1).bit_length())
    return Plan("span", 64, columns, 32, 4 if columns < SPAN else 8)


def _images(problem: Problem) -> int:
    """How many images at a time leave what lies between the halves in a cache; 0 where that is all of them."""
    width = torch.finfo(getattr(torch, problem.dtype)).bits // 8
    batch = problem.shape[0]
    images = max(1, CACHE * batch // (problem.pixels * problem.made * width))
    return images if images < batch else 0


def _has_end(problem: Problem) -> bool:
    """Whether something stands behind the product that the library's would need another pass for."""
    return problem.residual or (isinstance(problem.form, Form) and problem.form.after != "none")


def _probe(problem: Problem, run: Callable[[Plan], object]) -> None:
    tried = {plan: _time(run, plan) for plan in dict.fromkeys(candidates(problem))}
    _seconds[problem] = tried
    _found[problem] = min(tried, key=lambda plan: tried[plan])


def _time(run: Callable[[Plan], object], plan: Plan) -> float:
    """The seconds of one run on a GPU, launches left out; infinite where the kernel does not fit the device."""
    from triton.runtime.errors import OutOfResources, PTXASError
    from triton.testing import do_bench_cudagraph

    # Trials run on a stream of their own: what they write may be memory that what is queued still reads.
    torch.cuda.synchronize()
    try:
        milliseconds = cast("float", do_bench_cudagraph(lambda: run(plan), rep=REPLAY, return_mode="median"))
    except (OutOfResources, PTXASError, torch.OutOfMemoryError):
        return inf
    return milliseconds / 1000
