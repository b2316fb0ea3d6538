"""Writes the texts of hostile specs: small ones around a step, and ones that grow with a count."""

from __future__ import annotations

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [3, 8, 8]\n'
BLOCK = '{ op = "conv", out = 4, kernel = 1 }'


def model(*steps: str, more: str = "") -> str:
    return f"{HEAD}[model]\nbody = [{', '.join(steps)}]\n{more}\n"


def remedied(lines: str) -> str:
    """A body and a shortcut that do not meet, for which remedies are tried, below a param of several ``lines``."""
    block = '[blocks.b]\nbody = [{ op = "conv", out = 8, kernel = 3, padding = 0 }]\nshortcut = [{ op = "relu" }]'
    return model('{ use = "b" }', more=f'[params]\nnote = """\n{lines}\n"""\n{block}')


def params(*lines: str, step: str = '{ op = "conv", out = "=a", kernel = 1 }', head: str = "") -> str:
    listed = "\n".join(lines)
    return f'format = 1\nname = "case"\n{head}\n[params]\n{listed}\n[inputs]\nx = [3, 8, 8]\n[model]\nbody = [{step}]\n'


def expression(text: str) -> str:
    return model(f'{{ op = "conv", out = "={text}", kernel = 1 }}')


def named(name: str) -> str:
    return model(f'{{ id = "{name}", op = "relu" }}')


def extending(path: str) -> str:
    return f'format = 1\nname = "case"\nextends = "{path}"\n'


def growing_params(count: int) -> str:
    """An expression bomb: each block's argument is a list twice as long as the one before."""
    blocks = [
        f'[blocks.b{level}]\nargs = {{ k = "list" }}\nbody = [{{ use = "b{level + 1}", k = "=k + k" }}]'
        for level in range(count)
    ]
    last = f'[blocks.b{count}]\nargs = {{ k = "list" }}\nbody = [{{ op = "conv", out = "=len(k)", kernel = 1 }}]'
    return model('{ use = "b0", k = [1, 2, 3, 4] }', more="\n".join([*blocks, last]))


def squared(count: int) -> str:
    """Numbers that are each the square of the one before."""
    lets = ", ".join(f'a{n} = "=a{n - 1} * a{n - 1}"' for n in range(1, count))
    block = f'[blocks.b]\nlet = {{ a0 = 9, {lets} }}\nbody = [{{ op = "conv", out = "=a{count - 1}", kernel = 1 }}]'
    return model('{ use = "b" }', more=block)


def chained(count: int) -> str:
    """Names of a block that each add to the one before."""
    lets = "\n".join(f'l{n}="=l{n - 1}+1"' for n in range(1, count))
    block = f'[blocks.b]\nbody = [{{ op = "conv", out = "=l{count - 1}", kernel = 1 }}]\n[blocks.b.let]\nl0 = 1\n{lets}'
    return model('{ use = "b" }, { op = "x" }', more=block)


def doubling(count: int) -> str:
    """Blocks that each use the next twice, each time with another argument."""
    uses = '{{ use = "b{0}", k = "=2 * k" }}, {{ use = "b{0}", k = "=2 * k + 1" }}'
    blocks = [f'[blocks.b{n}]\nargs = {{ k = "int" }}\nbody = [{uses.format(n + 1)}]' for n in range(count)]
    last = f'[blocks.b{count}]\nargs = {{ k = "int" }}\nbody = [{{ op = "relu" }}]'
    return model('{ use = "b0", k = 1 }', more="\n".join([*blocks, last]))


def projecting(count: int) -> str:
    """Blocks that each use the next twice, beside a projection."""
    uses = '[blocks.b{0}]\nshortcut = "project"\nbody = [{{ use = "b{1}" }}, {{ use = "b{1}" }}]'
    last = f"[blocks.b{count}]\nbody = [{BLOCK}]"
    return model('{ use = "b0" }', more="\n".join([*(uses.format(n, n + 1) for n in range(count)), last]))


def unused(count: int) -> str:
    """Blocks that nothing uses, each with an op that there is not."""
    return model(BLOCK, more="\n".join(f'[blocks.b{n}]\nbody = [{{ op = "zz{n}" }}]' for n in range(count)))


