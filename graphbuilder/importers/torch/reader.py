"""The graph of a torch module as calls, with the modules that they stand in and the names of their weights."""

from __future__ import annotations

import operator
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from torch import Tensor, nn

from graphbuilder.diagnostics import CompileError
from graphbuilder.importers.torch.batches import Batches, Steps
from graphbuilder.importers.torch.calls import made_of
from graphbuilder.importers.torch.computed import Computed, is_whole, own_shape
from graphbuilder.importers.torch.elsewhere import called, trained_at
from graphbuilder.importers.torch.exporting import Exported, attention_rates_of, exported
from graphbuilder.importers.torch.fixed import Fixed, Rewritten
from graphbuilder.importers.torch.modes import Mode, evaluating, training
from graphbuilder.importers.torch.modules import made_of_whole, undone, wholes
from graphbuilder.importers.torch.outputs import is_counted, is_table, named, untensored
from graphbuilder.importers.torch.refusing import is_first_of_two, refuse_stale, refuse_training, refuse_whole
from graphbuilder.importers.torch.standing import around, module_of, scopes, unrun, where_of
from graphbuilder.importers.torch.terms import Learnt, Made, Tensors, Unknown, kind_of
from graphbuilder.importers.torch.tied import Tied
from graphbuilder.importers.torch.trained import trained
from graphbuilder.importers.traced import Call, Folded, Traced, Unexpressed, name_for, size_of
from graphbuilder.ir import Layout, TensorType, Value
from graphbuilder.weights.patterns import ZEROS, pieces

Nodes = Mapping[Any, Value]

_RESHAPING = ("expand", "view", "reshape", "unsqueeze", "squeeze", "clone", "contiguous", "to")
# What training does to the counters of batch norms.
_COUNTING = ("add", "copy")


def read(
    model: nn.Module, example: Sequence[Tensor], layouts: Sequence[Layout] = (), name: str | None = None
) -> Traced:
    """The module as it is in evaluation; it is left as it was.

    Args:
        example: an input for each argument of ``forward``, with a batch in front.
        layouts: which axis of each holds the channels; the first of all unless given.
        name: what the spec is called; the class's name unless given.

    Raises:
        CompileError: GB804 when it cannot be traced, GB801 over what the catalogue does not have.
    """
    found = reading(model, example, layouts, name).traced
    whole = (_with_training(model, example, layouts, found) or found) if found.ignore else found
    idle = unrun(model, whole)
    run = called(model, example) if idle else set[str]()
    never = {path for path in idle if run is not None and not any(f"{each}.".startswith(f"{path}.") for each in run)}
    heads = [said for path, said in idle.items() if path not in never]
    size = trained_at(model, example, [*found.inputs.values()]) if heads and size_of(found) else None
    return replace(
        whole,
        dropped=(*whole.dropped, *heads),
        trained_at=size,
        uncalled=tuple(said for path, said in idle.items() if path in never),
    )


class Reading(NamedTuple):
    """A module read, what ``torch.export`` made of it, and the names of the module's tensors by their nodes'."""

    program: Any
    traced: Traced
    state: Mapping[str, str]


def reading(
    model: nn.Module,
    example: Sequence[Tensor],
    layouts: Sequence[Layout] = (),
    name: str | None = None,
    mode: Mode = evaluating,
) -> Reading:
    """The module as its graph in that ``mode`` is, and nothing besides; see ``read``."""
    graph = exported(model, example, mode)
    found = trained(model, example, [node for node in graph.program.graph.nodes if node.op == "call_function"])
    rates = attention_rates_of(graph.program, model, example)
    reader = _Reader(graph, model, layouts, rates, found.idle, trains=mode is training)
    unexpressed = Unexpressed()
    for node in graph.program.graph.nodes:
        reader.take(node, unexpressed)
    unexpressed.raise_if_any()
    used = _used(reader.calls, reader.state)
    traced = Traced(
        name or _snake(type(model).__name__),
        "torch",
        reader.inputs,
        reader.calls,
        reader.outputs,
        unused(model, reader.calls, reader.state),
        folded=reader.folded(used),
        by_name=is_table(graph.program),
        dropped=undone(model, around(graph.program), found.called),
        otherwise=found.otherwise,
    )
    return Reading(graph.program, traced, reader.state)


