"""What becomes of weights when a graph is rewritten, as data. Who has tensors applies it; nothing here imports torch.

A layer keeps its name, so a weight that no ``Fold`` names is the plain network's of the same name.
"""

from __future__ import annotations

from typing import NamedTuple


class Fold(NamedTuple):
    """A batch norm of running statistics, taken into the layer ahead of it.

    With factor = scale / sqrt(running_var + eps) for every output channel (scale 1 and shift 0 where not learnt):
    kernel' = kernel * factor, bias' = (bias - running_mean) * factor + shift. (Jacob et al. 2018, section 3.2.)

    Attributes:
        layer: the path of the convolution or linear layer.
        norm: the path of the norm, whose tensors are no more.
        eps: the norm's own.
        bias: whether the plain layer has a bias.
        scale: whether the norm learns a factor.
        shift: whether the norm learns a bias.
        transposed: the groups of a transposed convolution, whose kernel has the output channels of a group second;
            0 for every other layer, whose kernel has all output channels first.
    """

    layer: str
    norm: str
    eps: float
    bias: bool
    scale: bool
    shift: bool
    transposed: int = 0

    def below(self, name: str) -> Fold:
        """The same fold, seen from the body in which ``name`` is the body's own name."""
        return self._replace(layer=f"{name}.{self.layer}", norm=f"{name}.{self.norm}")

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the plain weights that the folded layer is made of."""
        layer = ("weight", "bias") if self.bias else ("weight",)
        learnt = (("weight", self.scale), ("bias", self.shift), ("running_mean", True), ("running_var", True))
        return (
            *(f"{self.layer}.{name}" for name in layer),
            *(f"{self.norm}.{name}" for name, is_there in learnt if is_there),
        )

    @property
    def counter(self) -> str:
        """The name of the norm's count of batches, which nothing is made of."""
        return f"{self.norm}.num_batches_tracked"


class Stack(NamedTuple):
    """Layers of which one was made: their kernels and biases behind each other along the output channels.

    Attributes:
        layer: the path of the one.
        parts: the paths of those that it was made of, which are no more; what a fold makes of them, where there is one.
        bias: whether they have biases.
    """

    layer: str
    parts: tuple[str, ...]
    bias: bool

    def below(self, name: str) -> Stack:
        """The same, seen from the body in which ``name`` is the body's own name."""
        return self._replace(layer=f"{name}.{self.layer}", parts=tuple(f"{name}.{part}" for part in self.parts))

    @property
    def tensors(self) -> tuple[str, ...]:
        """What each layer's tensors are called."""
        return ("weight", "bias") if self.bias else ("weight",)

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the tensors that it is made of."""
        return tuple(f"{part}.{name}" for part in self.parts for name in self.tensors)


class Recipe(NamedTuple):
    """From the weights of a plain network to those of the optimised one.

    Attributes:
        folds: in any order; no two name one tensor.
        unread: plain weights of which nothing is made, batch counters among them.
        stacks: made of what the folds leave; no two name one tensor.
    """

    folds: tuple[Fold, ...] = ()
    unread: frozenset[str] = frozenset()
    stacks: tuple[Stack, ...] = ()