def listed(count: int) -> str:
    """One step that lists as many blocks, each of which repeats."""
    use = ", ".join(['"b"'] * count)
    return model(f"{{ use = [{use}] }}", more='[blocks.b]\nbody = [{ op = "relu", repeat = 30 }]')


def beside(count: int) -> str:
    """A block of branches that cannot be added."""
    rows = "\n".join(f'b{n} = [{{ op = "conv", out = {4 + n % 7}, kernel = 1 }}]' for n in range(count))
    return model('{ use = "b" }', more=f'[blocks.b]\nmerge = "add"\n[blocks.b.branches]\n{rows}')


def circling(count: int, path: str) -> str:
    """Steps that each read the next, and another."""
    steps = [f'{{ id = "s{n}", op = "add", from = ["s{(n + 1) % count}", "{path}"] }}' for n in range(count)]
    return model(*steps)


def taken(count: int) -> str:
    """What is taken from inside every copy, of every step."""
    steps = [f'{{ op = "concat", from = "r.*.s{n}" }}' for n in range(count)]
    inner = ", ".join(f'{{ id = "s{n}", op = "relu" }}' for n in range(count))
    return model('{ id = "r", use = "b", repeat = 300 }', *steps, more=f"[blocks.b]\nbody = [{inner}]")


def many_ports(count: int) -> str:
    """A block with as many inputs and outputs, run a thousand times."""
    ports = [f"p{n}" for n in range(count)]
    inputs = ", ".join(f'"{port}"' for port in ports)
    given, first = (", ".join(f'{port} = "{path or port}"' for port in ports) for path in ("", "x"))
    block = f'[blocks.b]\ninputs = [{inputs}]\noutputs = {{ {given} }}\nbody = [{{ op = "relu", from = "p0" }}]'
    return model(f'{{ use = "b", from = {{ {first} }} }}', *['{ use = "b" }'] * 1000, more=block)


def misspelt(uses: int, count: int) -> str:
    """So many uses of a block with ``count`` arguments, each with another name that is almost one of them."""
    args = ", ".join(f"argument{n} = 1" for n in range(count))
    block = f'[blocks.b]\nargs = {{ {args} }}\nbody = [{{ op = "relu" }}]'
    return model(*(f'{{ use = "b", argumant{n} = 1 }}' for n in range(uses)), more=block)


UNLIKE = '[blocks.b]\nargs = {{ k = "int" }}\nbody = [{{ op = "conv", out = {}, kernel = 1, repeat = 99 }}]'
LIST = ["a = " + str([*range(10_000)])]
KEPT = '[blocks.b]\nargs = { k = "list" }\nbody = [{ op = "leakyrelu", slope = "=0.1 * len(k)" }]'


def in_block(lets: str) -> str:
    """A block that computes ``lets``, a line each, with a param that is a list of 10,000."""
    block = '[blocks.b]\nargs = { k = "int" }\nbody = [{ op = "leakyrelu", slope = "=0.1 * k" }]\n'
    return params(*LIST, step='{ use = "b", k = "=i", repeat = 2000 }') + f"{block}[blocks.b.let]\n{lets}\n"


def numbered(line: str, count: int) -> str:
    return "\n".join(line.format(number) for number in range(1, count))


REPEATED = '{ op = "relu", repeat = 1000 }'
NESTED = """
[blocks.a]
body = [{ use = "b", repeat = 1000 }]
[blocks.b]
body = [{ use = "c", repeat = 1000 }]
[blocks.c]
body = [{ op = "relu", repeat = 1000 }]
"""
RING = """
[blocks.a]
body = [{ use = "b" }]
[blocks.b]
body = [{ use = "a" }]
"""


def ring(count: int) -> str:
    """So many blocks, each of which uses the next."""
    return "".join(f'[blocks.b{n}]\nbody = [{{ use = "b{(n + 1) % count}" }}]\n' for n in range(count))


DESCENT = """
[blocks.a]
args = { k = "int" }
body = [{ op = "relu" }, { use = "a", k = "=k + 1" }, { use = "a", k = "=k + 2" }]
"""