def unused(model: nn.Module, calls: Sequence[Call], state: Mapping[str, str]) -> tuple[str, ...]:
    """The tensors of ``model`` that ``calls`` have no use for, as patterns."""
    used = _used(calls, state)
    return _parts({each for each in {*model.state_dict()} - used if not each.endswith("num_batches_tracked")}, used)


def _used(calls: Sequence[Call], state: Mapping[str, str]) -> set[str]:
    return {tensor for call in calls for tensor in _tensors(call, state)}


def _with_training(
    model: nn.Module, example: Sequence[Tensor], layouts: Sequence[Layout], found: Traced
) -> Traced | None:
    """The module as it is in training, where that gives more: auxiliary outputs, which come behind the others.

    None where it gives no more, or what it does then cannot be said: the outputs in evaluation are what is wanted.
    """
    try:
        whole = reading(model, example, layouts, found.name, training).traced
    except CompileError:
        return None
    if len(whole.outputs) <= len(found.outputs) or len(whole.ignore) >= len(found.ignore):
        return None
    more = [name for name in whole.outputs if name not in found.outputs]
    if len(more) == len(whole.outputs) - len(found.outputs) and not any(map(is_counted, more)):
        return replace(whole, training=tuple(more))
    known = [*found.outputs]
    for number, name in enumerate([*whole.outputs][len(known) :], 1):
        known.append(f"aux_{number}" if is_counted(name) or name in known else name)
    outputs = dict(zip(known, whole.outputs.values(), strict=True))
    return replace(whole, outputs=outputs, training=tuple(known[len(found.outputs) :]))


