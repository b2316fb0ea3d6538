"""GB6xx: caps that stand before work, so that no spec can cost more than its length."""

from __future__ import annotations

from graphbuilder.diagnostics.example import TINY, Example
from graphbuilder.diagnostics.model import Diagnostic, Rule


class TextTooLarge(Rule):
    """A spec is read up to 256 KiB, some hundred times the size of a large one. What repeats is written once, with
    ``repeat``."""

    code = "GB601"
    title = "a text beyond the limit"
    example = Example(
        "python make.py\ngraphbuilder check deep.toml",
        {
            "make.py": """\
from pathlib import Path

head = 'format = 1\\nname = "deep"\\n\\n[inputs]\\nx = [4]\\n\\n[model]\\n'
steps = '{ op = "linear", out = 4 },\\n' * 10_000
Path("deep.toml").write_text(f"{head}body = [{steps}]\\n")
"""
        },
        mended={
            "deep.toml": """\
format = 1
name = "deep"

[inputs]
x = [4]

[model]
body = [{ op = "linear", out = 4, repeat = 10000 }]
"""
        },
        rerun="graphbuilder check deep.toml",
    )


_SPEC = """\
format = 1
name = "tiny"

[params]
sizes = {sizes}
{key} = 16

[inputs]
image = [3, "=sizes[0]", "=sizes[0]"]

[model]
body = [{{ op = "conv", out = "=width", kernel = 3 }}]
"""


class TooDeep(Rule):
    """Lists and inline tables stand in one another at most 32 deep. No network needs more: structure is written with
    blocks."""

    code = "GB602"
    title = "brackets nested beyond the limit"
    bad = _SPEC.format(sizes="[" * 33 + "32" + "]" * 33, key="width")
    good = _SPEC.format(sizes="[32]", key="width")


class TooManyParts(Rule):
    """A dotted key, or the name of a table, has at most 32 parts."""

    code = "GB603"
    title = "a key of too many parts"
    bad = _SPEC.format(sizes="[32]", key=".".join(["width"] * 33))
    good = _SPEC.format(sizes="[32]", key="width")


class TooManyNodes(Rule):
    """Written out, a network may have 100,000 operations; they are counted before anything is written out.
    `--limit nodes=N` raises it."""

    code = "GB604"
    remedy = "repeat less, or raise the limit: `--limit nodes=N`"
    title = "operations beyond the limit"
    bad = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

[model]
body = [{ op = "relu", repeat = 1000000000 }]
"""
    good = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

[model]
body = [{ op = "relu", repeat = 10 }]
"""


class BlocksTooDeep(Rule):
    """Blocks stand in blocks at most 32 deep. `--limit depth=N` raises it."""

    code = "GB605"
    remedy = "end the nesting earlier, with a `when`, or raise the limit: `--limit depth=N`"
    title = "blocks nested beyond the limit"
    bad = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

[model]
body = [{ use = "ring", left = 40 }]

[blocks.ring]
args = { left = "int" }
body = [
  { op = "relu" },
  { use = "ring", left = "=left - 1", when = "=left > 0" },
]
"""
    good = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

[model]
body = [{ use = "ring", left = 4 }]

[blocks.ring]
args = { left = "int" }
body = [
  { op = "relu" },
  { use = "ring", left = "=left - 1", when = "=left > 0" },
]
"""


class TooManyParameters(Rule):
    """A network may have 10^11 parameters, counted before a tensor is made. `--limit parameters=N` raises it."""

    code = "GB606"
    remedy = "make a layer narrower, or raise the limit: `--limit parameters=N`"
    title = "parameters beyond the limit"
    bad = """\
format = 1
name = "tiny"

[inputs]
x = [1000000]

[model]
body = [{ op = "linear", out = 1000000 }]
"""
    good = """\
format = 1
name = "tiny"

[inputs]
x = [1000]

[model]
body = [{ op = "linear", out = 1000 }]
"""


class ValueTooLarge(Rule):
    """A value may have 2^40 elements a sample and axes below 2^31, an input as well as what an op gives. More is a slip
    more often than a wish: a padding or factor with a digit too many. `--limit elements=N` raises the first, nothing
    the second."""

    code = "GB607"
    remedy = "look for a size, padding or factor with a digit too many, or raise the limit: `--limit elements=N`"
    title = "a value beyond the limit"
    bad = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

[model]
body = [{ op = "resize", factor = 1000000000 }]
"""
    good = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

[model]
body = [{ op = "resize", factor = 10 }]
"""


_TERMS = """\
format = 1
name = "tiny"

[params]
slopes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4]

[inputs]
image = [3, 8, 8]

[model]
body = [{{ op = "leakyrelu", slope = "=sum(slopes + slopes + slopes) * i", repeat = {repeat} }}]
"""


