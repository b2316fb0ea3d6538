"""The arguments of a block: those that a step gives, checked against what the block declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphbuilder.diagnostics import Diagnostic, Help, Label, Meant, Sink
from graphbuilder.diagnostics.catalogue.arguments import ArgumentType
from graphbuilder.diagnostics.nearest import nearest, one_slip
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.arguments import Argument, written_wrong
from graphbuilder.elaborate.origins import given_as
from graphbuilder.elaborate.slips import slip
from graphbuilder.elaborate.strangers import STRANGERS, missing_argument, paired, renamed, unknown_argument
from graphbuilder.ops.other_names import argument_meant
from graphbuilder.spec.expressions import Expression
from graphbuilder.spec.model import Block, Step
from graphbuilder.spec.names import STEP_WORDS, TYPES, types_of
from graphbuilder.spec.unknown import UNKNOWN


class BlockArguments(NamedTuple):
    """A block's arguments in declared order; a value may be UNKNOWN."""

    values: Mapping[str, Any]
    failed: bool


class Declared(NamedTuple):
    """The arguments of a block that must be given, and the number of each of all."""

    required: frozenset[str]
    order: Mapping[str, int]


def declared_by(block: Block) -> Declared:
    """What ``block`` declares, looked through once for all its uses."""
    required = frozenset(name for name, default in block.args.items() if is_type(default))
    return Declared(required, {name: number for number, name in enumerate(block.args)})


def check_block_arguments(
    name: str, block: Block, declared: Declared, arguments: Mapping[str, Argument], step: Step, sink: Sink
) -> BlockArguments:
    """The arguments that a step gives to a block, checked against what it declares; defaults are left to the block."""
    owner = f"the block `{name}`"
    known = (*block.args, *STEP_WORDS)
    strangers = [given for given in arguments if given not in block.args]
    lacking = declared.required - arguments.keys()
    few = strangers[:STRANGERS] if lacking else []
    excused = {argument_meant(given, block.args) for given in few}
    pairs = paired([given for given in few if not argument_meant(given, known)], lacking - excused)
    for given in strangers:
        near = argument_meant(given, known)
        remedy = Meant((near,)) if near else f"{owner} takes {', '.join(block.args) or 'no arguments'}"
        sink.add(unknown_argument(owner, given, arguments[given].place, remedy, block.args, pairs.get(given)))
    for given, meant in renamed(strangers, known, pairs, arguments).items():
        if meant in block.args:
            checked(name, block.place_of("args") / meant, block.args[meant], arguments[given], sink)
    excused.update(pairs.values())
    values: dict[str, Any] = {}
    for each in sorted(lacking.union(arguments).difference(strangers), key=declared.order.__getitem__):
        if each in arguments:
            values[each] = checked(name, block.place_of("args") / each, block.args[each], arguments[each], sink)
            continue
        if each not in excused:
            sink.add(missing_argument(owner, each, step.place))
        values[each] = UNKNOWN
    return BlockArguments(values, bool(strangers or lacking))


def plain_defaults(block: Block) -> dict[str, Any]:
    """What the arguments of a block are when a step leaves them out; not those that an expression computes."""
    return {
        name: default
        for name, default in block.args.items()
        if not is_type(default) and not isinstance(default, Expression)
    }


def is_type(default: Any) -> bool:
    """Whether a block's declaration names types, so that the argument must be given."""
    return bool(types_of(default))


def checked(block: str, declared: Place, default: Any, argument: Argument, sink: Sink) -> Any:
    """The argument's value as a type of those that stand at ``declared``; UNKNOWN after reporting one that does not
    fit."""
    wanted = wanted_types(default)
    value = argument.value
    if value is UNKNOWN or not wanted or type(value) in wanted:
        return value
    if float in wanted and type(value) is int:
        return float(value)
    name = str(declared.keys[-1])
    if isinstance(default, str) and not is_type(default) and (meant_ := _meant_by_default(default, value)):
        if not sink.has_error_at(declared.span):
            sink.add(_misspelt_type(name, declared, meant_, argument))
        return UNKNOWN
    expected = " or ".join(word for word, type_ in TYPES.items() if type_ in wanted)
    message = f"`{name}` of the block `{block}` is declared as {expected}; {shown(value)} is not"
    cause, better = written_wrong(argument, lambda other: type(other) in wanted)
    if better and cause.place.keys != argument.place.keys:
        if not sink.has_error_at(cause.place.span):
            related, label = given_as(value, argument.place), f"expected {expected}"
            sink.add(ArgumentType.at(cause.place.span, message, label=label, related=related, help=better))
        return UNKNOWN
    better = slip(argument.raw, value, argument.names, lambda other: type(other) in wanted, name)
    remedy = better or f"give it {expected}, or declare another type in `args` of `{block}`"
    sink.add(ArgumentType.at(argument.place.span, message, label=f"expected {expected}", help=remedy))
    return UNKNOWN


def _meant_by_default(default: str, value: Any) -> Help:
    """The type, or the number, that a string was meant as where an argument is declared and ``value`` is given."""
    near = nearest(default, TYPES) or next((word for word in TYPES if _is_slip(default, word, value)), None)
    return Meant((near,), quote='"') if near else slip(default, default, {}, lambda other: type(other) is type(value))


def _is_slip(default: str, word: str, value: Any) -> bool:
    return type(value) is TYPES[word] and one_slip(default, word)


def _misspelt_type(name: str, declared: Place, meant_: Help, argument: Argument) -> Diagnostic:
    """The diagnostic for a string that was meant as a type, or as a number: told where it stands, however often it is
    used."""
    message = f"{shown(declared.value)} is no type, but what `{name}` is by default; a step gives it another"
    label = Label(argument.place.span, f"{shown(argument.value)} is no string")
    return ArgumentType.at(declared.span, message, related=(label,), help=meant_)


def wanted_types(default: Any) -> tuple[type, ...]:
    """The types that a declaration asks for; none when its default is an expression, which may give any."""
    if isinstance(default, Expression):
        return ()
    names = types_of(default)
    return tuple(TYPES[word] for word in names) if names else (default.__class__,)
