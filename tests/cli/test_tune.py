"""``compile --tune`` and ``--plan``: what is said, written and refused, without a search."""

from __future__ import annotations

from tests.cli.running import Run, write
from tests.tuning.test_plans import searches
from tests.tuning.test_tuned import SPEC

__all__ = ["searches"]  # a fixture


def test_found_written_and_read(cli: Run, searches: list[float]) -> None:
    write("small.toml", SPEC)
    shared = ("compile", "small.toml", "--device", "cpu", "--plan", "x.plan.toml")
    assert "--tune 30 writes one" in cli(*shared).err
    result = cli(*shared, "--tune", "5", "-o", "x.py")
    assert result.code == 0, result.err
    assert "runs by     OpenVINO (timed here in " in result.out and "times as fast" in result.out
    assert '"source": "read from x.plan.toml"' in cli(*shared, "--json").out
    assert cli(*shared, "--optimize", "none").code == 2
    assert cli(*shared, "-o", "x.plan.toml").code == 2
