"""Writes the whole file: what it is, what it imports, what torch lacks, how weights are drawn, then the classes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python.class_writer import ClassWriter
from graphbuilder.backends.python.classes import Class, Maker, class_name
from graphbuilder.backends.python.initialisers import LECUN, initialising
from graphbuilder.backends.python.names import camel, quoted
from graphbuilder.backends.python.parts import Chains
from graphbuilder.backends.python.recomputing import DECORATOR, RECOMPUTED
from graphbuilder.backends.python.survey import survey
from graphbuilder.garbage import no_search


@no_search()
def write(typed: TypedGraph) -> str:
    """The network as a Python file that needs nothing but torch.

    One class a block, children first; the network's own class comes last, and what it takes has defaults: the params
    that are arguments of its own ops and nothing more. Names of weights are those of the graph.

    Raises:
        CompileError: calls of one module would construct it in two ways (GB701).
    """
    chains = Chains()
    found = survey(typed, chains)
    maker = Maker(chains, found, root_name(typed))
    classes = [cls for template, bodies in found.bodies.items() for cls in maker.make(bodies, template.name)]
    initialisers = initialising(classes)
    targets: set[str] = {"nn.Module"}
    written = [line for cls in classes for line in _class(cls, typed, targets, initialised=bool(initialisers))]
    own = ((RECOMPUTED, DECORATOR in targets), (LECUN, any("lecun" in line for line in initialisers)))
    helpers = [*found.helpers.values(), *(text for text, is_used in own if is_used)]
    lines = [*_header(typed), *_imports(targets | _read_by(helpers)), *_sections(helpers)]
    return "\n".join([*lines, *_sections(["\n".join(initialisers)]), *written]) + "\n"


def root_name(typed: TypedGraph) -> str:
    """The name of the network's own class."""
    return class_name(camel(typed.graph.template), ())


def _class(cls: Class, typed: TypedGraph, targets: set[str], *, initialised: bool) -> list[str]:
    return ClassWriter(cls, targets, typed if typed in cls.bodies else None, initialised).lines()


def _header(typed: TypedGraph) -> Iterator[str]:
    graph = typed.graph
    sizes = ", ".join(f"{name} {size}" for name, size in zip(graph.inputs, typed.inputs, strict=True))
    yield f'"""{quoted(graph.title or graph.template)}'
    yield ""
    yield f"The network `{quoted(graph.template)}` on {sizes}."
    yield "Written by GraphBuilder from the network's spec; it needs nothing but torch."
    yield '"""'
    yield ""


def _imports(targets: set[str]) -> Iterator[str]:
    known = [
        ("collections", ["OrderedDict"]),
        ("contextlib", ["contextmanager", "nullcontext"]),
        ("functools", ["reduce", "wraps"]),
    ]
    named = [(module, [each for each in names if each in targets]) for module, names in known]
    imports = [f"from {module} import {', '.join(names)}" for module, names in named if names]
    yield from [*imports, ""] if imports else []
    if any(target.startswith("torch.") for target in targets):
        yield "import torch"
    if any(target.startswith("F.") for target in targets):
        yield "import torch.nn.functional as F"
    yield "from torch import nn"
    if "checkpoint" in targets:
        yield "from torch.utils.checkpoint import checkpoint"


def _read_by(helpers: Sequence[str]) -> set[str]:
    """The names that pieces of source read, as targets."""
    tree = ast.parse("\n".join(helpers))
    return {f"{node.id}." for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _sections(texts: Iterable[str]) -> list[str]:
    """Definitions, two empty lines before each."""
    return [line for text in texts if text for line in ("", "", *text.strip("\n").splitlines())]
