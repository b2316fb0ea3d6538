"""The options that every command which reads specs has, gathered into one value."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphbuilder.cli.report import report
from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.diagnostics.draw import Format
from graphbuilder.document.writing import shown

if TYPE_CHECKING:
    from graphbuilder.compiler import Checked, Network
    from graphbuilder.elaborate import Limits

STDIN = "<stdin>"
LIMITS = ("nodes", "parameters", "depth", "bytes", "elements", "steps", "terms", "mistakes")

Callback = Callable[..., Any]


@dataclass(frozen=True)
class Reading:
    """How a spec is read: what is set, what counts as an error, which ops and limits hold, how errors look."""

    settings: tuple[str, ...]
    strict: bool
    modules: tuple[str, ...]
    limits: tuple[tuple[str, int], ...]
    output_format: Format

    def network(self, path: str) -> Network:
        """The network of the spec at ``path``; warnings go to standard error.

        Raises:
            CompileError: with every mistake.
        """
        checked = self.check(path)
        if checked.network is None:
            raise CompileError(checked.diagnostics)
        self.warn(checked.diagnostics)
        return checked.network

    def warn(self, warnings: Sequence[Diagnostic]) -> None:
        """Write ``warnings`` to standard error.

        Raises:
            CompileError: with them, under ``--strict``.
        """
        if warnings and self.strict:
            raise CompileError(self._judged(warnings))
        report(warnings, self.output_format)

    def check(self, path: str) -> Checked:
        """The spec at ``path``, or on standard input for ``-``, with what is wrong with it: errors, if ``strict``."""
        checked = self._checked(path)
        return replace(checked, diagnostics=self._judged(checked.diagnostics))

    def _judged(self, diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        return tuple(each.as_error() if self.strict else each for each in diagnostics)

    def _checked(self, path: str) -> Checked:
        from graphbuilder.cli.modules import import_ops
        from graphbuilder.compiler import check

        import_ops(self.modules)
        if path == "-":
            return self._check_input()
        return check(path, settings=self.settings, limits=self.caps())

    def _check_input(self) -> Checked:
        """What it extends is looked for in the current folder."""
        from graphbuilder.compiler import Checked, check_text
        from graphbuilder.document.reading import cannot_open, decoded
        from graphbuilder.elaborate import Limits

        limits = self.caps() or Limits()
        try:
            # It may be closed.
            data = sys.stdin.buffer.read(limits.bytes + 1) if sys.stdin else b""
            text = decoded(data, STDIN, limits.bytes)
        except OSError as error:
            return Checked(None, (cannot_open(Path("-"), STDIN, error),))
        except CompileError as error:
            return Checked(None, error.diagnostics)
        return check_text(text, STDIN, settings=self.settings, folder=Path(), limits=limits)

    def fails(self, checked: Checked) -> bool:
        """Whether a spec is refused: for an error, or for a warning too under ``--strict``."""
        return checked.network is None or (self.strict and bool(checked.diagnostics))

    def caps(self) -> Limits | None:
        """The limits that were raised, with all others; None where none was."""
        from graphbuilder.elaborate import Limits

        return Limits(**dict(self.limits)) if self.limits else None


class _Limit(click.ParamType[tuple[str, int]]):
    name = "NAME=N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        name, _, number = value.partition("=")
        if name not in LIMITS or not number.isdecimal():
            self.fail(f"{shown(value)} is no limit: NAME=N, where NAME is {', '.join(LIMITS)}", param, ctx)
        return name, int(number)


def reads_specs(function: Callback) -> Callback:
    """Give a command the options of reading, as its argument ``reading``."""

    @click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Set a param of the spec; repeatable.")
    @click.option("--strict", is_flag=True, help="Treat warnings as errors.")
    @click.option(
        "--ops",
        "modules",
        metavar="PACKAGE.MODULE",
        multiple=True,
        help="Import a module that registers ops; repeatable.",
    )
    @click.option(
        "--limit", "limits", type=_Limit(), multiple=True, help=f"Raise a limit ({', '.join(LIMITS)}); repeatable."
    )
    @click.option(
        "--output-format",
        type=click.Choice(["text", "concise", "json", "github", "sarif"]),
        default="text",
        help="How errors and warnings are written: text with the lines meant, concise for a line each, json, github "
        "for its workflows, sarif (2.1.0).",
    )
    @wraps(function)
    def wrapped(
        *,
        settings: tuple[str, ...],
        strict: bool,
        modules: tuple[str, ...],
        limits: Sequence[tuple[str, int]],
        output_format: Format,
        **rest: Any,
    ) -> Any:
        return function(reading=Reading(settings, strict, modules, tuple(limits), output_format), **rest)

    return wrapped


def only_one(**asked: bool) -> str | None:
    """Which of the flags ``--NAME`` that exclude each other was given, if any.

    Raises:
        click.UsageError: when several were.
    """
    given = [name for name, is_asked in asked.items() if is_asked]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(f'--{name}' for name in given)} exclude each other")
    return given[0] if given else None


def for_training(optimize: str | None) -> str:
    """What ``--recompute`` is optimised for.

    Raises:
        click.UsageError: when ``--optimize`` says something else.
    """
    if optimize not in (None, "training"):
        raise click.UsageError(f"--recompute is for --optimize training, not {optimize}")
    return "training"


def reads_spec(function: Callback) -> Callback:
    """The same for a command that reads one spec, its argument ``spec``; ``-`` is standard input."""
    return click.argument("spec", metavar="SPEC")(reads_specs(function))


def reads_names(function: Callback) -> Callback:
    """Give a command the options of reading a weights file: whose names it has, and what is left out."""
    names = click.option("--weights-map", metavar="FILE", help="The rules from the file's names to ours, in TOML.")
    left = click.option(
        "--weights-except",
        metavar="NAME",
        multiple=True,
        help="Leave a weight or block of ours as it was drawn: logits, exit.block14, '*.bias'; repeatable.",
    )
    return names(left(function))
