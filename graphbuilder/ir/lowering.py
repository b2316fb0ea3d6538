"""What an op is in torch, as data: a small expression language that a printer writes and tests interpret.

``TorchCall`` lists every argument, those that equal torch's default included; only a printer elides them. Nothing here
imports torch: a target is a dotted name such as ``nn.Conv2d``, ``F.pad`` or ``torch.cat``, or the name of a helper
class. A value may be an infinite float, which Python can only write as ``float("-inf")``.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class NoDefault:
    """The default of an argument that torch demands."""

    def __repr__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT = NoDefault()


class Arg(NamedTuple):
    """One argument of a torch call.

    ``name`` is torch's keyword. ``field`` names the op's own field that states the value (so that a printer can write
    the name that the spec wrote); ``channels`` says that the value is the number of channels of that input of the op (0
    the first).
    """

    name: str
    value: object
    default: object = NO_DEFAULT
    field: str | None = None
    channels: int | None = None


class TorchCall(NamedTuple):
    """A call of ``target`` with keyword-able arguments; the first ``positional`` of them are written without a
    keyword."""

    target: str
    args: tuple[Arg, ...] = ()
    positional: int = 0


class Input(NamedTuple):
    """The op's input number ``index``."""

    index: int = 0  # pyright: ignore[reportIncompatibleMethodOverride]


class Inputs(NamedTuple):
    """All inputs, as a tuple: ``torch.cat((a, b, c), 1)``."""


class Module(NamedTuple):
    """The op's own module called on ``values``: ``self.conv(x)``."""

    values: tuple[Expr, ...] = (Input(),)


class Function(NamedTuple):
    """``call.target`` called on ``values`` and then on the call's own arguments: ``F.pad(x, (0, 1, 0, 1))``."""

    call: TorchCall
    values: tuple[Expr, ...] = (Input(),)


class Method(NamedTuple):
    """A method of a tensor: ``x.mean((2, 3))``; ``call.target`` is the method's name."""

    value: Expr
    call: TorchCall


class Infix(NamedTuple):
    """``a + b + c`` over all ``values``."""

    operator: Literal["+", "-", "*", "/"]
    values: tuple[Expr, ...]


class Item(NamedTuple):
    """``x[:, 0]``: indexing written out; ``index`` is Python source of literals and slices only."""

    value: Expr
    index: str  # pyright: ignore[reportIncompatibleMethodOverride]


Expr = Input | Inputs | Module | Function | Method | Infix | Item


class Lowering(NamedTuple):
    """What stands in ``__init__`` (``module``) and what ``forward`` computes.

    An op that owns weights has a module, which owns them by their names in ``Op.weights``. ``results`` has one
    expression an output; where an op has several outputs, each result is the ``Item`` "0", "1", ... of one and the same
    expression, so a printer may unpack it. An op whose module is applied to its one input as it is (``results ==
    (Module(),)``) may stand in an ``nn.Sequential``.

    ``helper`` is for what torch lacks: the source text of the class that ``module.target`` names, a name without dots
    then. A backend writes each such text once into its file, in which ``torch``, ``nn`` and ``F`` are at hand.
    """

    module: TorchCall | None
    results: tuple[Expr, ...] = (Module(),)
    helper: str = ""
