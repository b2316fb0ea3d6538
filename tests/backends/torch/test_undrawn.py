"""Weights that are drawn at the first look are what they would have been at once, whoever looks."""

from __future__ import annotations

import copy
import pickle
import signal
from collections.abc import Callable, Mapping
from threading import Event, Thread, main_thread
from time import sleep
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from graphbuilder.backends.torch import build, build_optimised
from graphbuilder.backends.torch.drawing import Painter
from graphbuilder.backends.torch.undrawn import undrawn
from graphbuilder.passes import optimise
from tests.backends.networks import network


@pytest.fixture
def drawn_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is drawn from here on."""
    names: list[str] = []
    fill = Painter.fill

    def noted(self: Painter, tensor: Tensor, name: str, weight: Any) -> None:
        names.append(name)
        fill(self, tensor, name, weight)

    monkeypatch.setattr(Painter, "fill", noted)
    return names


def made(form: str = "none", name: str = "odd", **given: Any) -> nn.Module:
    typed = network(name)
    if form == "none":
        return build(typed, late=True, **given)
    return build_optimised(typed, optimise(typed, form), late=True, **given)


def at_once(form: str = "none", **given: Any) -> dict[str, Tensor]:
    typed = network("odd")
    if form == "none":
        return build(typed, **given).state_dict()
    return build_optimised(typed, optimise(typed, form), **given).state_dict()


def are_equal(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> bool:
    return list(ours) == list(theirs) and all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def wrapped_state(module: nn.Module) -> dict[str, Tensor]:
    return {name.removeprefix("0."): tensor for name, tensor in nn.Sequential(module).state_dict().items()}


def state_by_fields(module: nn.Module) -> dict[str, Tensor]:
    fields = vars(module)
    return {
        f"{name}.{inner}": tensor
        for name, child in fields["_modules"].items()
        for inner, tensor in child.state_dict().items()
    }


@pytest.mark.parametrize(
    "look",
    [
        nn.Module.state_dict,
        state_by_fields,
        wrapped_state,
        lambda module: copy.deepcopy(module).state_dict(),  # pyright: ignore[reportUnknownLambdaType]
        lambda module: copy.deepcopy(nn.Sequential(module))[0].state_dict(),  # pyright: ignore[reportUnknownLambdaType]
        lambda module: copy.copy(module).state_dict(),  # pyright: ignore[reportUnknownLambdaType]
        lambda module: pickle.loads(pickle.dumps(module)).state_dict(),  # noqa: S301  # pyright: ignore[reportUnknownLambdaType]
        lambda module: module.eval().to(torch.float64).float().state_dict(),  # pyright: ignore[reportUnknownLambdaType]
    ],
)
def test_every_way_in_is_a_look(look: Callable[[nn.Module], dict[str, Tensor]]) -> None:
    assert are_equal(look(made(seed=3)), at_once(seed=3))


@pytest.mark.parametrize("form", ["none", "training", "inference"])
@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_each_form_is_what_it_would_have_been_at_once(form: str, dtype: torch.dtype | None) -> None:
    late = made(form, seed=3, dtype=dtype).state_dict()
    now = at_once(form, seed=3, dtype=dtype)
    assert are_equal(late, now)
    assert [tensor.stride() for tensor in late.values()] == [tensor.stride() for tensor in now.values()]


def test_what_is_no_look_draws_nothing(drawn_names: list[str]) -> None:
    module = made()
    assert module.eval() is module
    assert isinstance(module, nn.Module) and not module.training
    assert type(module).__name__ == module.__class__.__name__
    assert drawn_names == []
    assert not any(each.training for each in module.modules())
    assert len(drawn_names) == len(set(drawn_names)) == len(module.state_dict())


def test_once_drawn_it_is_of_its_plain_class() -> None:
    module = made()
    plain = module.__class__
    assert type(module) is not plain
    module.parameters()
    assert type(module) is plain and vars(module).keys() == vars(plain()).keys()


@pytest.mark.parametrize("form", ["none", "training", "inference"])
def test_loading_all_draws_nothing(form: str, drawn_names: list[str]) -> None:
    plain, own = at_once(seed=3), at_once(form, seed=3)
    drawn_names.clear()
    for state in (plain, own):
        module = made(form)
        module.load_state_dict(state)
        assert drawn_names == []
        assert are_equal(module.state_dict(), own)


def test_loading_a_part_draws_the_rest() -> None:
    state = at_once(seed=3)
    name = next(iter(state))
    module = made(seed=4)
    module.load_state_dict({name: state[name]}, strict=False)
    assert are_equal(module.state_dict(), {**at_once(seed=4), name: state[name]})


class Broken(TorchDispatchMode):
    """Copies fail from the third on."""

    copies = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.copies += func is torch.ops.aten.copy_.default
        if self.copies > 2:
            raise KeyboardInterrupt
        return func(*args, **(kwargs or {}))


def test_loading_that_breaks_off_leaves_what_is_drawn() -> None:
    module = made(seed=4)
    with pytest.raises(KeyboardInterrupt), Broken():
        module.load_state_dict(at_once(seed=3))
    assert are_equal(module.state_dict(), at_once(seed=4))


def test_the_modes_of_whoever_looks_do_not_reach_the_draws() -> None:
    module = made(seed=3)
    with torch.device("meta"), torch.inference_mode():
        module.parameters()
    assert are_equal(module.state_dict(), at_once(seed=3))
    with torch.inference_mode():
        module = made(seed=3)
    assert all(each.is_inference() for each in module.parameters())
    assert are_equal(module.state_dict(), at_once(seed=3))


def test_threads_that_look_at_once_see_all_of_it() -> None:
    module, wanted, found = made(seed=3), at_once(seed=3), list[dict[str, Tensor]]()
    threads = [Thread(target=lambda: found.append(module.state_dict())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(are_equal(each, wanted) for each in found)


def test_a_handler_of_signals_that_looks_while_weights_are_drawn_waits_for_them() -> None:
    """As one does that saves a checkpoint when its machine is taken away."""
    seen, looked, times = list[float](), Event(), list[int]()

    def fill() -> None:
        times.append(1)
        signal.pthread_kill(main_thread().ident or 0, signal.SIGUSR1)
        assert looked.wait(300)
        sleep(0.05)
        nn.init.constant_(weight, 3)

    def look(number: int, frame: object) -> None:
        looked.set()
        seen.append(float(module.weight.detach().sum()))

    module = nn.Linear(1, 1, bias=False)
    weight = module.weight
    undrawn(module, fill)
    before = signal.signal(signal.SIGUSR1, look)
    try:
        assert float(module.weight.detach().sum()) == 3
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen == [3] and times == [1] and type(module) is nn.Linear


def test_drawing_that_fails_is_begun_anew_at_the_next_look() -> None:
    failures = [RuntimeError("no")]

    def fill() -> None:
        if failures:
            raise failures.pop()

    module = undrawn(nn.Linear(1, 1), fill)
    with pytest.raises(RuntimeError, match="no"):
        module.state_dict()
    assert len(module.state_dict()) == 2


def test_torchs_compiler_may_be_the_first_to_look() -> None:
    batch = torch.randn(2, 3, 32, 32)
    plain = build(network("unet"), seed=3).eval()
    wanted = plain(batch)
    outer, inner = made(name="unet", seed=3).eval(), made(name="unet", seed=3).eval()
    assert torch.equal(torch.compile(outer, backend="eager")(batch), wanted)

    @torch.compile(backend="eager", fullgraph=True)
    def called(given: Tensor) -> Tensor:
        return inner(given)

    assert torch.equal(called(batch), wanted) and torch.equal(called(batch), wanted)


def test_a_wrong_seed_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="seed"):
        made("inference", seed=-1)
