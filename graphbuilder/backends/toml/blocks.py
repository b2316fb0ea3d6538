"""Bodies written as blocks: each distinct one once, under its template's name, further ones with a number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from graphbuilder.backends.toml.form import Form, form_of
from graphbuilder.backends.toml.naming import Called, explicit
from graphbuilder.backends.toml.reading import Reader, Signal, bodies
from graphbuilder.backends.toml.steps import Word, word_of
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import NotWritable
from graphbuilder.document.writing import value as written
from graphbuilder.ir import Dialect, Graph, Node, Value

LONGEST_NAME = 64

Table = dict[str, Any]


class Written(NamedTuple):
    """Steps as tables, and what the last of them gives."""

    steps: list[Table]
    last: Signal


class Library:
    """The blocks of one network."""

    def __init__(self, root: Graph, dialect: Dialect) -> None:
        self._reader = Reader(root)
        self._dialect = dialect
        self._names: dict[Graph, str] = {}
        self._bodies: dict[str, Graph] = {}
        self._by_text: dict[tuple[str, str], str] = {}
        self._tapped: dict[str, set[str]] = {}
        self._reserved = {graph.template for graph in bodies(root) if graph.kind == "block"}

    def name(self, graph: Graph) -> str:
        """The name of the block that ``graph`` is written as; bodies that read alike are one block."""
        if graph not in self._names:
            key = (graph.template, written(self._tables(graph, ())))
            if key not in self._by_text:
                self._by_text[key] = self._new_name(graph.template)
                self._bodies[self._by_text[key]] = graph
            name = self._names[graph] = self._by_text[key]
            self._tapped.setdefault(name, set()).update(self._reader.taps(graph).values())
        return self._names[graph]

    def model(self, graph: Graph) -> Table:
        """The tables ``model`` and ``outputs`` of the root."""
        steps, last = self._run(graph.nodes, _start(graph), graph)
        return {"model": {"body": steps}, "outputs": self._outputs(graph, last)}

    def tables(self, root: Graph) -> Table:
        """Every block's tables, in the order in which they are met."""
        self.model(root)
        tables: Table = {}
        for graph in bodies(root):
            name = self._names.get(graph)
            if name and f"blocks.{name}" not in tables:
                block = self._tables(self._bodies[name], self._tapped[name])
                branches = block.pop("branches", {})
                tables |= {f"blocks.{name}": block, f"blocks.{name}.branches": branches}
        return tables

    def _new_name(self, template: str) -> str:
        if template not in self._bodies:
            return template
        number = 2
        while (
            name := f"{template[: LONGEST_NAME - 1 - len(str(number))]}_{number}"
        ) in self._bodies or name in self._reserved:
            number += 1
        return name

    def _tables(self, graph: Graph, tapped: Collection[str]) -> Table:
        """A block's keys; ``tapped`` are the steps that are read from outside, which need their names written."""
        form = form_of(graph)
        start = _start(graph)
        ids = self._ids(form, graph, tapped)
        before = self._run(form.before, start, graph, ids)
        if form.before and len(before.last) != 1:
            raise _one_of_several(form.before[-1])
        body = self._run(form.body, before.last, graph, ids)
        after = self._run(form.after, self._joined(form, body.last), graph, ids)
        table = {
            "title": graph.title,
            "inputs": [*graph.inputs] if graph.inputs != ("in",) else None,
            "before": before.steps,
            "body": body.steps,
            "shortcut": self._shortcut(form, graph),
            "branches": {node.name: self._side(node, form, graph) for node in form.branches},
            "merge": _merge(form),
            "after": after.steps,
            "outputs": self._listed(graph, after.last),
        }
        return {key: item for key, item in table.items() if item}

    def _ids(self, form: Form, graph: Graph, tapped: Collection[str]) -> set[str]:
        joins = () if form.join is None else ("merge",) if form.branches else ("shortcut", "merge")
        taken = {*_inputs(form, graph), *joins, *(node.name for node in form.branches)}
        return self._explicit((*form.before, *form.body, *form.after), tapped, taken)

    def _explicit(self, nodes: Iterable[Node], tapped: Collection[str], taken: Collection[str]) -> set[str]:
        return explicit([Called(node.name, self._word(node).base) for node in nodes], tapped, taken)

    def _word(self, node: Node) -> Word:
        return word_of(node, self._dialect, self.name)

    def _joined(self, form: Form, last: Signal) -> Signal:
        if form.join is not None:
            return self._reader.signal(form.join)
        if not form.branches:
            return last
        soles = {node.name: tuple(self._reader.signal(node).values()) for node in form.branches}
        return {name: values[0] for name, values in soles.items()}

    def _shortcut(self, form: Form, graph: Graph) -> str | list[Table] | None:
        if form.shortcut is not None:
            return self._side(form.shortcut, form, graph)
        return "identity" if form.join is not None and not form.branches else None

    def _side(self, node: Node, form: Form, graph: Graph) -> list[Table]:
        """The steps of a branch, which begins with the fork, or with all inputs of its block."""
        assert isinstance(node.callee, Graph)
        side = node.callee
        start = {"before": Value("before")} if form.before else _start(graph)
        ids = self._explicit(side.nodes, set(self._reader.taps(side).values()), _inputs(form, graph))
        return self._run(side.nodes, start, side, ids).steps

    def _run(self, nodes: Sequence[Node], start: Signal, graph: Graph, ids: Collection[str] | None = None) -> Written:
        """The steps of a path that begins with ``start``."""
        if ids is None:
            ids = self._explicit(nodes, (), graph.inputs)
        steps: list[Table] = []
        for node in nodes:
            word = self._word(node)
            source = self._reader.source(node, start, graph)
            named = {"id": node.name} if node.name in ids else {}
            read = {"from": source} if source is not None else {}
            title = {"title": node.title} if node.title else {}
            steps.append({**named, **word.callee, **title, **read, **word.words})
            start = self._reader.signal(node)
        return Written(steps, start)

    def _outputs(self, graph: Graph, last: Signal) -> dict[str, str | Table]:
        """The outputs of a body as names and paths; none where they are what the last step gives."""
        declared = self._reader.declared(graph)
        pairs = {name: value for name, value in graph.outputs if name in declared}
        default = dict(last)
        if len(last) == 1:
            (sole,) = last.values()
            default = {sole.node if graph.kind == "model" else "out": sole}
        if list(pairs.items()) == list(default.items()) and not graph.by_name_always:
            return {}
        paths = {name: self._reader.path(value, graph) for name, value in pairs.items()}
        if graph.by_name_always and len(paths) == 1:
            return {name: {"from": path, "by_name": True} for name, path in paths.items()}
        return {
            name: {"from": path, "training": True} if name in graph.training else path for name, path in paths.items()
        }

    def _listed(self, graph: Graph, last: Signal) -> dict[str, str | Table] | list[str]:
        outputs = self._outputs(graph, last)
        return [*outputs] if all(name == path for name, path in outputs.items()) else outputs


def _start(graph: Graph) -> dict[str, Value]:
    return {name: Value(name) for name in graph.inputs}


def _inputs(form: Form, graph: Graph) -> tuple[str, ...]:
    """The names that a side path finds taken: its block's inputs, and what the steps ahead of the fork give."""
    return (*graph.inputs, *(("before",) if form.before else ()))


def _merge(form: Form) -> str | None:
    """The join's op, where it is not what goes without saying."""
    if form.join is None or form.join.op is None:
        return None
    name = form.join.op.op
    return None if name == "add" and not form.branches else name


def _one_of_several(node: Node) -> CompileError:
    span = node.place.span if node.place else None
    return CompileError(
        (NotWritable.at(span, f"the paths of this block begin with one of the outputs of `{node.name}`"),)
    )


def tables_of(root: Graph, dialect: Dialect) -> Mapping[str, Table]:
    """The tables of a model and of its blocks."""
    library = Library(root, dialect)
    model = library.model(root)
    return {**model, **library.tables(root)}