class TooManySteps(Rule):
    """10,000 steps may be worked out. A block is worked out once for all uses with the same arguments on the same
    shapes, and a repeat once for all copies that are alike, so that a network of any depth takes few; what doubles
    from block to block, each with other arguments, takes many. A block counts as 8 steps besides its own, one that
    nothing uses as 4, each use as 3, a branch and a repeat as 4, an op that is made of others as 4 and these, one with
    weights as 2, a copy that is like no other as one more, an input as one, and so do every four values that a step
    reads or gives. `--limit steps=N` raises it."""

    code = "GB608"
    remedy = "let copies and uses be alike, or raise the limit: `--limit steps=N`"
    title = "differing steps beyond the limit"
    bad = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

[model]
body = [{ op = "leakyrelu", slope = "=0.001 * i", repeat = 30000 }]
"""
    good = """\
format = 1
name = "tiny"

[inputs]
image = [3, 8, 8]

[model]
body = [{ op = "leakyrelu", slope = "=0.001 * i", repeat = 10 }]
"""


class TooManyMistakes(Rule):
    """After 100 mistakes the rest of a spec is not looked at: as a rule they have one cause, or the file is no spec.
    `--limit mistakes=N` raises it."""

    code = "GB609"
    title = "mistakes beyond the limit"
    example = Example(
        "graphbuilder check tiny.toml --limit mistakes=1",
        {"tiny.toml": TINY.replace("linear", "linaer").replace("[4]", "[0]")},
        mended={"tiny.toml": TINY},
    )

    @classmethod
    def after(cls, told: tuple[Diagnostic, ...]) -> Diagnostic:
        """What is said behind ``told``, where the last of its errors stands."""
        errors = [each for each in told if each.severity == "error"]
        last = next((each.span for each in reversed(errors) if each.span), None)
        remedy = "mend these first, or raise the limit: `--limit mistakes=N`"
        message = f"after {len(errors)} mistake{'s' * (len(errors) > 1)} the rest is not looked at"
        return cls.at(last, message, label="the last that is told", help=remedy)


class TooManyTerms(Rule):
    """500,000 terms may be computed. Each operator, name and number of an expression is one, every time that it is
    computed, and so is each item of a list that is written, made, searched, compared, gone through or given to a step.
    A name that a block computes is 8 more. A scope of more than 100 names counts those beyond them, every time that
    names are added to it.
    `--limit terms=N` raises it."""

    code = "GB610"
    remedy = "compute what is the same once, with a `let` or as a param, or raise the limit: `--limit terms=N`"
    title = "terms beyond the limit"
    bad = _TERMS.format(repeat=4900)
    good = _TERMS.format(repeat=9)


class TooManyWarnings(Rule):
    """A run tells 100 warnings; of further ones it tells how many there are. `--limit mistakes=N` raises it."""

    code = "GB611"
    title = "warnings beyond the limit"
    severity = "warning"
    example = Example(
        "graphbuilder check tiny.toml --limit mistakes=1",
        {"tiny.toml": TINY.replace("classes = 2", "classes = 2\nwidth = 8\ndepth = 4")},
        mended={"tiny.toml": TINY},
    )

    @classmethod
    def beyond(cls, told: tuple[Diagnostic, ...], count: int) -> Diagnostic:
        """What is said behind the warnings ``told``, where the last of them stands, when there are ``count`` more."""
        last = next((each.span for each in reversed(told) if each.span), None)
        message = f"{count:,} more warning{'s' * (count > 1)}"
        remedy = "mend these first, or raise the limit: `--limit mistakes=N`"
        return cls.at(last, message, label="the last that is told", help=remedy)


class TooManyWords(Rule):
    """A text may hold 52,428 words, one for every five bytes that it may have: a word is a key, and a value, and so is
    a list and a table besides what it holds. Written by people, one takes some eight bytes; what has so many short ones
    is data and no network. `--limit bytes=N` raises it with the bytes."""

    code = "GB612"
    title = "words beyond the limit"
    example = Example(
        "python make.py\ngraphbuilder check slopes.toml",
        {
            "make.py": """\
from pathlib import Path

head = 'format = 1\\nname = "slopes"\\n\\n[inputs]\\nx = [4]\\n\\n[model]\\n'
slopes = ",".join(["0.1"] * 60_000)
Path("slopes.toml").write_text(f'{head}body = [{{ op = "leakyrelu", slope = [{slopes}] }}]\\n')
"""
        },
        mended={
            "slopes.toml": """\
format = 1
name = "slopes"

[inputs]
x = [4]

[model]
body = [{ op = "leakyrelu", slope = 0.1, repeat = 10 }]
"""
        },
        rerun="graphbuilder check slopes.toml",
    )
