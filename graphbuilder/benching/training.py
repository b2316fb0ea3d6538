"""Who a network is trained beside: one step each, forward, loss, backward and an update of the weights by SGD.

In bfloat16 products are under autocast and weights stay in single precision, as everybody trains. The loss is the cross
entropy with random classes of every output that is a vector a sample, and the mean square of every other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graphbuilder.backends.torch import build, build_optimised
from graphbuilder.benching import names
from graphbuilder.benching.given import Given, Ready, channels_last, is_last, last
from graphbuilder.benching.libraries import of_keras, of_timm, of_torchvision
from graphbuilder.benching.missing import unfit
from graphbuilder.passes import optimise

Learner = Callable[[Given, str], Ready]
"""Makes what runs a step and gives its loss; the text is what stood behind its name: ``torch:channels_last``."""

DTYPES = ("float32", "bfloat16")
_RATE = 1e-4  # so small that a hundred steps on one batch change nothing about its numbers


def ours(given: Given, optimize: str, *, recompute: bool = False) -> Ready:
    """The network as ``compile`` gives it for training."""
    typed = given.network.typed
    optimised = optimise(typed, optimize, given.place.type, recomputed=recompute)
    if not optimised.steps:
        return _stepping(_written(given), given)
    module = build_optimised(typed, optimised, device=given.place, weights=given.weights)
    form = "--recompute" if recompute else "" if optimize == "training" else f"--optimize {optimize}"
    return _stepping(module, given, form)


def loss_of(given: Given) -> Tensor:
    """The loss of the network as it is written, in single precision, ahead of any update."""
    single = given._replace(dtype="float32")
    with torch.no_grad():
        _seed()
        return _loss(_written(single)(*given.inputs))


def _torch(given: Given, layout: str) -> Ready:
    """The network as a person would write it, in eager mode."""
    if not is_last("torch", layout):
        return _stepping(_written(given), given)
    return _stepping(channels_last(_written(given)), last(given), "channels last")


def _compile(given: Given, layout: str) -> Ready:
    """The same through ``torch.compile``, with channels last whether that is asked for or not."""
    is_last("compile", layout)
    compiled = cast("Callable[..., Any]", getattr(torch, "compile"))  # noqa: B009  (torch annotates it in part)
    return _stepping(compiled(channels_last(_written(given))), last(given), "channels last")


def _timm(given: Given, model: str) -> Ready:
    return _of_torch(*of_timm(given, model), given)


def _torchvision(given: Given, model: str) -> Ready:
    return _of_torch(*of_torchvision(given, model), given)


def _keras(given: Given, model: str) -> Ready:
    """A model of ``keras.applications`` by Keras's own step."""
    found = of_keras(given, model, "mixed_bfloat16" if given.dtype == "bfloat16" else "float32")
    library, network = found.library, found.network
    optimizer = library.optimizers.SGD(_RATE, momentum=0.9)
    network.compile(optimizer, library.losses.SparseCategoricalCrossentropy())
    classes = _classes(given.batch, int(network.output_shape[-1]))
    images, labels = (found.image, classes) if found.backend == "torch" else (found.image.numpy(), classes.numpy())
    return Ready(lambda: network.train_on_batch(images, labels), f"{found.name} on {found.backend}", same=False)


def _untrained(name: str) -> Learner:
    def learner(given: Given, _: str) -> Ready:
        raise unfit(name, "it answers and does not train", f"leave {name} out of --vs")

    return learner


def _written(given: Given) -> nn.Module:
    return build(given.network.typed, device=given.place, weights=given.weights)


def _of_torch(module: nn.Module, name: str, given: Given) -> Ready:
    learning = channels_last(module.train().to(given.place))
    return _stepping(learning, last(given), f"{name}, channels last", same=False)


def _stepping(module: nn.Module, given: Given, detail: str = "", *, same: bool = True) -> Ready:
    optimizer = torch.optim.SGD(module.parameters(), _RATE, momentum=0.9)
    _seed()

    def run() -> Tensor:
        with torch.autocast(given.place.type, torch.bfloat16, enabled=given.dtype == "bfloat16"):
            answers = module(*given.inputs)
        loss = _loss(answers)
        cast("Any", loss).backward()
        cast("Any", optimizer).step()
        optimizer.zero_grad()
        return loss.detach()

    return Ready(run, detail, same)


def _seed() -> None:
    """Let dropout draw alike for all whose loss is compared, in the first step."""
    cast("Any", torch).manual_seed(0)


def _loss(answers: Any) -> Tensor:
    if isinstance(answers, Mapping):
        answers = tuple(cast("Mapping[str, Tensor]", answers).values())
    outputs = cast("tuple[Tensor, ...]", answers if isinstance(answers, tuple | list) else (answers,))
    return torch.stack([_loss_of_one(each.float()) for each in outputs]).sum()


def _loss_of_one(output: Tensor) -> Tensor:
    if output.dim() != 2:
        return output.square().mean()
    return F.cross_entropy(output, _classes(*output.shape).to(output.device))


def _classes(batch: int, classes: int) -> Tensor:
    return torch.randint(classes, (batch,), generator=torch.Generator().manual_seed(0))


_MAKERS = (_torch, _compile, _timm, _torchvision, _keras, _untrained("onnxruntime"), _untrained("openvino"))
LEARNERS: Mapping[str, Learner] = dict(zip(names.CONTENDERS, _MAKERS, strict=True))
