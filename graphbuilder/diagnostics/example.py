"""How a rule is broken that no spec alone breaks: by several files, a command, a file of weights, a machine.

What it says is data: nothing here runs a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Example:
    """Files of one folder and what is run there, then the repair in the same folder.

    Attributes:
        run: the lines of a shell, the last of which breaks the rule. What begins with ``python`` runs a file of the
            folder.
        files: their texts by name.
        mended: the texts of files that the repair changes or adds.
        rerun: the lines that are run after the repair, where they are not the same.
        where: on what machine it happens, in words that end in a colon, where it does not on every.
    """

    run: str
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    mended: Mapping[str, str] = field(default_factory=dict[str, str])
    rerun: str = ""
    where: str = ""


# The spec of those examples that need just any.
TINY = """\
format = 1
name = "tiny"

[params]
classes = 2

[inputs]
x = [4]

[model]
body = [{ op = "linear", out = "=classes" }]
"""


def spec(steps: list[str], *lines: str, params: str | None = None) -> str:
    """A small spec with these steps in its model, and further lines behind them."""
    settings = f"\n[params]\n{params}\n" if params else ""
    body = "".join(f"  {step},\n" for step in steps)
    tail = "".join(f"\n{line}\n" if line.startswith("[") else f"{line}\n" for line in lines)
    return (
        f'format = 1\nname = "example"\n{settings}\n[inputs]\nimage = [3, 8, 8]\n\n[model]\nbody = [\n{body}]\n{tail}'
    )
