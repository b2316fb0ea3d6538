"""GB1xx: the grammar of a spec: its keys, their types, names, and what a file extends."""

from __future__ import annotations

from graphbuilder.diagnostics.example import TINY, Example
from graphbuilder.diagnostics.model import Rule

_HEAD = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

"""
_STEPS = _HEAD + "[model]\nbody = [{steps}]\n"
_BLOCK = _HEAD + '[model]\nbody = [{{ use = "unit" }}]\n\n[blocks.unit]\n{block}\n'


_VARIANT = 'format = 1\nname = "{name}"\nextends = "{base}.toml"\n'
_BODY = 'body = [{ op = "conv", kernel = 1, out = "=out" }]\n'
_WIDER = _BODY.replace("=out", "=2 * out")


class UnknownKey(Rule):
    """The language has no such key here. Keys are never passed over: a misspelt one would silently change the
    network."""

    code = "GB101"
    title = "an unknown key"
    bad = _STEPS.format(steps='{ op = "relu" }').replace('name = "tiny"', 'name = "tiny"\ndialekt = "keras"')
    good = _STEPS.format(steps='{ op = "relu" }').replace('name = "tiny"', 'name = "tiny"\ndialect = "keras"')


class MissingKey(Rule):
    """A key that cannot be left out. A file has ``format``, ``name``, ``[inputs]`` and ``[model]``, unless it extends
    one that has."""

    code = "GB102"
    title = "a key is missing"
    several = True
    bad = _HEAD + "[model]\n"
    good = _STEPS.format(steps='{ op = "relu" }')


class WrongType(Rule):
    """The value is of another type than this key takes. Nothing is converted: ``true`` is not 1, and ``"64"`` is not
    64."""

    code = "GB103"
    title = "a value of the wrong type"
    bad = _STEPS.format(steps='{ op = "relu", when = "yes" }, { op = "tanh" }')
    good = _STEPS.format(steps='{ op = "relu", when = true }, { op = "tanh" }')


class WrongWord(Rule):
    """This key takes one of a few words."""

    code = "GB104"
    title = "a word that this key does not take"
    advice = "write one of the words that it takes"
    bad = _STEPS.format(steps='{ op = "relu", repeat = 2, merge = "sum" }')
    good = _STEPS.format(steps='{ op = "relu", repeat = 2, merge = "add" }')


class UnknownFormat(Rule):
    """``format`` is the version of the language. This is version 1; a file of a later one needs a later
    graphbuilder."""

    code = "GB105"
    title = "a format that is not known"
    bad = _STEPS.format(steps='{ op = "relu" }').replace("format = 1", "format = 2")
    good = _STEPS.format(steps='{ op = "relu" }')


class StepKind(Rule):
    """A step runs one thing: a built-in (``op``), a block of this file (``use``), or a sibling's weights again
    (``share``)."""

    code = "GB106"
    title = "a step needs one of op, use and share"
    bad = _STEPS.format(steps='{ id = "first" }')
    good = _STEPS.format(steps='{ id = "first", op = "relu" }')


class SharedStep(Rule):
    """``share = "left"`` runs the step ``left`` again, weights and all, so it repeats neither ``op`` or ``use`` nor
    arguments. It may have an ``id``, a ``title``, a ``from`` and a ``when`` of its own."""

    code = "GB107"
    title = "a step that shares repeats arguments"
    bad = _STEPS.format(steps='{ id = "left", op = "conv", out = 3, kernel = 1 }, { share = "left", out = 3 }')
    good = _STEPS.format(steps='{ id = "left", op = "conv", out = 3, kernel = 1 }, { share = "left" }')


class BlockForm(Rule):
    """A block is either a ``body``, which may have a ``shortcut``, or named ``branches``. Never both, and never
    neither."""

    code = "GB108"
    title = "a block has a body or branches"
    bad = _BLOCK.format(block='body = [{ op = "relu" }]\nbranches.right = [{ op = "tanh" }]')
    good = _BLOCK.format(block='branches.left = [{ op = "relu" }]\nbranches.right = [{ op = "tanh" }]')


class Meaningless(Rule):
    """``merge`` joins what runs side by side: a body and its shortcut, branches, or the copies of a ``repeat``.
    ``after`` stands behind such a join and ``before`` ahead of the fork that goes with it, and ``shortcut_when`` asks
    whether there is a shortcut. Where there is none, these words would do nothing."""

    code = "GB109"
    title = "a word without a meaning here"
    bad = _STEPS.format(steps='{ op = "relu", merge = "add" }')
    good = _STEPS.format(steps='{ op = "relu", repeat = 2, merge = "add" }')


class BadName(Rule):
    """A name starts with a letter, goes on with letters, digits and ``_``, and has at most 64 of them: it becomes a
    part of the names of weights, and a name in the Python that is written."""

    code = "GB110"
    title = "a name that cannot be one"
    bad = _STEPS.format(steps='{ id = "first step", op = "relu" }')
    good = _STEPS.format(steps='{ id = "first_step", op = "relu" }')


class ReservedName(Rule):
    """The name means something already: to Python, to ``torch.nn.Module``, in the Python that is written, or in
    expressions."""

    code = "GB111"
    title = "a name that is taken"
    bad = _STEPS.format(steps='{ id = "forward", op = "relu" }')
    good = _STEPS.format(steps='{ id = "onward", op = "relu" }')


class DuplicateName(Rule):
    """Two things of one body have the same name. The steps, inputs and branches of a block and its ``shortcut`` share
    one set of names, and a branch or a shortcut of several steps has one of its own, with the block's inputs. In a
    block with ``before``, that word names what those steps give."""

    code = "GB112"
    title = "a name is used twice"
    bad = _STEPS.format(steps='{ id = "first", op = "relu" }, { id = "first", op = "tanh" }')
    good = _STEPS.format(steps='{ id = "first", op = "relu" }, { id = "second", op = "tanh" }')


class ParamExpression(Rule):
    """A param is what a caller sets, so its default is a plain value: a number, a string, a boolean or a list of
    those. What follows from params is written where it is used, or named with ``let`` in a block."""

    code = "GB113"
    title = "a param is not a plain value"
    bad = (
        _STEPS.format(steps='{ op = "conv", kernel = 1, out = "=twice" }')
        + '[params]\nwidth = 4\ntwice = "=2 * width"\n'
    )
    good = _STEPS.format(steps='{ op = "conv", kernel = 1, out = "=2 * width" }') + "[params]\nwidth = 4\n"


class ExtendsPath(Rule):
    """``extends`` names another spec by a path that starts at this spec's own folder and stays in it, links
    included."""

    code = "GB114"
    title = "a spec that cannot be extended"
    bad = _STEPS.format(steps='{ op = "relu" }').replace("[inputs]", 'extends = "../other.toml"\n[inputs]')
    good = _STEPS.format(steps='{ op = "relu" }')


class ExtendsLoop(Rule):
    """A spec extends itself, by way of others perhaps; the message shows the way round."""

    code = "GB115"
    title = "specs extend each other in a circle"
    example = Example(
        "graphbuilder check wide.toml",
        {
            "wide.toml": _VARIANT.format(name="wide", base="deep"),
            "deep.toml": _VARIANT.format(name="deep", base="wide"),
        },
        mended={"deep.toml": TINY},
    )


class ExtendsDepth(Rule):
    """A spec may extend another that extends a third, at most eight deep."""

    code = "GB116"
    title = "too many specs on one another"
    example = Example(
        "python make.py\ngraphbuilder check v9.toml",
        {
            "v0.toml": TINY,
            "make.py": """\
