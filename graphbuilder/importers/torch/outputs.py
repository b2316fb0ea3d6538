"""What a module's outputs are called: by the keys of the tables that it gives them in, by the fields of its tuples, or
else by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from torch.export.graph_signature import ConstantArgument
from torch.utils._pytree import tree_unflatten  # torch.export tells the form of what a module gives in its terms alone

from graphbuilder.importers.traced import name_for

Way = tuple[str | int, ...]


def named(program: Any) -> list[tuple[str, str]]:
    """The name of every output that is a tensor, and of the node that gives it, in order."""
    nodes = list(program.graph_signature.user_outputs)
    leaves = _leaves(tree_unflatten(nodes, program.call_spec.out_spec), ())
    given = [(way, node) for way, node in leaves if isinstance(node, str)]
    names: dict[str, str] = {}
    for number, (way, node) in enumerate(given):
        plain = "out" if len(given) == 1 else f"out_{number}"
        names[name_for(_wanted(way) or plain, "output", names, plain)] = node
    return [*names.items()]


def untensored(program: Any) -> list[Any]:
    """What a module gives that is neither a tensor nor nothing: numbers, say."""
    constants = [each.arg for each in program.graph_signature.output_specs if isinstance(each.arg, ConstantArgument)]
    return [each.value for each in constants if each.value is not None]


def is_counted(name: str) -> bool:
    """Whether the module did not name an output that is called so."""
    return name.removeprefix("out_").isdecimal()


def is_table(program: Any) -> bool:
    """Whether the module gives a table."""
    nodes = list(program.graph_signature.user_outputs)
    return isinstance(tree_unflatten(nodes, program.call_spec.out_spec), Mapping)


def _wanted(way: Way) -> str:
    """The keys on the way to an output, and what is counted below the first of them."""
    first = next((place for place, each in enumerate(way) if isinstance(each, str)), len(way))
    return "_".join(map(str, way[first:]))


def _leaves(value: object, way: Way) -> Iterator[tuple[Way, object]]:
    if isinstance(value, Mapping):
        for key, each in cast("Mapping[object, object]", value).items():
            yield from _leaves(each, (*way, str(key)))
    elif isinstance(value, list | tuple):
        keys = getattr(cast("object", value), "_fields", None)
        for number, each in enumerate(cast("Sequence[object]", value)):
            yield from _leaves(each, (*way, keys[number] if keys else number))
    else:
        yield way, value
