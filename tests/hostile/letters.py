"""Specs that are valid and hostile: texts that are markup somewhere, names that are words somewhere, and large ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphbuilder.ops import catalogue
from graphbuilder.spec.names import Kind, fault_of

HTML = {
    "script": "<script>alert(1)</script>",
    "closing": '</text></g></svg><script xlink:href="https://example.org/x.js"/>',
    "closing_script": "</script><script>alert(1)</script><!-- <script>",
    "anchor": '"><a href="javascript:alert(1)">x</a>',
    "event": '" onload="alert(1)" x="',
    "quoted_event": "' onclick='alert(1)' x='",
    "image": "<img src=x onerror=alert(1)>",
    "comment": "--><script>alert(1)</script><!--",
    "data": "]]><script>alert(1)</script><![CDATA[",
    "entity": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62; &evil;",
    "doctype": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "instruction": '<?xml-stylesheet href="https://example.org/x.css"?>',
    "style": "</style><style>@import url(https://example.org/x.css);</style>",
    "drawing": '<foreignObject><iframe src="https://example.org"/></foreignObject>',
    "template": "{script} {live} {data} {0} {policy!r} %s ${alert(1)}",
}
DOT = {
    "table": '<<TABLE><TR><TD HREF="javascript:alert(1)">x</TD></TR></TABLE>>',
    "html_label": "<<b>bold</b>>",
    "picture": '<<TABLE><TR><TD><IMG SRC="/etc/passwd"/></TD></TR></TABLE>>',
    "attributes": '", URL="javascript:alert(1)", tooltip="x',
    "statement": '"]; evil [URL="javascript:alert(1)"]; x [label="',
    "html_statement": '>]; evil [label=<<TABLE HREF="javascript:alert(1)"><TR><TD>x</TD></TR></TABLE>>]; x [a=<',
    "escapes": "\\N\\G\\E\\T\\H\\L \\",
    "trailing_backslash": 'x\\" URL=\\"javascript:alert(1)\\',
    "comment": "/* x */ // y\n# z",
    "shape_file": '", shape="none", image="/etc/passwd',
    "concatenation": '" + "x',
    "open_bracket": "<",
    "shut_bracket": ">",
}
TEX = {
    "input": "\\input{/etc/passwd} \\include{x} \\openin1=/etc/passwd",
    "write": "\\write18{touch ran}\\immediate\\write18{touch ran}",
    "openout": "\\newwrite\\f\\openout\\f=ran\\write\\f{x}",
    "file": "}}\\end{tikzpicture}\\input{/etc/passwd}\\begin{tikzpicture}{{",
    "carets": "^^5cinput^^7b/etc/passwd^^7d ^^M",
    "catcode": "\\catcode`\\%=12 \\def\\par{} \\csname input\\endcsname",
    "specials": "50% #1 a_b $x^2$ & ~ {group} \\\\ \\, \\/",
    "lua": "\\directlua{os.execute('touch ran')}",
    "loop": "\\loop\\iftrue\\repeat \\def\\x{\\x\\x}\\x",
    "ligatures": "-- --- `` '' ,, << >> ?` !` fi ff",
}
MERMAID = {
    "click": 'x"] \n click n1 href "javascript:alert(1)" \n n9["',
    "call": "click n0 call alert(1)",
    "directive": '%%{init: {"securityLevel": "loose", "themeCSS": "*{}"}}%%',
    "front_matter": "---\nconfig:\n  securityLevel: loose\n---\n",
    "end": 'end"] end subgraph x["',
    "link": "x --> y -.-> z === w --- v ~~~ u",
    "classes": "n1:::evil classDef default fill:url(x) @{ shape: x, img: https://example.org/x.png }",
    "markdown": "`**bold** [x](javascript:alert(1))` 1. one - two",
    "entities": "#quot; #35; #lt;script#gt; fa:fa-ban $$\\int$$",
}
PYTHON = {
    "docstring": '""" + evil.run() + """',
    "lines": "'''\nimport evil\n'''",
    "trailing_quote": 'x"',
    "trailing_backslash": "x\\",
    "escape": "\\x22\\x22\\x22 \\N{QUOTATION MARK} \\\nimport evil",
    "f_string": "{__import__('evil').run()}",
    "separators": "x\x0bimport evil\x0c\x1cimport evil\x85\u2028import evil\u2029",
    "returns": "x\r\nimport evil\rimport evil",
    "encoding": "# -*- coding: utf-7 -*- +AGkAbQBwAG8AcgB0-",
}
SHOWN = {
    "terminal": "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b31m\x08\x08",
    "bidi": "\u202egnp.exe\u2066\u2069\u200f\u200e",
    "nothing_to_see": "\u200b\u00ad\ufeff\u2060\u180e",
    "nul": "a\x00b",
    "combining": "a" + "\u0301" * 60,
    "wide": "漢字" * 20,
    "beyond": "\U0001d54f \U0001f469\u200d\U0001f4bb \U000e0041 \U0010ffff \ufffe",
    "long": "x" * 3000,
    "words": "word " * 400,
    "rows": "a\n" * 50,
    "empty": "",
    "blank": "   ",
    "toml": "\"\"\"\n[model]\nbody = []\n''' \\u0022 # x",
}
TEXTS: Mapping[str, Mapping[str, str]] = {
    "html": HTML,
    "dot": DOT,
    "tex": TEX,
    "mermaid": MERMAID,
    "python": PYTHON,
    "shown": SHOWN,
}
# Words of the languages that are written, and of programs that read them.
_WORDS = """
    graph node edge subgraph digraph strict cluster_0 n0 w0 c0 label URL href image root layout
    end click call callback class_ classDef style linkStyle direction flowchart default_ o x
    input write18 openout include def begin catcode jobname
    script onload onclick constructor prototype hasOwnProperty toString valueOf document window innerHTML then length
    match case print exec eval open os sys exit repr hash object property staticmethod Exception id_ iter map next
    args kwargs weight bias shortcut result y size out module shape copy dtype device training_ evil main Relu relu RELU
    inf nan true false null yes no on off a__b a_ A1 e1 x1 X1 i_ item_ conv linear Model model blocks body
