"""The names of a Keras file's tensors, as its layers call them.

Since Keras 3 a file numbers layers by class (``layers/functional/layers/separable_conv2d_4/vars/0``) and keeps their
names beside that; before, a layer's own group listed its weights. Both become
``xception/block3_sepconv1/depthwise_kernel``. Nothing here opens a file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

Config = Mapping[str, object]

_KERNEL = ("kernel", "bias")
_SEPARABLE = ("depthwise_kernel", "pointwise_kernel", "bias")
_NORM = ("gamma", "beta")

# What a layer class keeps, in the order in which a file numbers it.
_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "batch_normalization": (*_NORM, "moving_mean", "moving_variance"),
    "conv1d": _KERNEL,
    "conv1d_transpose": _KERNEL,
    "conv2d": _KERNEL,
    "conv2d_transpose": _KERNEL,
    "conv3d": _KERNEL,
    "conv3d_transpose": _KERNEL,
    "dense": _KERNEL,
    "depthwise_conv1d": _KERNEL,
    "depthwise_conv2d": _KERNEL,
    "einsum_dense": _KERNEL,
    "embedding": ("embeddings",),
    "group_normalization": _NORM,
    "layer_normalization": _NORM,
    "normalization": ("mean", "variance", "count"),
    "p_re_lu": ("alpha",),
    "rms_normalization": ("scale",),
    "separable_conv1d": _SEPARABLE,
    "separable_conv2d": _SEPARABLE,
}
# The layers inside the layer that attends, and what they are called in the older layout.
_ATTENDING = "multi_head_attention"
_PARTS = {
    "key_dense": "key",
    "output_dense": "attention_output",
    "query_dense": "query",
    "value_dense": "value",
}
_MODELS = ("functional", "model", "sequential")
_FLAGS = {"bias": "use_bias", "beta": "center", "gamma": "scale"}
# One of the two, where a file without a config does not tell which; the network's norms do.
_EITHER = ("gamma_or_beta",)
# Keras 1 ran the words of a class together: convolution2d_77, batchnormalization_79.
_OLD_KINDS = {
    "batchnormalization": "batch_normalization",
    "convolution1d": "conv1d",
    "convolution2d": "conv2d",
    "convolution3d": "conv3d",
    "separableconvolution2d": "separable_conv2d",
}
_AUTOMATIC = re.compile(rf"({'|'.join((*_VARIABLES, _ATTENDING, *_MODELS, *_OLD_KINDS))})(?:_([0-9]{{1,9}}))?")

# Keras 1 and some files that Keras still publishes: block1_conv1_W_1:0.
_OLD_LEAF = re.compile(r"(W|b|gamma|beta|running_mean|running_std)(?:_[0-9]+)?")
_OLD_NAMES = {"W": "kernel", "b": "bias", "running_mean": "moving_mean", "running_std": "moving_variance"}


# A variable that nobody named. The newer layout numbers it, so that a layer's only one is 0.
_UNNAMED = re.compile(r"[Vv]ariable(?:_[0-9]+)?")


def snake_case(name: str) -> str:
    """A class's name as Keras writes it in files: ``SeparableConv2D`` to ``separable_conv2d``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def keras3_names(paths: Iterable[str], config: Config | None, noted: Callable[[str], str | None]) -> dict[str, str]:
    """The name of each tensor of a Keras 3 file, by path.

    Args:
        paths: ``layers/conv2d/vars/0`` and the like.
        config: the model's ``config.json``, where there is one.
        noted: gives the layer's name that the file notes at a group, if any.
    """
    owners: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        owners[path.rpartition("/")[0]].append(path)
    known = _Layers(config, noted)
    names: dict[str, tuple[str, ...]] = {}
    for owner, owned in owners.items():
        layers, kind, own_config = known.way(owner.split("/"))
        leaves = _leaves(kind, own_config, len(owned))
        names.update({path: (*layers, leaves.get(leaf := path.rpartition("/")[2], leaf)) for path in owned})
    return _renumbered(names)


