"""What is counted before it is worked out, or told."""

from __future__ import annotations

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic, Sink
from graphbuilder.diagnostics.catalogue.references import ParamUnread
from graphbuilder.elaborate import Limits

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [3, 8, 8]\n'


def told(steps: str, limits: Limits) -> list[tuple[str, int]]:
    """The codes of a body, and their lines."""
    found = check_text(f"{HEAD}[model]\nbody = [\n{steps}\n]", "case.toml", limits=limits).diagnostics
    return [(each.code, each.span.line if each.span else 0) for each in found]


def test_a_body_of_more_steps_than_the_limit_is_refused_before_any_is_worked_out() -> None:
    steps = '{ op = "nope" },\n' + '{ op = "relu" },\n' * 4
    assert told(steps, Limits(steps=4)) == [("GB608", 11)]
    assert [code for code, _ in told(steps, Limits(steps=20))] == ["GB303"]


def test_a_copy_that_is_like_no_other_counts_twice() -> None:
    varied = '{ op = "leakyrelu", slope = "=0.1 * i", repeat = 50 }'
    assert told(varied, Limits(steps=100)) == [("GB608", 7)]
    assert told(varied, Limits(steps=130)) == []
    assert told(varied.replace("=0.1 * i", "=0.1 * 2"), Limits(steps=100)) == []


def test_warnings_that_are_not_kept_are_counted_and_not_made() -> None:
    sink, made = Sink(2), list[str]()

    def warning(name: str) -> Diagnostic:
        made.append(name)
        return ParamUnread.at(None, name)

    for name in ("a", "b", "c", "d", "d"):
        sink.warn(ParamUnread, (name,), lambda name=name: warning(name))
    assert made == ["a", "b"] == [each.message for each in sink.diagnostics]
    assert sink.beyond == 2


def test_of_very_many_params_that_nothing_reads_a_hundred_are_told_in_order() -> None:
    params = "\n".join(f"p{number} = 1" for number in range(150))
    text = f'{HEAD}[params]\n{params}\n[model]\nbody = [{{ op = "relu" }}]'
    *warnings, last = check_text(text, "case.toml").diagnostics
    assert [each.message for each in warnings] == [f"nothing reads the param `p{number}`" for number in range(100)]
    assert last.code == "GB611" and "50" in last.message
