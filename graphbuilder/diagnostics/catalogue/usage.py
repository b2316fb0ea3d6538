"""GB5xx: the command line and the files that a command writes."""

from __future__ import annotations

from graphbuilder.diagnostics.example import TINY, Example
from graphbuilder.diagnostics.model import Rule

_OWN = """\
import graphbuilder as gb
from graphbuilder.ops.activation import ReLU


@gb.op
class Thrice(ReLU):
    \"\"\"ReLU, three times over.\"\"\"

    op = "thrice"
"""
_OPTIONAL = """\
from typing import Annotated

import graphbuilder as gb
from graphbuilder.ops.activation import ReLU
from pydantic import AfterValidator, Field


@gb.op
class Near(ReLU):
    \"\"\"ReLU, as far as it reaches; everywhere at 0.\"\"\"

    op = "near"
    reach: Annotated[int | None, AfterValidator(lambda reach: reach or None), Field(description="How far")] = None
"""
_MIXED = """\
format = 1
name = "mixed"

[inputs]
x = [3, 8, 8]

[model]
body = [{}]
"""


def _command(line: str, repaired: str) -> Example:
    """A command on a small spec, and the one that was meant."""
    return Example(f"graphbuilder {line}", {"tiny.toml": TINY}, rerun=f"graphbuilder {repaired}")


class SettingForm(Rule):
    """A setting gives one param a value: ``--set classes=10``. It is repeated for several."""

    code = "GB501"
    title = "a setting without a value"
    example = _command("summary tiny.toml --set classes", "summary tiny.toml --set classes=10")


class SettingUnknown(Rule):
    """Only what the spec lists under ``[params]``, or inherits from what it extends, can be set."""

    code = "GB502"
    title = "no such param"
    example = _command("summary tiny.toml --set clases=10", "summary tiny.toml --set classes=10")


class SettingType(Rule):
    """A param keeps the type of its default. On the command line a value is written as in TOML (``true``, ``10``,
    ``0.5``, ``[1, 2]``), and that of a string is the text itself, without quotes. An integer passes for a float, and
    nothing else is converted."""

    code = "GB503"
    title = "a setting of the wrong type"
    example = _command("summary tiny.toml --set classes=ten", "summary tiny.toml --set classes=10")


class SettingBound(Rule):
    """A value is bounded as in expressions: integers to 10^15 either side of zero, floats to what is finite, lists to
    10,000 items in all, strings to 1,000 characters."""

    code = "GB504"
    title = "a setting that is too large"
    example = _command("summary tiny.toml --set classes=10000000000000000", "summary tiny.toml --set classes=10")


class OutputKind(Rule):
    """An output goes to a plain file or, where the path ends in ``/``, to a folder. Devices, pipes, sockets and a
    folder where a file is meant (or a file where a folder is) are refused, since they cannot be replaced whole. So is a
    link, which leads to a file that nobody named."""

    code = "GB505"
    title = "the output is not of the kind that is written"
    example = Example(
        "mkdir made\ngraphbuilder compile tiny.toml -o made",
        {"tiny.toml": TINY},
        rerun="graphbuilder compile tiny.toml -o made/",
    )


class OutputFailed(Rule):
    """The system refused to write the output: there is no such folder, no permission, or no room. Outputs are written
    whole or not at all, so what was there before is untouched."""

    code = "GB506"
    title = "the output cannot be written"
    example = Example(
        "graphbuilder render tiny.toml -o figures/tiny.dot",
        {"tiny.toml": TINY},
        rerun="mkdir figures\ngraphbuilder render tiny.toml -o figures/tiny.dot",
    )


class OutputForeign(Rule):
    """A folder output replaces the folder's content. A folder that holds anything but what would be written is refused,
    so that nothing of yours is lost."""

    code = "GB507"
    title = "the output folder holds other files"
    example = Example(
        "graphbuilder compile tiny.toml -o notes/",
        {"tiny.toml": TINY, "notes/monday.txt": "Read the paper again.\n"},
        rerun="graphbuilder compile tiny.toml -o tiny/",
    )


class OutputSuffix(Rule):
    """What is written follows from the suffix of ``-o``: ``.py`` for source, ``.safetensors`` for weights, ``.svg``,
    ``.png``, ``.pdf`` and ``.dot`` for figures, a path that ends in ``/`` for a folder. Each command lists those that
    it knows."""

    code = "GB508"
    title = "no output of this kind"
    example = _command("render tiny.toml -o tiny.jpeg", "render tiny.toml -o tiny.dot")


