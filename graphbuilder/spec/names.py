"""What may be called what. The sets are data, so that a spec means the same with any version of torch, or none."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import count
from typing import Literal, NamedTuple

from graphbuilder.diagnostics import Rule
from graphbuilder.diagnostics.catalogue.grammar import BadName, ReservedName
from graphbuilder.document.writing import shown
from graphbuilder.spec.expressions import RESERVED as EXPRESSION_WORDS
from graphbuilder.spec.syntax import FACTS, INPUT, OF_COPIES

Kind = Literal["step", "block", "input", "branch", "output", "param", "argument", "let"]

PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The public attributes of torch.nn.Module; a submodule of such a name would hide one.
MODULE_ATTRIBUTES = _words(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches
    eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict
    modules mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
    register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
    """
)

# What becomes a submodule: a step without an id has its block's name. The others are arguments and keys.
_ATTRIBUTES = ("step", "branch", "block")

# What the Python that is written imports and calls.
EMITTED = _words(
    """
    torch nn F Tensor OrderedDict self super range enumerate zip len isinstance math bool int float str list tuple dict
    ValueError init_weights
    """
)

# The words that any step may carry: an argument of that name could never be given.
STEP_WORDS = frozenset({"op", "use", "id", "title", "from", "repeat", "merge", "share", "when", "init"})

# What is called otherwise elsewhere: what joins values, and the words that a key can have.
JOINS: Mapping[str, str] = {
    "addition": "add",
    "cat": "concat",
    "concatenate": "concat",
    "concatenation": "concat",
    "multiply": "mul",
    "plus": "add",
    "product": "mul",
    "times": "mul",
}
OTHER_WORDS: Mapping[str, str] = {
    **JOINS,
    "nchw": "channels_first",
    "nhwc": "channels_last",
    "pytorch": "torch",
    "sum": "add",
    "tensorflow": "keras",
    "tf": "keras",
}

# What puts steps beside one that `[steps]` names.
INSERTIONS = ("before", "after")

# What a block's argument may be declared as, alone or several joined by `|`.
TYPES: Mapping[str, type] = {"int": int, "float": float, "bool": bool, "str": str, "list": list}

# In scope by themselves, so no param, argument or let may have the name.
_READ = (f"{of}_{fact}" for of in (INPUT, "from") for fact in FACTS)
SCOPE = frozenset({*OF_COPIES, *_READ, *EXPRESSION_WORDS})


def numbered(kind: str) -> Iterator[str]:
    """What steps without an id are called that run the same: ``conv``, ``conv_2``, ``conv_3``, without end."""
    yield kind
    yield from (f"{kind}_{number}" for number in count(2))


class NameFault(NamedTuple):
    """Why a name cannot be used."""

    rule: type[Rule]
    message: str
    help: str | None


@lru_cache(maxsize=4096)
def fault_of(name: str, kind: Kind) -> NameFault | None:
    """What is wrong with calling a thing of this kind ``name``, or None."""
    if not PATTERN.fullmatch(name):
        message = f"{shown(name)} cannot be the name of {_article(kind)}"
        return NameFault(BadName, message, _repair(name))
    owner = _owner(name, kind)
    return NameFault(ReservedName, f"`{name}` {owner}", f"call it `{name.rstrip('_')}_1`, say") if owner else None


def _owner(name: str, kind: Kind) -> str | None:
    if keyword.iskeyword(name):
        return "is a word of Python"
    if name in MODULE_ATTRIBUTES and kind in _ATTRIBUTES:
        return "is a part of every torch module"
    if name in EMITTED:
        return "is used in the Python that is written"
    if kind == "argument" and name in STEP_WORDS:
        return "is a word that any step may carry"
    if kind == "argument" and name in INSERTIONS:
        return "puts steps beside another in `[steps]`"
    if kind in ("param", "argument", "let") and name in SCOPE:
        return "has a meaning of its own in expressions"
    return None


def types_of(declaration: object) -> tuple[str, ...]:
    """The types that a block declares for an argument, as in ``"int | list"``; none where it writes a default."""
    words = words_of(declaration)
    return words if all(word in TYPES for word in words) else ()


def words_of(declaration: object) -> tuple[str, ...]:
    """The words of a declaration that is a string."""
    return tuple(word.strip() for word in declaration.split("|")) if isinstance(declaration, str) else ()


def _article(kind: Kind) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _repair(name: str) -> str:
    rule = "a name is a letter and then letters, digits and `_`, 64 at most"
    cleaned = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:64]
    return f"{rule}: `{cleaned}`" if PATTERN.fullmatch(cleaned) and fault_of(cleaned, "step") is None else rule
