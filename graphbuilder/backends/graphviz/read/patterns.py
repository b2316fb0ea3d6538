"""The patterns with which a caller opens and closes blocks: each must match something. Decides nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.diagnostics import CompileError, Diagnostic, Meant
from graphbuilder.diagnostics.catalogue.usage import PatternUnmatched
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document.writing import shown

_MOST_COMPARED = 2000


def check_patterns(typed: TypedGraph, options: Options) -> None:
    """Refuse patterns that match no node.

    Raises:
        CompileError: one diagnostic a pattern.
    """
    waiting = {pattern: word for word in ("expand", "collapse") for pattern in getattr(options, word)}
    for path in _paths(typed) if waiting else ():
        for pattern in [pattern for pattern in waiting if fnmatchcase(path, pattern)]:
            del waiting[pattern]
        if not waiting:
            return
    if waiting:
        raise CompileError(tuple(_unmatched(pattern, word, typed) for pattern, word in waiting.items()))


def _unmatched(pattern: str, word: str, typed: TypedGraph) -> Diagnostic:
    paths = list(islice(_paths(typed), _MOST_COMPARED))
    inner = any(path.endswith(f".{pattern}") for path in paths)
    near = f"*.{pattern}" if inner else nearest(pattern, paths)
    top = ", ".join(f"`{node.name}`" for node in islice(typed.graph.nodes, 8))
    remedy = Meant((near,)) if near else f"the network's own steps are {top}"
    return PatternUnmatched.at(None, f"--{word} {shown(pattern)} matches no step", help=remedy)


def _paths(typed: TypedGraph, prefix: str = "") -> Iterator[str]:
    """The path of every node, a block before what is in it."""
    for node in typed.graph.nodes:
        path = prefix + node.name
        yield path
        if node.name in typed.bodies:
            yield from _paths(typed.bodies[node.name], f"{path}.")
