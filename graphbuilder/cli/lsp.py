"""``graphbuilder lsp``: the language server that an editor starts."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout

import click

from graphbuilder.cli.root import Command

EXAMPLES = """
\b
Neovim 0.11:
  vim.lsp.config("graphbuilder", { cmd = { "graphbuilder", "lsp" }, filetypes = { "toml" } })
  vim.lsp.enable("graphbuilder")
"""


@click.command(cls=Command, name="lsp", short_help="Serve an editor: mistakes, hovers, completion.", epilog=EXAMPLES)
@click.option(
    "--ops", "modules", metavar="PACKAGE.MODULE", multiple=True, help="Import a module that registers ops; repeatable."
)
@click.option("--stdio", is_flag=True, expose_value=False, help="Said by some editors; it changes nothing.")
def command(modules: tuple[str, ...]) -> None:
    """Serve an editor over standard input and output, by the Language Server Protocol.

    It checks specs as they are typed, shows the shapes, parameters and costs of steps, completes ops, arguments, blocks
    and paths, and finds where they are written. TOML files that are no specs are left alone.
    """
    from graphbuilder.cli.modules import import_ops
    from graphbuilder.lsp.server import serve

    if sys.stdin.isatty():
        click.echo("graphbuilder: this speaks to an editor, which starts it", err=True)
    # Whatever else would be printed would garble what the editor reads; and the server closes what it writes to.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output, redirect_stdout(sys.stderr):
        import_ops(modules)
        status = serve(sys.stdin.buffer, output)
    sys.stderr.flush()
    os._exit(status)  # Python would abort where it closes beneath a check that is in compiled code