def legacy_names(weights: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The name of each tensor of a Keras 1 or 2 file, or of Keras 3's ``.h5``, by path (``layer/weight name``).

    Args:
        weights: for each layer, the names of its weights, which repeat the layer's or those of layers inside it.
    """
    names: dict[str, tuple[str, ...]] = {}
    for layer, listed in weights.items():
        several = len({weight.rpartition("/")[0] for weight in listed}) > 1
        names.update({f"{layer}/{weight}": _legacy_name(layer, weight, several) for weight in listed})
    return _renumbered(names)


class _Layers:
    """The layers of a file, by their groups."""

    def __init__(self, config: Config | None, noted: Callable[[str], str | None]) -> None:
        self._config = config
        self._noted = noted
        self._below: dict[int, dict[str, Config]] = {}

    def way(self, parts: list[str]) -> tuple[tuple[str, ...], str, Config | None]:
        """The layers on the way to a group of variables; the last one's class and config, where they are known."""
        config = self._config
        names: list[str] = []
        kind = ""
        position = 0
        while position < len(parts):
            part = parts[position]
            position += 1
            if part == "layers" and position < len(parts):
                key = parts[position]
                position += 1
                config = self._children(config).get(key)
                kind = re.sub(r"_[0-9]+$", "", key)
                names.append(_name_of(config) or self._noted("/".join(parts[:position])) or key)
            elif part in _PARTS and kind == _ATTENDING:
                config, kind = None, "einsum_dense"
                names.append(_PARTS[part])
            elif part != "vars":
                config, kind = None, ""
                names.append(part)
        return tuple(names), kind, config

    def _children(self, config: Config | None) -> dict[str, Config]:
        """The layers of a model by the key that a file gives them: the class's name, counted."""
        if id(config) not in self._below:
            layers = _inner(config).get("layers")
            seen: Counter[str] = Counter()
            found: dict[str, Config] = {}
            for layer in map(_table, cast("list[object]", layers) if isinstance(layers, list) else ()):
                kind = snake_case(str(layer.get("class_name")))
                found[f"{kind}_{seen[kind]}" if seen[kind] else kind] = layer
                seen[kind] += 1
            self._below[id(config)] = found
        return self._below[id(config)]


def _inner(config: Config | None) -> Config:
    return _table((config or {}).get("config"))


def _table(value: object) -> Config:
    """``value``, or an empty table for what is none: a config is the file's word, and may be anything."""
    return cast("Config", value) if isinstance(value, dict) else {}


def _name_of(config: Config | None) -> str | None:
    name = _inner(config).get("name")
    return name if isinstance(name, str) else None


def _leaves(kind: str, config: Config | None, count: int) -> dict[str, str]:
    """The names of a layer's ``count`` numbered variables; none where the file does not tell which are left out."""
    names = _VARIABLES.get(kind, ())
    kept = tuple(name for name in names if _inner(config).get(_FLAGS.get(name, ""), True))
    unbiased = tuple(name for name in names if name != "bias")
    guesses = (kept,) if config else (names, unbiased, _EITHER + names[2:] if names[:2] == _NORM else ())
    fitting = next((guess for guess in guesses if len(guess) == count), ())
    return {str(number): name for number, name in enumerate(fitting)}


def _legacy_name(layer: str, weight: str, several: bool) -> tuple[str, ...]:
    """``layer`` and what follows it in ``weight``; a model inside the model lists ``several`` layers, named too."""
    *way, leaf = weight.removesuffix(":0").split("/")
    leaf = leaf.removeprefix(f"{layer}_")
    if old := _OLD_LEAF.fullmatch(leaf):
        leaf = _OLD_NAMES.get(old[1], old[1])
    if _UNNAMED.fullmatch(leaf):
        leaf = "0"
    if layer in way:
        return (*way[way.index(layer) :], leaf)
    return (layer, *way, leaf) if several else (layer, leaf)


def _renumbered(names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Names in which the automatic numbers of each model start afresh; the path itself where two names would be one."""
    siblings: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name in names.values():
        for depth, part in enumerate(name[:-1]):
            siblings[name[:depth]].add(part)
    fresh = {(above, part): new for above, parts in siblings.items() for part, new in afresh(parts).items()}
    found = {
        path: "/".join((*(fresh[name[:depth], part] for depth, part in enumerate(name[:-1])), name[-1]))
        for path, name in names.items()
    }
    times = Counter(found.values())
    return {path: name if times[name] == 1 else path for path, name in found.items()}


def afresh(parts: Iterable[str]) -> dict[str, str]:
    """``conv2d_8`` and ``conv2d_9`` to ``conv2d`` and ``conv2d_1``; what a person named stays."""
    numbered = {part: _AUTOMATIC.fullmatch(part) for part in parts}
    order = sorted((int(match[2] or 0), part, match[1]) for part, match in numbered.items() if match)
    fresh = {part: part for part in numbered}
    seen: Counter[str] = Counter()
    for _, part, written in order:
        kind = _OLD_KINDS.get(written, written)
        fresh[part] = f"{kind}_{seen[kind]}" if seen[kind] else kind
        seen[kind] += 1
    return fresh
