"""Every command is given every hostile spec: one that is refused ends in its code, one that is valid becomes letters.

Nothing is written but what was asked for, whole; nothing else is opened, and nothing is run but Graphviz.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.hostile.active import SEARCHES
from tests.hostile.asking import asking
from tests.hostile.cases import CASES, LARGE, Case
from tests.hostile.commands import COMMANDS, FIRST
from tests.hostile.commands_child import PLAIN
from tests.hostile.letters import VALID
from tests.hostile.test_specs import CODE, STEERING, write

DIFFERENT = 1


class Given(NamedTuple):
    """A command, the folder of what it is given, and what asks a process of it of a spec there."""

    command: str
    folder: Path
    ask: Callable[[str], dict[str, Any]]

    def each(self, cases: Mapping[str, Case]) -> Iterator[tuple[str, dict[str, Any], Path]]:
        """Of each of ``cases`` the name, what comes of it, and the folder of what is written."""
        for name, case in cases.items():
            here = self.folder / name / "it"
            here.mkdir(parents=True)
            (here / "plain.toml").write_text(PLAIN)
            write(case, here)
            yield name, self.ask(f"{name}/it"), here / self.command


def faults(answer: Mapping[str, Any], written: Path) -> Iterator[str]:
    """What no command may do, whatever it is given."""
    if answer["exit"] is None or "Traceback" in answer["output"]:
        yield answer["output"][-1000:]
        return
    yield from answer["seen"]
    if STEERING.search(answer["output"]) or "hunter2" in answer["output"] or "root:" in answer["output"]:
        yield f"it tells {answer['output'][:1000]!r}"
    if answer["seconds"] > answer["most"]:
        yield f"{answer['seconds']} s"
    if (written.parent / "ran").exists():
        yield "it ran something"
    for path in written.rglob("*"):
        if search := SEARCHES.get(path.suffix):
            yield from (f"{path.name}: {each}" for each in search(path.read_bytes()))
        if path.is_file() and b"hunter2" in path.read_bytes():
            yield f"{path.name} tells a secret"


def told(found: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {fault}" for name, fault in found)


def _given(command: str) -> Iterator[str]:
    """The cases that a command is given: the first meets all, another every third that is not large.

    The others start at different ones, so that each case is met by several of them.
    """
    start = list(COMMANDS).index(command)
    for index, name in enumerate(CASES):
        if command == FIRST or (name not in LARGE and index % 3 == start % 3):
            yield name


@pytest.fixture(scope="module")
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    """One process of a command for refused and valid specs, since it takes longer to start than most of them."""
    command: str = request.param
    folder = tmp_path_factory.mktemp(command)
    with asking("tests.hostile.commands_child", str(folder), command) as ask:
        yield Given(command, folder, ask)


by_command = pytest.mark.parametrize("given", COMMANDS, indirect=True, scope="module")


def test_no_two_cases_have_one_name() -> None:
    assert not CASES.keys() & VALID.keys()


@by_command
def test_a_spec_that_is_refused_ends_in_its_code(given: Given) -> None:
    found: list[tuple[str, str]] = []
    for name, answer, written in given.each({name: CASES[name] for name in _given(given.command)}):
        found += [(name, fault) for fault in faults(answer, written)]
        if answer["exit"] != 2 or CASES[name].code not in CODE.findall(answer["output"]):
            found.append((name, f"exit {answer['exit']}: {answer['output'][:500]}"))
        if any(written.iterdir()) != ("drawn with what is wrong in red" in answer["output"]):
            found.append((name, "something was written"))
        if {path.name for path in written.parent.iterdir() if path.name.startswith((".graphbuilder", "out"))}:
            found.append((name, "something was left"))
    assert not found, told(found)


@by_command
def test_a_valid_spec_becomes_letters(given: Given) -> None:
    found: list[tuple[str, str]] = []
    for name, answer, written in given.each({name: Case(text, "") for name, text in VALID.items()}):
        found += [(name, fault) for fault in faults(answer, written)]
        if answer["exit"] != (DIFFERENT if given.command == "diff" else 0):
            found.append((name, f"exit {answer['exit']}: {answer['output'][:500]}"))
        if sorted(path.name for path in written.iterdir()) != sorted(
            each.rstrip("/") for each in COMMANDS[given.command].outputs
        ):
            found.append((name, "not all was written"))
    assert not found, told(found)


HEAD = '---\ntitle: "x"\n---\nflowchart TB\n'


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".tex", "\\begin{document}%\n\\input{x}\n\\end{document}"),
        (".tex", "\\begin{document}%\n\\write18{x}\n\\end{document}"),
        (".tex", "\\begin{document}%\n^^5cinput x\n\\end{document}"),
        (".tex", "\\begin{document}%\n}\n\\end{document}"),
        (".mmd", f'{HEAD}  click n0 href "javascript:alert(1)"\n'),
        (".mmd", f"{HEAD}  %%{{init: {{}}}}%%\n"),
        (".mmd", f'{HEAD}  n0("a <b>")\n'),
        (".mmd", f'{HEAD}  n0("a"):::evil\n'),
        (".dot", 'digraph { n0 [label=x URL="x"] }'),
        (".dot", "digraph { evil [label=x] }"),
        (".dot", "digraph { n0 -> evil [color=x] }"),
        (".dot", 'digraph { n0 [label=<<table href="x"><tr><td>a</td></tr></table>>] }'),
        (".dot", 'digraph { n0 [label=<<table><tr><td><img src="x"/></td></tr></table>>] }'),
        (".html", '<meta http-equiv="x" content="default-src \'none\'"><script></script><script>1</script>'),
        (".html", '<meta http-equiv="x" content="default-src \'none\'"><p onclick="x">'),
        (".svg", '<!DOCTYPE svg [<!ENTITY e "x">]><svg>&e;</svg>'),
        (".py", "import os"),
        (".py", "x.__class__"),
        (".pdf", "%PDF-1.4\n1 0 obj\n<< /OpenAction << /S /JavaScript /JS (x) >> >>\nendobj\n"),
        (".png", "no picture"),
    ],
)
def test_what_is_active_is_found(suffix: str, text: str) -> None:
    assert list(SEARCHES[suffix](text.encode()))
