"""From a spec to a typed graph: params set, blocks instantiated, expressions computed, repeats written out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.inference import TypedGraph, infer
from graphbuilder.diagnostics import Diagnostic, Enough, Sink
from graphbuilder.diagnostics.catalogue.limits import TooManyNodes, TooManyParameters
from graphbuilder.diagnostics.catalogue.references import InputSize, NothingReturned, OnlyTraining
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.blocks import Blocks
from graphbuilder.elaborate.builder import BodyBuilder
from graphbuilder.elaborate.context import Context, Limits, Trail, table_of_no_op
from graphbuilder.elaborate.facts import check_names, read_by_own_steps, warn_elsewhere, warn_unread
from graphbuilder.elaborate.faults import loose, note_inputs
from graphbuilder.elaborate.initialisers import check_owned, possible_names, read_initialisers
from graphbuilder.elaborate.misdeclared import as_read
from graphbuilder.elaborate.misnamed import misnamed_inputs
from graphbuilder.elaborate.misspelt import Misspelt
from graphbuilder.elaborate.mistakes import NO_MISTAKES, Mistakes, Noticing
from graphbuilder.elaborate.misworded import as_worded
from graphbuilder.elaborate.names import name_steps
from graphbuilder.elaborate.origins import Origin, given_as
from graphbuilder.elaborate.outputs import (
    Outputs,
    Wanted,
    check_training,
    finish,
    named_outputs,
    outputs_of,
)
from graphbuilder.elaborate.paths import all_paths, taps_of
from graphbuilder.elaborate.scope import Scope
from graphbuilder.elaborate.terms import Stopped, Terms
from graphbuilder.garbage import no_search
from graphbuilder.ir import Dialect, Graph, Initialiser, Op, TensorType
from graphbuilder.ir.fault import NOT_KNOWN
from graphbuilder.ops import catalogue
from graphbuilder.ops.dialects import DIALECTS
from graphbuilder.spec.model import InputType, Spec
from graphbuilder.spec.unknown import POISON, UNKNOWN

# What an expression reads where a param has a name that cannot be one: `my` and `width` of `my-width`.
_WORDS = re.compile(r"[A-Za-z_]\w*")
# A sketch of a broken spec goes on behind mistakes at which a check ends, but not for ever.
_TIMES = 2


@no_search()
def elaborate(
    spec: Spec,
    settings: Mapping[str, Any] | None = None,
    sink: Sink | None = None,
    limits: Limits | None = None,
) -> TypedGraph | None:
    """The typed graph of ``spec`` with ``settings`` over its params.

    Every mistake goes into ``sink``, all of a spec's in one run; None is returned when there was one.

    Args:
        settings: values for params, already checked against them.
        limits: caps on what the spec may ask for.
    """
    sink = Sink() if sink is None else sink
    try:
        return _elaborated(spec, settings or {}, sink, limits or Limits())
    except Stopped:
        return None


def drawable(
    spec: Spec | None, settings: Mapping[str, Any], diagnostics: Sequence[Diagnostic], limits: Limits
) -> TypedGraph:
    """What of a broken spec can be drawn, each of its mistakes, which ``diagnostics`` tell, where it belongs.

    Of a spec of which too little is known nothing but the mistakes is.
    """
    mistakes = Mistakes(diagnostics)
    typed = _sketched(spec, settings, limits, mistakes, NO_MISTAKES)
    if typed and mistakes.left_by(typed.graph).all:
        typed = _sketched(spec, settings, limits, mistakes, mistakes.left_by(typed.graph))
    graph = typed.graph if typed else Graph("model", spec.name if spec else "spec", (), (), ())
    left = mistakes.left_by(graph)
    return infer(replace(graph, nodes=(*loose(left), *graph.nodes)), typed.inputs if typed else ())


def _sketched(
    spec: Spec | None, settings: Mapping[str, Any], limits: Limits, mistakes: Mistakes, spare: Mistakes
) -> TypedGraph | None:
    sink = Noticing(mistakes.all, _TIMES * limits.mistakes)
    try:
        return _elaborated(spec, settings, sink, limits, mistakes, spare) if spec else None
    except (Stopped, Enough):
        return None


def _elaborated(
    spec: Spec,
    settings: Mapping[str, Any],
    sink: Sink,
    limits: Limits,
    mistakes: Mistakes = NO_MISTAKES,
    spare: Mistakes = NO_MISTAKES,
    unneeded: frozenset[Place] = frozenset(),
) -> TypedGraph | None:
    ops = catalogue()
    declared, spec = spec, as_read(as_worded(spec, ops, sink), sink)
    check_names(declared, ops, sink)
    params = _params(spec, settings, sink, Terms(limits.terms, sink))
    dialect = _dialect(spec, ops, params, sink)
    context = Context(spec, ops, dialect, params, sink, limits, mistakes, spare, unneeded)
    blocks = Blocks(context)
    misnamed = misnamed_inputs(spec, sink)
    inputs = {name: _input(name, declared, context) for name, declared in spec.inputs.items() if name not in misnamed}
    context.inputs = inputs
    graph = _model(blocks, inputs)
    blocks.check_rest()
    # A word that is wrong elsewhere may be the very one that would have read it.
    if not (sink.failed or context.keeps_faults):
        blocks.pruner.report(sink)
        warn_unread(spec, settings, sink)
        warn_elsewhere(spec, inputs, sink)
        more = unneeded | blocks.pruner.unneeded
        if blocks.tapped and more != unneeded and not sink.failed:
            # What they read inside blocks would be given out there for nobody.
            return _without(more, spec, settings, sink, limits)
    return None if graph is None or (sink.failed and not context.keeps_faults) else _typed(graph, inputs, context)


def _without(
    unneeded: frozenset[Place], spec: Spec, settings: Mapping[str, Any], sink: Sink, limits: Limits
) -> TypedGraph | None:
    """Elaborate once more, without steps that were found to be needed by nobody; its warnings have been given."""
    again = Sink()
    try:
        return _elaborated(spec, settings, again, limits, unneeded=unneeded)
    finally:
        for each in again.diagnostics:
            if each.severity == "error":
                sink.add(each)


def _params(spec: Spec, settings: Mapping[str, Any], sink: Sink, terms: Terms) -> Scope:
    """The scope of all: params as set, and the faulty ones, of which nothing is known."""
    faulty = [keys[1:] for keys in spec.unsound if keys[0] == "params"]
    words = {word: UNKNOWN for name in faulty for part in name for word in _WORDS.findall(str(part))}
    misspelt = Misspelt(sink).params(spec, settings)
    return Scope({**words, **misspelt, **spec.params, **settings}, sink, terms, ajar=() in faulty)


def _model(blocks: Blocks, inputs: Mapping[str, TensorType | None]) -> Graph | None:
    context = blocks.context
    spec = context.spec
    if ("model",) in spec.unsound:
        return None
    if len(spec.model.body) > context.limits.steps:
        context.afford(len(spec.model.body), spec.model.body[context.limits.steps].place)
    (body,) = context.needed(*name_steps(spec.model.body, taken=inputs))
    outputs = _outputs(spec)
    taps = taps_of([*all_paths(body), *(output.path for output in outputs)], body)
    builder = BodyBuilder(blocks, context.params, inputs, Trail(), taps, {})
    builder.nameless = any(keys[0] == "inputs" for keys in spec.unsound)
    builder.doubtful = builder.nameless or None in inputs.values()
    builder.sources = {name: spec.place_of("inputs") / name for name in inputs}
    note_inputs(builder, spec.place_of("inputs"))
    last = builder.run(body, builder.start, spec.model.place_of("body"))
    given = named_outputs(builder, outputs, ()) if outputs else _last_output(outputs_of(builder, last, ()))
    if given is not None and outputs:
        _expect_outputs(given, spec, context.sink)
    params = context.params.names
    own = {name: params[name] for name in read_by_own_steps(spec)}
    graph = finish(builder, "model", spec.name, given, params, spec.title, own)
    if graph is None or context.sink.failed:
        return graph if context.keeps_faults else None
    declared = [(name, (spec.outputs or {})[name]) for name, _ in graph.outputs if outputs]
    training = frozenset(name for name, output in declared if output.training)
    by_name = any(output.by_name for _, output in declared)
    graph = replace(graph, dialect=context.dialect, training=training, by_name_always=by_name)
    check_training(graph, context.sink)
    return graph


def _outputs(spec: Spec) -> tuple[Wanted, ...]:
    """The outputs that the model declares, those of training behind the others."""
    rows = sorted((spec.outputs or {}).items(), key=lambda row: row[1].training)
    return tuple(Wanted(name, output.from_, output.path_place) for name, output in rows)


def _expect_outputs(given: Outputs, spec: Spec, sink: Sink) -> None:
    span = spec.place_of("outputs").span
    if not given.pairs:
        message = "every output names a step that is left out"
        sink.add(NothingReturned.at(span, message, help="name a step that is always there"))
    elif all((spec.outputs or {})[name].training for name, _ in given.pairs) and not _are_misspelt(given, spec):
        message = "the model gives nothing in evaluation"
        sink.add(OnlyTraining.at(span, message, help="leave out `training = true` of one output, or add another"))


def _are_misspelt(given: Outputs, spec: Spec) -> bool:
    """Whether what makes one of the outputs that of training alone is a key that was read as ``training``."""
    places = [(spec.outputs or {})[name].place / "training" for name, _ in given.pairs]
    return any(place.key_span.text.strip("\"'") != "training" for place in places)


def _last_output(outputs: Outputs | None) -> Outputs | None:
    """The sole output of a model that names none is called after the step that gives it."""
    if outputs is None or len(outputs.pairs) != 1:
        return outputs
    value = outputs.pairs[0][1]
    return Outputs(((value.node, value),), 1)


def _typed(graph: Graph, inputs: Mapping[str, TensorType | None], context: Context) -> TypedGraph | None:
    size, limits, place = context.size(graph), context.limits, context.spec.model.place
    if size > limits.nodes:
        message = f"written out, this is {size} operations; the limit is {limits.nodes}"
        context.sink.add(TooManyNodes.at(place.span, message, help=TooManyNodes.remedy))
        return None
    typed = context.inference.body(graph, tuple(type_ or NOT_KNOWN for type_ in inputs.values()))
    parameters = costs(typed).total
    if parameters > limits.parameters:
        message = f"the network has {parameters} parameters; the limit is {limits.parameters}"
        context.sink.add(TooManyParameters.at(place.span, message, help=TooManyParameters.remedy))
        return None
    return typed


def _input(name: str, declared: InputType, context: Context) -> TensorType | None:
    """The type of one input; None after reporting every size that is none, or too large a whole."""
    params = context.params
    context.spend(1, declared.place)
    sizes: list[int] = []
    for index, raw in enumerate(declared.shape):
        place = declared.shape_place(index)
        size = params.compute(raw, place)
        if type(size) is int and size > 0:
            sizes.append(size)
        elif size is not UNKNOWN:
            told = _no_size(name, size, place, params.origin(raw, place))
            if not params.sink.has_error_at(told.span):
                params.sink.add(told)
    if len(sizes) < len(declared.shape):
        return None
    layout = "last" if declared.layout == "channels_last" and len(sizes) > 1 else "first"
    type_ = TensorType(tuple(sizes), layout)
    if fault := context.too_large((type_,), declared.place_of("shape")):
        params.sink.add(fault)
        return None
    return type_


def _no_size(name: str, size: object, place: Place, origin: Origin | None) -> Diagnostic:
    """The diagnostic for a size that is none, told where it was written a little wrong."""
    message = f"a size of `{name}` is {shown(size)}, not a positive integer"
    better = origin.slip(size, _is_size) if origin else None
    cause = origin.cause(_is_size) if origin else None
    if cause is None or cause.place.keys == place.keys:
        return InputSize.at(place.span, message, help=better or "write sizes from 1: channels, height, width, say")
    help_ = better or "write an integer from 1"
    return InputSize.at(cause.place.span, message, related=given_as(size, place), help=help_)


def _is_size(value: object) -> bool:
    return type(value) is int and value > 0


def _dialect(spec: Spec, ops: Mapping[str, type[Op]], params: Scope, sink: Sink) -> Dialect:
    """The file's dialect with its ``[init]`` over it."""
    base = DIALECTS[spec.dialect]
    init: dict[str, Mapping[str, Initialiser]] = dict(base.init)
    for op, raw in spec.init.items():
        place = spec.place_of("init") / op
        if op not in ops:
            if raw is not POISON:  # else the line breaks off, and so may its name
                sink.add(table_of_no_op(op, ops, place))
            continue
        own = read_initialisers(raw, place, params)
        check_owned(op, own, possible_names(ops[op]), place, sink)
        init[op] = {**init.get(op, {}), **own}
    return replace(base, init=init)
