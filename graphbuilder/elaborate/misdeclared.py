"""Declarations at fault: arguments and inputs that a block reads, is given and does not declare; inputs that nothing in
a block reads and no use gives; and what is misspelt.

Each is reported once, and not at every place that reads, gives or lacks it, which then means what is declared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from graphbuilder.diagnostics import Sink
from graphbuilder.diagnostics.catalogue.arguments import ArgumentUnknown
from graphbuilder.diagnostics.catalogue.references import Ports
from graphbuilder.document.scanner import Keys
from graphbuilder.elaborate.mentions import (
    Uses,
    in_expressions,
    inputs_read,
    inside_others,
    known_in_expressions,
    known_in_paths,
    outputs_of,
    uses_of_blocks,
)
from graphbuilder.elaborate.misspelt import Misspelt
from graphbuilder.elaborate.remedies import setting
from graphbuilder.elaborate.walks import main_steps
from graphbuilder.spec.model import Block, Spec, Step
from graphbuilder.spec.names import STEP_WORDS, TYPES
from graphbuilder.spec.unknown import POISON


def as_read(spec: Spec, sink: Sink) -> Spec:
    """``spec`` with the steps of its bodies, and the inputs and arguments of its blocks, called as they are read."""
    uses, inside, misspelt = uses_of_blocks(spec), inside_others(spec), Misspelt(sink)
    outputs = [each.from_ for each in (spec.outputs or {}).values()]
    model = misspelt.steps(spec.model.body, outputs, spec.inputs, inside)
    checks = {name: _BlockCheck(spec, block, uses[name], misspelt, sink) for name, block in spec.blocks.items()}
    blocks = {name: changed for name, check in checks.items() if (changed := check.as_read(inside))}
    if not model and not blocks:
        return spec
    body = spec.model.model_copy(update={"body": _renamed(spec.model.body, model)})
    return spec.model_copy(update={"model": body, "blocks": {**spec.blocks, **blocks}})


def _renamed(steps: Sequence[Step], called: Mapping[str, str]) -> list[Step]:
    return [step.model_copy(update={"id": called.get(step.id, step.id)}) if step.id else step for step in steps]


class _BlockCheck:
    """Compares what one block declares with what it reads and what its uses give, and reports where they differ."""

    def __init__(self, spec: Spec, block: Block, uses: Uses, misspelt: Misspelt, sink: Sink) -> None:
        self._spec = spec
        self._block = block
        self._uses = uses
        self._misspelt = misspelt
        self._sink = sink

    def as_read(self, inside: Collection[str]) -> Block | None:
        """The block with its main steps, its inputs and its arguments as they are read; None where they are."""
        block = self._block
        around = {*(block.inputs or ()), *(block.branches or ())}
        steps = self._misspelt.steps(main_steps(block), outputs_of(block), around, inside)
        inputs = self._misspelt.inputs(self._spec, block, self._uses.inputs)
        arguments = self._misspelt.arguments(self._spec, block, self._uses.arguments)
        lets = self._misspelt.lets(self._spec, block)
        excess, lacking = self._excess_inputs(inputs), self._lacking_arguments({**arguments, **lets})
        missing = self._missing_inputs(inputs)
        if not (steps or inputs or arguments or lets or excess or lacking or missing):
            return None
        words: dict[str, Any] = {word: _renamed(getattr(block, word), steps) for word in ("before", "after")}
        words |= {"body": _renamed(block.body, steps)} if block.body else {}
        kept = [inputs.get(name, name) for name in block.inputs or () if name not in excess]
        words |= {"inputs": [*kept, *missing]} if block.inputs or missing else {}
        words["args"] = {arguments.get(name, name): value for name, value in block.args.items()}
        words["args"] |= dict.fromkeys(lacking, POISON)
        words["let"] = {lets.get(name, name): value for name, value in block.let.items()}
        return block.model_copy(update=words)

    def _excess_inputs(self, misspelt: Collection[str]) -> Collection[str]:
        """The inputs that nothing in the block reads and that the tables of its uses do not give, each reported."""
        block, given = self._block, self._uses.inputs
        if not given or not block.inputs:
            return ()
        known = {*inputs_read(block, ()), *given, *misspelt}
        excess = [name for name in block.inputs if name not in known]
        for name in excess:
            message = f"nothing in the block `{block.place.keys[-1]}` reads the input `{name}`, and no use gives it"
            place = block.place_of("inputs") / block.inputs.index(name)
            self._sink.add(Ports.at(place.span, message, help="leave it out"))
        return excess

    def _missing_inputs(self, misspelt: Mapping[str, str]) -> Sequence[str]:
        """The inputs that the block reads and its uses give, and that it does not declare, reported as one mistake."""
        block, given = self._block, self._uses.inputs
        if not given or self._is_unsound(("blocks",), (*block.place.keys, "inputs")):
            return ()
        declared = [*(block.inputs or ())]
        reads = inputs_read(block, known_in_expressions(self._spec, block))
        known = {*declared, *misspelt.values(), *known_in_paths(block)}
        missing = [name for name in given if name in reads and name not in known]
        if missing:
            whole = ", ".join(f'"{name}"' for name in (*declared, *missing))
            span = block.place_of("inputs").span if block.inputs else block.place.key_span
            self._sink.add(Ports.at(span, self._undeclared(missing), help=f"write inputs = [{whole}]"))
        return missing

    def _lacking_arguments(self, misspelt: Mapping[str, str]) -> Collection[str]:
        """The arguments that the block reads and its uses give, and that it does not declare, each reported."""
        block, given = self._block, self._uses.arguments
        unsound = (("params",), ("blocks",), (*block.place.keys, "args"), (*block.place.keys, "let"))
        if not given or self._is_unsound(*unsound):
            return ()
        known = {*known_in_expressions(self._spec, block), *misspelt.values(), *STEP_WORDS}
        reads = Counter(in_expressions(block))
        lacking = [name for name in given if name in reads and name not in known]
        for name in lacking:
            self._report_lacking(name, _kind(self._uses.plain.get(name)))
        return lacking

    def _report_lacking(self, name: str, kind: str) -> None:
        block, message = self._block, self._undeclared([name])
        if block.args:
            place = block.place_of("args")
            help_, untried = f'write {name} = "{kind}" into its `args`', tuple(setting(place, name, kind))
            self._sink.add(ArgumentUnknown.at(place.span, message, help=help_, untried=untried))
        else:
            help_ = f'add args = {{ {name} = "{kind}" }}'
            self._sink.add(ArgumentUnknown.at(block.place.key_span, message, help=help_))

    def _undeclared(self, names: Sequence[str]) -> str:
        words, them = " and ".join(f"`{name}`" for name in names), "them" if len(names) > 1 else "it"
        return (
            f"the block `{self._block.place.keys[-1]}` reads {words}, which its uses give, and does not declare {them}"
        )

    def _is_unsound(self, *places: Keys) -> bool:
        """Whether a mistake in the block, or at one of ``places``, was reported: what it declares is not known."""
        return not self._spec.unsound.isdisjoint({self._block.place.keys, *places})


def _kind(value: object) -> str:
    """The type by which an argument is declared that may be ``value``; an integer where nothing is known of it."""
    return next((word for word, type_ in TYPES.items() if type(value) is type_), "int")