class _Reader:
    def __init__(
        self,
        graph: Exported,
        model: nn.Module,
        layouts: Sequence[Layout],
        rates: Mapping[str, float],
        idle: Collection[Any],
        *,
        trains: bool,
    ) -> None:
        program, self._stale, self._latest = graph
        self._idle, self._trains = idle, trains
        signature = program.graph_signature
        kept: dict[str, str] = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        # What a weights file has; other tensors are constants.
        first = _first_names(model)
        self.state = {
            node: first.get(name, name) for node, name in kept.items() if name not in signature.non_persistent_buffers
        }
        self._constants = {*kept, *signature.inputs_to_lifted_tensor_constants} - self.state.keys()
        self._layouts = layouts
        self._rates = rates
        self.inputs: dict[str, TensorType] = {}
        self.calls: list[Call] = []
        self.outputs: dict[str, Value] = {}
        self._values: dict[Any, Value] = {}
        self._reshaped: dict[str, str] = {}
        self._fixed = Fixed(program)
        self._computed = Computed(self._fixed, self.state)
        self._wholes = wholes(program.graph.nodes, model, {*self.state, *self._constants})
        self._batches = Batches()
        self._tied = Tied()
        self._named = named(program)
        self._untensored = untensored(program)

    def take(self, node: Any, unexpressed: Unexpressed) -> None:
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "output":
            self._output(node, unexpressed)
        elif node.op == "call_function":
            self._call(node, unexpressed)

    def _placeholder(self, node: Any) -> None:
        if node.name in self.state or node.name in self._constants:
            return
        shape = tuple(node.meta["val"].shape[1:])
        wanted = node.name if node.name not in ("x", "input") else "image"
        name = name_for(wanted, "input", self.inputs, "image")
        self.inputs[name] = TensorType(shape, self._layouts[len(self.inputs)] if self._layouts else "first")
        self._values[node] = Value(name)

    def _output(self, node: Any, unexpressed: Unexpressed) -> None:
        values = {each.name: value for each, value in self._values.items()}
        given = {name: self._latest.get(each, each) for name, each in self._named}
        self.outputs.update({name: values[each] for name, each in given.items() if each in values})
        for name in [name for name, each in given.items() if each not in values]:
            unexpressed.add(f"the output `{name}` is no value that its inputs give", "the module")
        for value in self._untensored:
            unexpressed.add(f"an output that is no tensor: {value!r}", "the module", "let it give tensors alone")
        try:
            refuse_stale(node, self._stale, self._fixed)
        except Unknown as error:
            unexpressed.add(str(error), "the module")

    def _call(self, node: Any, unexpressed: Unexpressed) -> None:
        where = where_of(node)
        try:
            if self._is_state(node) or self._fixed.take(node):
                return
            if node not in self._wholes:
                refuse_stale(node, self._stale, self._fixed)
            if not self._trains:
                refuse_training(node)
            made = None if node in self._idle else self._tried(node, unexpressed)
            refuse_whole(node, made)
        except (Rewritten, Unknown) as error:
            unexpressed.add(str(error), where)
            made = None
        if made is None:
            first = next((each for each in node.all_input_nodes if each in self._values), None)
            self._values[node] = self._values[first] if first is not None else Value(node.name)
            return
        for number, each in enumerate(made):
            # The last has the name of the call itself; torch counts calls by `_1`.
            name = node.name if number == len(made) - 1 else f"{node.name}#{number}"
            self.calls.append(_call_of(node, name, self._dropping(node, each), where))
            self._tied.take(module_of(node), [*_parts_of(each.weights.values())], where, unexpressed)
            self._values[node] = Value(name)

    def _tried(self, node: Any, unexpressed: Unexpressed) -> list[Made] | None:
        """What a call comes to, where need be behind what is learnt and read as a value, or folded.

        Raises:
            Unknown: no op of the catalogue does that.
        """
        while True:
            try:
                return self._made(node)
            except Learnt as error:
                self._learnt(error.node, node, unexpressed)
            except Unknown:
                if not self._computed.take(node, module_of(node)):
                    raise

    def _learnt(self, learnt: Any, reader: Any, unexpressed: Unexpressed) -> None:
        """Give what is learnt as a value, before its first ``reader``."""
        if learnt.name not in self._computed.names and not is_whole(learnt, reader, self._fixed):
            self._computed.fold(learnt, reader, module_of(reader))
        shape = own_shape(learnt, reader)
        beside = next((self._values[each] for each in reader.all_input_nodes if each in self._values), None)
        weights = self._tensors().weights(weight=learnt)
        made = Made("parameter", {"shape": shape}, (beside or Value(next(iter(self.inputs))),), weights)
        call = _call_of(reader, f"{learnt.name}#value", made, where_of(reader))
        self.calls.append(replace(call, shape=tuple(shape)))
        self._tied.take(module_of(reader), [*weights.values()], where_of(reader), unexpressed)
        self._values[learnt] = Value(call.name)

    def folded(self, used: Collection[str]) -> dict[str, Folded]:
        """Those of the folded tensors that calls have."""
        return {name: each for name, each in self._computed.folded.items() if name in used}

    def _tensors(self) -> Tensors:
        return Tensors(self._values, {**self.state, **self._reshaped, **self._computed.names}, self._fixed)

    def _made(self, node: Any) -> list[Made] | None:
        """What a call comes to: ops one behind the other, or nothing.

        Raises:
            Unknown: no op of the catalogue does that.
        """
        tensors = self._tensors()
        if node in self._wholes:
            return made_of_whole(node, self._wholes[node], tensors)
        if (steps := self._batches.steps(node)) is not None:
            return self._stepped(node, steps, tensors)
        if node.target is operator.getitem:
            above = self._values[node.args[0]]
            self._values[node] = above if is_first_of_two(node) else Value(above.node, str(node.args[1]))
            return []
        if learnt := next((each for each in node.all_input_nodes if tensors.is_read_apart(each)), None):
            raise Learnt(learnt, learnt.name)
        made = made_of(node, tensors)
        return made if isinstance(made, list) else [made] if made else None

    def _dropping(self, node: Any, made: Made) -> Made:
        """Attention in one call has the dropout that its module passes in training."""
        rate = self._rates.get(module_of(node), 0.0) if made.op == "attend" else 0.0
        return made._replace(args={**made.args, "dropout": rate}) if rate else made

    def _stepped(self, node: Any, steps: Steps, tensors: Tensors) -> list[Made]:
        self._values[node] = tensors.value(steps.source)
        names = [f"{node.name}#{number}" for number in range(len(steps.ops) - 1)]
        reads = [tensors.value(steps.source), *map(Value, names)]
        return [Made(op, args, (value,), {}) for (op, args), value in zip(steps.ops, reads, strict=False)]

    def _is_state(self, node: Any) -> bool:
        """Whether a call only gives a tensor of the module another shape; it is then known by its own name."""
        kind = kind_of(node)
        source = node.args[0] if node.args else None
        name = getattr(source, "name", "")
        known = {**self.state, **self._reshaped}
        if kind in _COUNTING and known.get(name, "").endswith("num_batches_tracked"):
            return True
        if kind not in _RESHAPING or name not in known:
            return False
        self._reshaped[node.name] = known[name]
        self._fixed.take(node)
        return True


