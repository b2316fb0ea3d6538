"""The shape of an input that was written as text."""

from __future__ import annotations

import pytest

from tests.spec.reading import HEAD, STEP, faults

ELSE = "write sizes (`[3, 224, 224]`, say) or `{ ... }`"


@pytest.mark.parametrize(
    ("written", "help_"),
    [
        ('"3x32x32"', "write [3, 32, 32]"),
        ('"3, 8"', "write [3, 8]"),
        ('"(3, 8)"', "write [3, 8]"),
        ('"0x8"', ELSE),
        ('"image"', ELSE),
        ("3", ELSE),
    ],
)
def test_sizes_as_text(written: str, help_: str) -> None:
    (found,) = faults(f"{HEAD}{STEP}inputs.b = {written}")
    assert (found.code, found.help) == ("GB103", help_)
