"""Where a call of torch's graph stands: the modules around it, and the line of code that it comes from."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from graphbuilder.importers.traced import Scope, Traced

_PLACE = re.compile(r'File "([^"]+)", line (\d+)')


def scopes(node: Any) -> tuple[Scope, ...]:
    """The modules around a call, the outermost first, without the plain layer that makes it."""
    stack = [
        (path.split("@")[0], kind, int(key.partition("@")[2] or 0))
        for key, (path, kind) in node.meta.get("nn_module_stack", {}).items()
    ]
    found: list[Scope] = []
    above = ""
    for path, kind, number in stack[1:]:
        relative = path.removeprefix(f"{above}.") if above else path
        *lists, name = relative.split(".")
        found += [Scope(each, "ModuleList") for each in lists]
        kind = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
        found.append(Scope(name, kind, number))
        above = path
    outer = found[:-1] if found and _is_layer(found[-1].kind) else found
    return tuple(each._replace(kind=each.kind.rpartition(".")[2]) for each in outer)


def _is_layer(kind: str) -> bool:
    return kind.startswith("torch.nn.modules.") and ".container." not in kind


def around(program: Any) -> set[str]:
    """The paths of all modules that calls stand in."""
    stacks = (node.meta.get("nn_module_stack", {}) for node in program.graph.nodes)
    return {path.split("@")[0] for stack in stacks for path, _ in stack.values()}


def unrun(model: nn.Module, found: Traced) -> dict[str, str]:
    """The modules that learn and are neither run nor computed with in evaluation, by path, as a report calls them."""
    sources = {source for each in found.folded.values() for source in each.sources}
    parts = [pattern.removesuffix(".*") for pattern in found.ignore if pattern.endswith(".*")]
    learnt = {part: {f"{part}.{name}" for name, _ in model.get_submodule(part).named_parameters()} for part in parts}
    idle = (part for part, names in learnt.items() if names and names.isdisjoint(sources))
    return {part: f"`{part}` ({type(model.get_submodule(part)).__name__})" for part in idle}


def module_of(node: Any) -> str:
    """The path of the module that makes a call; "" where that is the whole."""
    stack = [path for path, _ in node.meta.get("nn_module_stack", {}).values() if path]
    return stack[-1].split("@")[0] if stack else ""


def where_of(node: Any) -> str:
    """The module and the line of code that a call comes from."""
    path = module_of(node)
    module = f"module `{path}`" if path else "the module"
    line = line_of(node)
    return f"{module}, {line}" if line else module


def line_of(node: Any) -> str:
    """The line of a person's code that a call comes from; "" where no code tells."""
    lines = _PLACE.findall(node.meta.get("stack_trace") or "")
    own = [place for place in lines if "/torch/nn/" not in place[0]]
    return f"{own[-1][0]}:{own[-1][1]}" if own else ""