def _first_names(model: nn.Module) -> dict[str, str]:
    """The names of the tensors of ``model``, each with the first of those that its tensor has."""
    first: dict[int, str] = {}
    return {name: first.setdefault(id(tensor), name) for name, tensor in model.state_dict(keep_vars=True).items()}


def _call_of(node: Any, name: str, made: Made, where: str) -> Call:
    layer, leaves = _layer(made.weights)
    label = "" if leaves and made.op != "parameter" else (layer or "").rpartition(".")[2]
    given = _shape(node, made) if name == node.name else ()
    shape = tuple(int(size) for size in given[1:])
    return Call(name, made.op, made.args, made.inputs, scopes(node), _label(label), layer, leaves, where, shape)


def _shape(node: Any, made: Made) -> tuple[Any, ...]:
    """What an op gives, of a call that may give indices besides."""
    value: Any = node.meta.get("val")
    return getattr(value[0] if type(value) in (tuple, list) and made.op != "split" else value, "shape", ())


def _label(name: str) -> str:
    return "" if name.isdecimal() else name


def _layer(weights: Mapping[str, str]) -> tuple[str | None, dict[str, str]]:
    """The layer that has all of these tensors under their usual names, or the tensors themselves."""
    if not weights:
        return None, {}
    owners = {name.rpartition(".")[0] for ours, name in weights.items() if name.rpartition(".")[2] == ours}
    if len(owners) == 1 and all(name.rpartition(".")[2] == ours for ours, name in weights.items()):
        return owners.pop(), {}
    return next(iter(weights.values())), dict(weights)


def _tensors(call: Call, state: Mapping[str, str]) -> Iterator[str]:
    if call.leaves:
        yield from _parts_of(call.leaves.values())
    elif call.has_weights:
        yield from (name for name in state.values() if name.rpartition(".")[0] == call.layer)


def _parts_of(names: Iterable[str]) -> Iterator[str]:
    """Each tensor by itself of those that several are joined to."""
    yield from (each for name in names for word, each in pieces(name).items() if word != ZEROS)


def _parts(left: set[str], used: set[str]) -> tuple[str, ...]:
    """The tensors ``left`` over as patterns of the largest parts that have nothing ``used``."""
    parts: set[str] = set()
    for name in left:
        words = name.split(".")
        above = (".".join(words[:depth]) for depth in range(1, len(words)))
        whole = next((part for part in above if not any(each.startswith(f"{part}.") for each in used)), None)
        parts.add(f"{whole}.*" if whole else name)
    return tuple(sorted(parts))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
