"""``graphbuilder schema``: the JSON Schema of the language."""

from __future__ import annotations

import json

import click

from graphbuilder.cli.root import Command

EXAMPLES = """
\b
Example:
  graphbuilder schema -o specs/graphbuilder.schema.json
"""


@click.command(cls=Command, name="schema", short_help="Print the JSON Schema for editors.", epilog=EXAMPLES)
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of standard output.")
def command(output: str | None) -> None:
    """Print the JSON Schema by which an editor checks and completes specs.

    A spec names it in its first line: #:schema graphbuilder.schema.json
    """
    from graphbuilder.elaborate.initialisers import described as initialisers
    from graphbuilder.files import write_whole
    from graphbuilder.ops import catalogue
    from graphbuilder.spec.schema import schema

    ops = catalogue()
    described = schema({name: op.model_json_schema() for name, op in ops.items()}, initialisers(ops.values()))
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text.encode())