from pathlib import Path

for number in range(1, 10):
    text = f'format = 1\\nname = "v{number}"\\nextends = "v{number - 1}.toml"\\n'
    Path(f"v{number}.toml").write_text(text)
""",
        },
        mended={"v9.toml": _VARIANT.format(name="v9", base="v1")},
        rerun="graphbuilder check v9.toml",
    )


class OverrideUnknown(Rule):
    """A key of ``[steps]`` is a path of ids, from a step of ``[model]``, or from a block's name, down through the
    blocks that the steps use. A step without an ``id`` cannot be named: its counted name would change with every
    edit. A param, an input or a block that nothing uses, and that is one letter from an inherited one, was meant for
    that; so was any input that nothing names beside the only one that is inherited."""

    code = "GB117"
    title = "an override matches nothing"
    example = Example(
        "graphbuilder check wide.toml",
        {
            "tiny.toml": TINY.replace("{ op", '{ id = "head", op'),
            "wide.toml": _VARIANT.format(name="wide", base="tiny") + "\n[steps]\nhaed = { out = 16 }\n",
        },
        mended={"wide.toml": _VARIANT.format(name="wide", base="tiny") + "\n[steps]\nhead = { out = 16 }\n"},
    )


class OverrideForm(Rule):
    """``[steps]`` changes words and arguments of steps of the spec that this one extends: ``"middle.last" = { when =
    false }``, and puts new ones beside them: ``"logits" = { before = [{ op = "dropout" }] }``. The path stands in
    quotes, and an ``id`` stays as it is, since other paths name it."""

    code = "GB118"
    title = "an override that cannot be one"
    bad = _STEPS.format(steps='{ id = "first", op = "relu" }') + "[steps]\nfirst = { when = false }\n"
    good = _STEPS.format(steps='{ id = "first", op = "relu" }')


class BlockReplaced(Rule):
    """A block of a variant that has a ``body`` or ``branches`` replaces the inherited one whole, its ``args`` and
    ``let`` too. Here expressions in it still read some of these, or steps still give them: write them again. Without
    ``body`` and ``branches`` a block keeps all that it does not change."""

    code = "GB119"
    title = "a block that leaves out inherited arguments"
    example = Example(
        "graphbuilder check bare.toml",
        {
            "tiny.toml": _BLOCK.format(block='args = { out = "int" }\n' + _BODY).replace('"unit"', '"unit", out = 8'),
            "bare.toml": _VARIANT.format(name="bare", base="tiny") + "\n[blocks.unit]\n" + _WIDER,
        },
        mended={
            "bare.toml": _VARIANT.format(name="bare", base="tiny")
            + '\n[blocks.unit]\nargs = { out = "int" }\n'
            + _WIDER
        },
    )


class ParamBounds(Rule):
    """A param may say what it can be: ``{ default = "none", choices = ["none", "relu"] }``, or ``min`` and ``max`` for
    numbers. Its default is one of these, its choices are of the default's type, and a list is held to them item by
    item. What a variant gives as default keeps the choices and bounds of the spec that it extends."""

    code = "GB120"
    title = "a param at odds with its own declaration"
    advice = "give another default, or widen what it may be"
    bad = (
        _STEPS.format(steps='{ op = "activation", kind = "=act" }')
        + '[params]\nact = { default = "elu", choices = ["relu", "gelu"] }\n'
    )
    good = (
        _STEPS.format(steps='{ op = "activation", kind = "=act" }')
        + '[params]\nact = { default = "relu", choices = ["relu", "gelu"] }\n'
    )
