"""How a standalone file draws its weights: ``nn.init`` calls, only where they differ from what torch does by itself.

What most modules of a kind need is said once for the kind; a class with a module that differs says so after it. The
torch backend draws every weight by itself, by (seed, name), from the same distributions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from graphbuilder.backends.python.classes import Class
from graphbuilder.backends.python.parts import ChainPart, OpPart, Part, RepeatPart
from graphbuilder.ir import Initialiser

LECUN = '''
def lecun_normal_(tensor):
    """Normal with variance 1 / fan in, cut at two standard deviations, which the draw makes up for."""
    std = tensor[0].numel() ** -0.5 / 0.87962566103423978
    return nn.init.trunc_normal_(tensor, std=std, a=-2 * std, b=2 * std)
'''


class Place(NamedTuple):
    """A module in a class.

    Attributes:
        path: the way to it from there; "*" goes over a repeat.
        target: what kind of module it is.
        calls: for each of its weights, the call that fills it; empty where torch does it.
        optional: whether the identity stands at the first word of the path where a step was left out.
    """

    owner: str
    path: tuple[str, ...]
    target: str
    calls: Mapping[str, str]
    optional: bool


def initialising(classes: Sequence[Class]) -> list[str]:
    """The lines of ``init_weights(module)``; none where torch's own draws are meant throughout."""
    places = [place for cls in classes for place in _places(cls)]
    if not any(call for place in places for call in place.calls.values()):
        return []
    usual = _usual(places)
    bodies = {target: list(_rule(target, calls, places)) for target, calls in usual.items()}
    for place in places:
        exception = _exception(place, usual.get(place.target, {}))
        if exception:
            bodies.setdefault(place.owner, []).extend(exception)
    # A kind that is written out here is a subclass of one of torch's, whose rule is not its own.
    exact = {place.target for place in places} if any(not _is_torch(place.target) for place in places) else set[str]()
    return ["def init_weights(module):", *_branches(bodies, exact)]


def _is_torch(target: str) -> bool:
    return target.startswith("nn.")


def _branches(bodies: Mapping[str, list[str]], exact: Collection[str]) -> Iterator[str]:
    """One branch for all kinds of module with the same lines; subclasses of those in ``exact`` are left out."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for kind, body in bodies.items():
        kinds.setdefault(tuple(body), []).append(kind)
    for number, (body, alike) in enumerate(kinds.items()):
        yield f"    {'elif' if number else 'if'} {_test(alike, exact)}:"
        yield from body


def _test(kinds: Sequence[str], exact: Collection[str]) -> str:
    several = f"({', '.join(kinds)})"
    if kinds[0] in exact:
        return f"type(module) in {several}" if len(kinds) > 1 else f"type(module) is {kinds[0]}"
    return f"isinstance(module, {several if len(kinds) > 1 else kinds[0]})"


def _usual(places: Sequence[Place]) -> dict[str, dict[str, str]]:
    """For every kind of module and weight, the call that most of them need, where it is not torch's own."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for place in places:
        for weight, call in place.calls.items():
            counts.setdefault((place.target, weight), Counter())[call] += 1
    usual: dict[str, dict[str, str]] = {}
    for (target, weight), counter in counts.items():
        call = max(counter, key=lambda call: (counter[call], not call))
        if call:
            usual.setdefault(target, {})[weight] = call
    return usual


def _rule(target: str, calls: Mapping[str, str], places: Sequence[Place]) -> Iterator[str]:
    for weight, call in calls.items():
        lacking = any(place.target == target and weight not in place.calls for place in places)
        if lacking:
            yield f"        if module.{weight} is not None:"
        yield f"        {'    ' * lacking}{call.format(f'module.{weight}')}"


def _exception(place: Place, usual: Mapping[str, str]) -> list[str]:
    """What a module needs that its kind's rule does not say, or says otherwise."""
    own = {weight: call for weight, call in place.calls.items() if call and call != usual.get(weight)}
    back = [weight for weight, call in place.calls.items() if not call and weight in usual]
    if not own and not back:
        return []
    lines: list[str] = []
    depth, at = 2, "module"
    if place.optional:
        lines.append(f"{'    ' * depth}if not isinstance(module.{place.path[0]}, nn.Identity):")
        depth += 1
    for word in place.path:
        if word == "*":
            lines.append(f"{'    ' * depth}for each in {at}:")
            depth, at = depth + 1, "each"
        else:
            at = f"{at}.{word}"
    if back:
        lines.append(f"{'    ' * depth}{at}.reset_parameters()")
        own = {weight: call for weight, call in place.calls.items() if call}
    return [*lines, *(f"{'    ' * depth}{call.format(f'{at}.{weight}')}" for weight, call in own.items())]


def _places(cls: Class) -> Iterator[Place]:
    for name, step in cls.skeleton.steps.items():
        if step.module != name:
            continue
        column = cls.column(name)
        part = next(part for part in column if part is not None)
        yield from _inside(cls.name, (name,), part, None in column)


def _inside(owner: str, path: tuple[str, ...], part: Part, optional: bool) -> Iterator[Place]:
    match part:
        case OpPart() if part.lowering.module is not None:
            calls = {weight.name: "" for weight in part.op.weights(part.inputs) if weight.trainable}
            calls |= {weight: _call(init) for weight, init in part.init.items()}
            if calls:
                yield Place(owner, path, part.lowering.module.target, calls, optional)
        case ChainPart():
            for each in part.parts:
                yield from _inside(owner, (*path, each.node.name), each, optional)
        case RepeatPart() if part.copies:
            yield from _inside(owner, (*path, "*"), part.copies[0], optional)
        case _:
            return


def _call(init: Initialiser) -> str:
    """The call that fills a tensor, with a hole for its name."""
    kind = init.kind
    if kind in ("zeros", "ones"):
        return f"nn.init.{kind}_({{}})"
    if kind == "lecun_normal":
        return "lecun_normal_({})"
    if kind.startswith(("xavier", "kaiming")):
        return _scaled(init)
    arguments = {
        "constant": f"{init.value!r}",
        "normal": f"std={init.std!r}",
        "truncated_normal": f"std={init.std!r}",
        "uniform": f"{-init.bound!r}, {init.bound!r}",
    }[kind]
    return f"nn.init.{kind.replace('truncated', 'trunc')}_({{}}, {arguments})"


def _scaled(init: Initialiser) -> str:
    law = init.kind.rpartition("_")[2]
    if init.kind.startswith("xavier") or init.mode == "fan_avg":
        gain = "" if init.gain == 1 else f", gain={init.gain!r}"
        return f"nn.init.xavier_{law}_({{}}{gain})"
    mode = "" if init.mode == "fan_in" else f', mode="{init.mode}"'
    if abs(init.gain - sqrt(2)) < 1e-9:
        return f'nn.init.kaiming_{law}_({{}}{mode}, nonlinearity="relu")'
    if init.gain == 1:
        return f'nn.init.kaiming_{law}_({{}}{mode}, nonlinearity="linear")'
    if init.gain < sqrt(2):
        return f"nn.init.kaiming_{law}_({{}}, a={sqrt(2 / init.gain**2 - 1)!r}{mode})"
    return f'nn.init.kaiming_{law}_({{}}{mode}, nonlinearity="linear").data.mul_({init.gain!r})'
