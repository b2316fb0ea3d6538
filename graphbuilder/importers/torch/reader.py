"""The graph of a torch module as calls, with the modules that they stand in and the names of their weights."""

from __future__ import annotations

import logging
import operator
import re
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from io import StringIO
from pathlib import Path
from traceback import extract_tb
from typing import Any

import torch
from torch import Tensor, nn

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import TraceFailed
from graphbuilder.importers.torch.batches import Batches, Steps
from graphbuilder.importers.torch.calls import made_of
from graphbuilder.importers.torch.computed import Computed, is_whole, own_shape
from graphbuilder.importers.torch.dropped import attention_rates
from graphbuilder.importers.torch.elsewhere import trained_at
from graphbuilder.importers.torch.fixed import Fixed, Rewritten
from graphbuilder.importers.torch.folding import unfold
from graphbuilder.importers.torch.modes import Mode, evaluating, training
from graphbuilder.importers.torch.modules import dropping, made_of_whole, undone, wholes
from graphbuilder.importers.torch.outputs import is_counted, is_table, named
from graphbuilder.importers.torch.standing import around, module_of, scopes, unrun, where_of
from graphbuilder.importers.torch.terms import Learnt, Made, Tensors, Unknown, kind_of
from graphbuilder.importers.torch.tied import Tied
from graphbuilder.importers.torch.windowed import gathering
from graphbuilder.importers.traced import Call, Folded, Traced, Unexpressed, name_for, size_of
from graphbuilder.ir import Layout, TensorType, Value
from graphbuilder.weights.patterns import ZEROS, pieces

Nodes = Mapping[Any, Value]

_RESHAPING = ("expand", "view", "reshape", "unsqueeze", "squeeze", "clone", "contiguous", "to")
# What training does to the counters of batch norms.
_COUNTING = ("add", "copy")
_TORCH = str(Path(torch.__file__).parent)


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
    found = _read(model, example, evaluating, layouts, name)
    whole = (_with_training(model, example, layouts, found) or found) if found.ignore else found
    heads = unrun(model, whole)
    size = trained_at(model, example, [*found.inputs.values()]) if heads and size_of(found) else None
    return replace(whole, dropped=(*whole.dropped, *heads), trained_at=size)


def _read(
    model: nn.Module, example: Sequence[Tensor], mode: Mode, layouts: Sequence[Layout], name: str | None
) -> Traced:
    program = _exported(model, example, mode)
    reader = _Reader(program, model, layouts, _rates(program, model, example))
    unexpressed = Unexpressed()
    for node in program.graph.nodes:
        reader.take(node, unexpressed)
    unexpressed.raise_if_any()
    used = {tensor for call in reader.calls for tensor in _tensors(call, reader.state)}
    known = {*model.state_dict()}
    left = {each for each in known - used if not each.endswith("num_batches_tracked")}
    return Traced(
        name or _snake(type(model).__name__),
        "torch",
        reader.inputs,
        reader.calls,
        reader.outputs,
        _parts(left, used),
        folded=reader.folded(used),
        by_name=is_table(program),
        dropped=undone(model, around(program)),
    )


def _with_training(
    model: nn.Module, example: Sequence[Tensor], layouts: Sequence[Layout], found: Traced
) -> Traced | None:
    """The module as it is in training, where that gives more: auxiliary outputs, which come behind the others.

    None where it gives no more, or what it does then cannot be said: the outputs in evaluation are what is wanted.
    """
    try:
        whole = _read(model, example, training, layouts, found.name)
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


def _rates(program: Any, model: nn.Module, example: Sequence[Tensor]) -> Mapping[str, float]:
    """The dropout of attention by the module that calls it.

    Raises:
        CompileError: GB804 when these modules do not run in training.
    """
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    paths = {module_of(node) for node in calls if kind_of(node) == "scaled_dot_product_attention"}
    try:
        with evaluating(model), _silent():
            return attention_rates(model, example, paths) if paths else {}
    except Exception as error:  # whatever the module's own code raises
        raise _untraced(model, example, error) from error


def _exported(model: nn.Module, example: Sequence[Tensor], mode: Mode) -> Any:
    try:
        with mode(model), dropping(model), gathering(model), _silent(), torch.no_grad():
            program = torch.export.export(model, tuple(example), strict=False)
    except Exception as error:  # whatever the module's own code raises, too
        raise _untraced(model, example, error) from error
    unfold(program)
    return program


def _untraced(model: nn.Module, example: Sequence[Tensor], error: Exception) -> CompileError:
    sizes = " and ".join("x".join(map(str, tensor.shape[1:])) or "1" for tensor in example)
    message = f"{type(model).__name__} cannot be traced with {sizes}: {_told(error)}"
    remedy = (
        "give each input of `forward` its shape without the batch, in order, --input 3,224,224 for images, or "
        "from_torch(model, left, right) an example for each; what depends on data cannot be a spec"
    )
    return CompileError((TraceFailed.at(None, message, help=remedy),))


def _told(error: Exception) -> str:
    """What was raised, its first line, and where in the code of the module."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frames = [frame for frame in extract_tb(error.__traceback__) if _TORCH not in frame.filename]
    if not frames or frames[-1].filename == __file__:
        return what
    last = frames[-1]
    return f"{what}, at {last.filename}:{last.lineno}: {last.line}"


@contextmanager
def _silent() -> Generator[None]:
    """Without what torch logs and prints of a trace that fails; the error says what did."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        logging.disable(before)


class _Reader:
    def __init__(self, program: Any, model: nn.Module, layouts: Sequence[Layout], rates: Mapping[str, float]) -> None:
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

    def take(self, node: Any, unexpressed: Unexpressed) -> None:
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "output":
            self._output(unexpressed)
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

    def _output(self, unexpressed: Unexpressed) -> None:
        values = {node.name: value for node, value in self._values.items()}
        self.outputs.update({name: values[node] for name, node in self._named if node in values})
        for name in [name for name, node in self._named if node not in values]:
            unexpressed.add(f"the output `{name}` is no value that its inputs give", "the module")

    def _call(self, node: Any, unexpressed: Unexpressed) -> None:
        where = where_of(node)
        try:
            if self._is_state(node) or self._fixed.take(node):
                return
            made = self._tried(node, unexpressed)
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
            self._values[node] = Value(self._values[node.args[0]].node, str(node.args[1]))
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
    given = getattr(node.meta.get("val"), "shape", ()) if name == node.name else ()
    shape = tuple(int(size) for size in given[1:])
    return Call(name, made.op, made.args, made.inputs, scopes(node), _label(label), layer, leaves, where, shape)


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
    elif call.layer:
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
