"""What a command line says that is not understood: what was wrong with it, and the form that is wanted."""

from __future__ import annotations

import pytest

from tests.cli.running import SMALL, Run, write

NUMBERS = {
    ("compile", "--batch", "x"): ("`x` is no whole number", "write a whole number from 1 on"),
    ("compile", "--batch", "0"): ("0 is not in the range", "write a whole number from 1 on"),
    ("compile", "--tune", "soon"): ("`soon` is no number", "write a number from 0 on"),
    ("render", "--dpi", "9"): ("9 is not in the range", "write a whole number from 10 to 1200"),
    ("watch", "--port", "99999"): ("99999 is not in the range", "write a whole number from 0 to 65535"),
}


@pytest.mark.parametrize("given", NUMBERS, ids=" ".join)
def test_numbers_are_told_their_form(given: tuple[str, str, str], cli: Run) -> None:
    command, *arguments = given
    code, out, err = cli(command, write("small.toml", SMALL), *arguments)
    assert (code, out) == (2, "")
    told = " ".join(err.split())
    assert all(part in told for part in NUMBERS[given]), err


@pytest.mark.parametrize("shape", ["3x32x32", "0,3,3", "3,", "", "3,a"])
def test_shapes_are_told_their_form(shape: str, cli: Run) -> None:
    code, _, err = cli("import", "nets:conv", "--input", shape, "-o", "x.toml")
    assert code == 2
    assert "sizes without the batch, with commas: 3,224,224" in " ".join(err.split())


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *(
            (command, "-o")
            for command in ("bench", "compare", "diff", "expand", "schema", "summary", "watch", "weights")
        ),
        ("compile", "--weights"),
        ("compile", "--plan"),
        ("weights", "--weights-map"),
    ],
)
def test_an_option_that_names_one_file_is_given_once(command: str, option: str, cli: Run) -> None:
    code, out, err = cli(command, write("small.toml", SMALL), option, "a.svg", option, "b.svg")
    assert (code, out) == (2, "")
    assert f"{option} names one file, and is given 2 times" in " ".join(err.split())


def test_of_a_choice_or_a_param_that_is_given_again_the_last_counts(cli: Run) -> None:
    spec = write("small.toml", SMALL)
    again = ("--set", "out=5", "--set", "out=7", "--limit", "nodes=1", "--limit", "nodes=100")
    assert cli("summary", spec, *again) == cli("summary", spec, "--set", "out=7")