class Usage(Rule):
    """The command line cannot be understood: an unknown command or option, or a value that the option does not take.
    ``--help`` behind any command lists what it takes, with examples."""

    code = "GB509"
    title = "a command used wrongly"
    example = _command("chek tiny.toml", "check tiny.toml")


class OpsModule(Rule):
    """``--ops`` names a Python module that registers your own ops, as ``import`` would: ``package.module``, found on
    the path or below the current folder. It is the only way in which code reaches a network; a spec cannot name one."""

    code = "GB510"
    title = "a module of ops cannot be imported"
    example = Example(
        "graphbuilder check tiny.toml --ops mine",
        {"tiny.toml": TINY.replace(" }]", ' }, { op = "thrice" }]')},
        mended={"mine.py": _OWN},
    )


class NotWritable(Rule):
    """A network can be built and yet not be written out as a spec: of the copies of a repeated op, an op of your own
    perhaps, some have an argument that others leave out. Repeat a block around the op instead."""

    code = "GB511"
    title = "the network cannot be written as a spec"
    advice = "repeat a block around the op instead"
    example = Example(
        "graphbuilder expand mixed.toml --ops mine",
        {"mine.py": _OPTIONAL, "mixed.toml": _MIXED.format('{ op = "near", repeat = 2, reach = "=i" }')},
        mended={
            "mixed.toml": _MIXED.format('{ use = "unit", repeat = 2, reach = "=i" }')
            + '\n[blocks.unit]\nargs = { reach = "int" }\nbody = [{ op = "near", reach = "=reach" }]\n'
        },
    )


class OutputIsInput(Rule):
    """The output would replace a file that it is made of: the spec itself, or one that it extends, with its comments,
    params and expressions."""

    code = "GB512"
    title = "the output is an input"
    example = _command("expand tiny.toml -o tiny.toml", "expand tiny.toml -o expanded.toml")


class PatternUnmatched(Rule):
    """``--expand`` and ``--collapse`` take the dotted path of a step as ``--names`` shows it (``entry.block2``), or a
    pattern of such paths: ``*`` stands for any characters, dots too, and ``?`` for one (``middle.*``, ``*.sepconv``). A
    pattern that matches no step of the network is a mistake."""

    code = "GB513"
    title = "a pattern that matches nothing"
    example = _command(
        "render tiny.toml -o tiny.dot --expand 'midle.*'", "render tiny.toml -o tiny.dot --expand 'linear*'"
    )


class RevisionUnreadable(Rule):
    """``diff`` takes a spec of an earlier revision as git writes it: ``main:specs/x.toml`` from the top of the
    repository, ``HEAD~1:./x.toml`` from the current folder. The name before the colon must be one that git knows, and
    the file must be in that revision."""

    code = "GB514"
    title = "a spec of a revision cannot be read"
    example = Example(
        "git init -q\ngraphbuilder diff HEAD:tiny.toml tiny.toml",
        {"tiny.toml": TINY},
        rerun="git add tiny.toml\ngit commit -qm Tiny\ngraphbuilder diff HEAD:tiny.toml tiny.toml",
    )


class PortTaken(Rule):
    """``watch`` serves its page to this machine at a port. Without ``--port`` it takes one that is free; a port that is
    named must be free, and one that you may use: those below 1024 are the system's."""

    code = "GB515"
    title = "a port that cannot be served"
    example = Example(
        "graphbuilder watch tiny.toml --port 8765",
        {"tiny.toml": TINY},
        rerun="graphbuilder watch tiny.toml",
        where="While another program serves port 8765:",
    )


class SettingRefused(Rule):
    """The spec says what this param may be: one of its ``choices``, or a number from ``min`` to ``max``. A list is held
    to that item by item."""

    code = "GB516"
    title = "a setting that its param refuses"
    advice = "the line of the param says what it takes"
    example = Example(
        "graphbuilder summary tiny.toml --set classes=1",
        {"tiny.toml": TINY.replace("classes = 2", "classes = { default = 2, min = 2 }")},
        rerun="graphbuilder summary tiny.toml --set classes=10",
    )
