"""What can be said of a spec before any block is instantiated: names that hide others, and what nothing reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from graphbuilder.diagnostics import Help, Meant, Sink
from graphbuilder.diagnostics.catalogue.arguments import HidesParam
from graphbuilder.diagnostics.catalogue.references import (
    BlockHidesOp,
    BlockUnused,
    InputElsewhere,
    NameUnread,
    ParamUnread,
)
from graphbuilder.document import Place
from graphbuilder.elaborate.mentions import in_expressions, uses
from graphbuilder.elaborate.misnamed import inherited_near, reported
from graphbuilder.elaborate.remedies import COLOURS, as_here, of_input
from graphbuilder.elaborate.walks import all_steps, steps_of, values_of, words_of
from graphbuilder.ir import TensorType
from graphbuilder.spec.expressions import Expression, free_names
from graphbuilder.spec.merged import Merged
from graphbuilder.spec.model import Block, Spec
from graphbuilder.spec.validation import known_keys


def check_names(spec: Spec, ops: Mapping[str, object], sink: Sink) -> None:
    """Report blocks named like ops, and arguments and lets that hide a param."""
    for name, block in spec.blocks.items():
        if name in ops:
            message = f"`{name}` is an op; a block cannot have its name"
            sink.add(BlockHidesOp.at(block.place.key_span, message, help=f"call it `{name}_block`, say"))
        for words in ("args", "let"):
            for hidden in [each for each in getattr(block, words) if each in spec.params]:
                message = f"`{hidden}` of the block `{name}` hides the param `{hidden}`"
                span = (block.place_of(words) / hidden).key_span
                if not sink.has_error_at(span):
                    sink.add(HidesParam.at(span, message, help="give it another name"))


def warn_unread(spec: Spec, settings: Mapping[str, Any], sink: Sink) -> None:
    """Warn of params, arguments and lets that no expression reads and blocks that no step uses, of those that this
    very file declares.

    A param that is set is told of wherever it is declared: the setting changes nothing. What was meant for an inherited
    name is an error.
    """
    read = set(_names_read(spec, spec.blocks.values()))
    unread = (spec.place_of("params") / name for name in spec.params if name not in read)
    for place, near in inherited_near(unread):
        _warn_param(place, near, str(place.keys[-1]) in settings, sink)
    used, demanded = uses(spec), _demanded(spec)
    for name, block in spec.blocks.items():
        if name in used:
            _warn_unread_in(name, block, demanded[name], sink)
    for place, near in inherited_near(block.place for name, block in spec.blocks.items() if name not in used):
        _warn_block(place, near, sink)


def _warn_block(place: Place, near: str | None, sink: Sink) -> None:
    name = str(place.keys[-1])
    if not reported(place, near, "block", sink, lambda own: name not in uses(own)) and _declared_here(place):
        help_, message = _or_inherited(near, "remove it, or use it"), f"nothing uses the block `{name}`"
        sink.warn(BlockUnused, place.keys, lambda: BlockUnused.at(place.key_span, message, help=help_))


def _warn_param(place: Place, near: str | None, is_set: bool, sink: Sink) -> None:
    name = str(place.keys[-1])

    def unread(own: Spec) -> bool:
        return name not in _names_read(own, own.blocks.values())

    if not is_set and (reported(place, near, "param", sink, unread) or not _declared_here(place)):
        return
    help_ = "leave the setting out, or read it" if is_set else _or_inherited(near, _unless_a_key(name))
    message = f"nothing reads the param `{name}`"
    sink.warn(ParamUnread, place.keys, lambda: ParamUnread.at(place.key_span, message, help=help_))


def _unless_a_key(name: str) -> str:
    """What to do about a param that nothing reads, and that may be meant for a key of the file."""
    remedy = "remove it, or read it"
    return (
        f"the file's own `{name}` stands above the first `[...]`; else {remedy}" if name in known_keys(()) else remedy
    )


def _or_inherited(near: str | None, remedy: str) -> Help:
    """What to do about a name that nothing reads and that may be meant for the inherited one ``near``."""
    return Meant((near,), f"did you mean {{}}? If not, {remedy}") if near else remedy


def _warn_unread_in(name: str, block: Block, demanded: Collection[str], sink: Sink) -> None:
    read = set(in_expressions(block))
    unread = [("args", each, "argument") for each in block.args if each not in {*read, *demanded}]
    unread += [("let", each, "let") for each in block.let if each not in read]
    for word, each, kind in unread:
        place = block.place_of(word) / each
        if _declared_here(place):
            message = f"nothing in the block `{name}` reads the {kind} `{each}`"
            _warn_name(place, message, sink)


def _warn_name(place: Place, message: str, sink: Sink) -> None:
    sink.warn(NameUnread, place.keys, lambda: NameUnread.at(place.key_span, message, help="remove it, or read it"))


def _demanded(spec: Spec) -> Mapping[str, Collection[str]]:
    """By block the arguments that it cannot do without: steps give them to other blocks, too, or to the one that it
    replaces."""
    document = spec.place.document
    inherited = {*document.parent.data.get("blocks", ())} if isinstance(document, Merged) else set[str]()
    found: defaultdict[str, set[str]] = defaultdict(set)
    for step in all_steps(spec):
        for name in {*step.blocks} if len(step.blocks) > 1 else inherited.intersection(step.blocks):
            found[name].update(step.args)
    return found


def warn_elsewhere(spec: Spec, types: Mapping[str, TensorType | None], sink: Sink) -> None:
    """Warn of inputs that are images as other frameworks write them, and run all the same; each warning is to be
    dropped where its remedy, tried, brings a network that does not."""
    for name, input_ in spec.inputs.items():
        type_, place = types.get(name), spec.place_of("inputs") / name
        order = as_here(input_, type_)
        shape = [type_.shape[index] for index in order] if type_ and order else []
        if shape and shape[0] in COLOURS and shape[1] == shape[2] > max(COLOURS):
            message = f"`{name}` is {type_}, read as {type_.shape[0] if type_ else 0} channels"
            untried = tuple(of_input(place, input_, type_))
            sink.add(InputElsewhere.at(input_.place_of("shape").span, message, untried=untried))


def _declared_here(place: Place) -> bool:
    """Whether the file itself wrote this, and not one that it extends."""
    document = place.document
    return not isinstance(document, Merged) or document.origin(place.keys).document is document.child


def read_by_own_steps(spec: Spec) -> list[str]:
    """The params that arguments of ops in the model's own body read, each written as one expression, and that nothing
    else of the network does."""
    own = [step for step in spec.model.body if step.op is not None and not step.repeated]
    plain = [value for step in own for value in step.args.values() if isinstance(value, Expression)]
    read = Counter(free_names(plain))
    every = Counter(_names_read(spec, _reached(spec)))
    return [name for name in spec.params if read[name] and read[name] == every[name]]


def _reached(spec: Spec) -> Collection[Block]:
    """The blocks that the model uses, directly or through others."""
    found: dict[str, Block] = {}
    steps = list(spec.model.body)
    while steps:
        new = {name for name in steps.pop().blocks if name in spec.blocks and name not in found}
        found |= {name: spec.blocks[name] for name in new}
        steps += (step for name in new for step in steps_of(spec.blocks[name]))
    return found.values()


def _names_read(spec: Spec, blocks: Collection[Block]) -> Iterator[str]:
    values: list[Any] = [spec.defaults, spec.init, [each.shape for each in spec.inputs.values()]]
    for step in [*spec.model.body, *(step for block in blocks for step in steps_of(block))]:
        values += words_of(step)
    for block in blocks:
        values += values_of(block)
    yield from free_names(values)