"""
WORDS = (*_WORDS.split(), "a" * 64, "Z" * 63)


def quoted(text: str) -> str:
    """``text`` as TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def titled(texts: Iterable[str]) -> str:
    """Each text wherever a spec may have one: on the model, steps, blocks, repeats and uses of blocks."""
    found = list(map(quoted, texts))
    steps, blocks = list[str](), list[str]()
    for number, text in enumerate(found):
        steps += [
            f'{{ op = "relu", title = {text} }}',
            f'{{ use = "unit{number}", title = {text} }}',
            f'{{ use = "unit{number}", repeat = 3, title = {text} }}',
            f'{{ op = "linear", out = 4, repeat = 3, title = {text} }}',
        ]
        blocks += [
            f'[blocks.unit{number}]\ntitle = {text}\nbody = [{{ op = "batchnorm", title = {text} }}]',
            'shortcut = "identity"',
        ]
    head = f"format = 1\nname = {found[0]}\ntitle = {found[1]}\n[inputs]\nx = [4, 8, 8]\n[model]\nbody = [\n"
    return head + "".join(f"  {step},\n" for step in steps) + "]\n" + "\n".join(blocks) + "\n"


def _allowed(words: Iterable[str], kind: Kind) -> list[str]:
    return [word for word in words if fault_of(word, kind) is None]


def named(words: Sequence[str]) -> str:
    """Every word wherever a spec may have a name: of steps, blocks, arguments, inputs, outputs, branches and params."""
    steps, blocks = _allowed(words, "step"), _allowed((each for each in words if each not in catalogue()), "block")
    arguments, computed = _allowed(words, "argument"), _allowed(words, "let")
    inputs, outputs, branches = (_allowed(words, kind) for kind in ("input", "output", "branch"))
    params = [f"{word}_1"[:64] for word in _allowed(words, "param") if len(word) < 60]
    lines = ["format = 1", 'name = "case"', "[params]", *(f"{name} = 4" for name in params), "[inputs]"]
    lines += [*(f"{name} = [4, 8, 8]" for name in inputs), "[model]", "body = ["]
    lines += [f'  {{ id = "first_of_all", op = "add", from = [{", ".join(map(quoted, inputs))}] }},']
    lines += [f'  {{ id = "{step}", op = "conv", out = 4, kernel = 1 }},' for step in steps if step not in inputs]
    lines += [f'  {{ id = "{name}_of_p", op = "conv", out = "={name}", kernel = 1 }},' for name in params]
    lines += [f'  {{ id = "use_{number}", use = "{block}" }},' for number, block in enumerate(blocks)]
    lines += ["]", "[outputs]", *(f'{name} = "use_{len(blocks) - 1}"' for name in outputs[:40])]
    for number, block in enumerate(blocks):
        argument, let, one = (each[number % len(each)] for each in (arguments, computed, branches))
        other = branches[(number + 1) % len(branches)]
        let = let if let != argument else f"{let[:60]}_l"
        lines += [f"[blocks.{block}]", f"args = {{ {argument} = 4 }}", f'let = {{ {let} = "={argument}" }}']
        lines += [f'branches.{one} = [{{ op = "conv", out = "={let}", kernel = 1 }}]']
        lines += [f'branches.{other} = [{{ id = "{one}", op = "conv", out = "={argument}", kernel = 1 }}]']
        lines += ['merge = "add"']
    return "\n".join(lines) + "\n"


VALID: Mapping[str, str] = {
    **{f"texts_of_{name}": titled(texts.values()) for name, texts in TEXTS.items()},
    "names": named(WORDS),
}
