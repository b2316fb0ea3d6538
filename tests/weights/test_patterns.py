"""The pattern language: what matches, what is written, what is refused."""

import re

import pytest

from graphbuilder.weights.patterns import PatternError, glob, pattern, template


@pytest.mark.parametrize(
    ("text", "name", "numbers"),
    [
        ("conv2d", "conv2d", {}),
        ("conv2d", "conv2d_1", None),
        ("conv.1", "convx1", None),
        ("block{b}_conv{c}", "block12_conv3", {"b": 12, "c": 3}),
        ("block{b}_conv", "block_conv", None),
        ("block{b}_conv", "blocka_conv", None),
        ("block{b}_conv", "block-1_conv", None),
        ("block{b}_conv", "block01_conv", None),
        ("block{b}", "block1_bn", None),
        ("block{b:5..12}", "block5", {"b": 5}),
        ("block{b:5..12}", "block12", {"b": 12}),
        ("block{b:5..12}", "block4", None),
        ("block{b:5..12}", "block13", None),
        ("{b}.{c:0..1}", "7.1", {"b": 7, "c": 1}),
        ("{b}", "9999999999", None),
        ("a(b)[c]{n}", "a(b)[c]0", {"n": 0}),
        ("Mixed_5{m:b|c|d}.{k:conv|bn}", "Mixed_5d.conv", {"m": 2, "k": 0}),
        ("Mixed_5{m:b|c|d}", "Mixed_5e", None),
        ("conv2d_{m:5|12|19}", "conv2d_12", {"m": 1}),
        ("conv2d_{m:5|12}", "conv2d_121", None),
        ("{k:conv|conv2d}", "conv2d", {"k": 1}),
        ("{b:2..3|7..10}.x", "8.x", {"b": 3}),
        ("{b:2..3|7..10}.x", "4.x", None),
        ("{b:2..3|x.y}", "x.y", {"b": 2}),
        ("{b:a.b|c}", "axb", None),
        ("{k:conv|bn}{c:1..2}.w", "bn2.w", {"k": 1, "c": 2}),
        ("{k:conv|conv_dw}{c}", "conv_dw3", {"k": 1, "c": 3}),
        ("{s}{m:a|b}", "12b", {"s": 12, "m": 1}),
        ("{k:p|q}{m:a|b}{c}", "qa7", {"k": 1, "m": 0, "c": 7}),
    ],
)
def test_matching(text: str, name: str, numbers: dict[str, int] | None) -> None:
    assert pattern(text).match(name) == numbers


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("a.{b}.c", "a.7.c"),
        ("a.{b-5}.{s+1}", "a.2.4"),
        ("{b}{s}", "73"),
        ("{s-5}", "-2"),
        ("x.{k:conv|batchnorm}", "x.batchnorm"),
        ("x.{k}.{k+1}", "x.1.2"),
        ("x.{k:a.b|c.d}", "x.c.d"),
        ("x.{k:4..5}", "x.5"),
    ],
)
def test_writing(text: str, written: str) -> None:
    assert template(text, pattern("{b}.{s}.{k:p|q}")).write({"b": 7, "s": 3, "k": 1}) == written


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a{b", "is no placeholder"),
        ("a}", "is no placeholder"),
        ("a{}", "is no placeholder"),
        ("a{B}", "is no placeholder"),
        ("a{b-1}", "is no placeholder"),
        ("a{b:1}", "is no placeholder"),
        ("a{b:01..2}", "is no placeholder"),
        ("{b}x{b}", "comes twice"),
        ("{b}{c}", "touch"),
        ("{b:x|x1}{c}", "`{b:x.x1}` and `{c}` touch"),
        ("{c}{b:x|1x}", "touch"),
        ("{b:x|xy}{c:z|yz}", "touch"),
        ("a{b:3..2}", "no number in its range"),
        ("a{b:3..2|7}", "has no number"),
        ("a{b:0..99999|x}", "more than 10,000 words"),
        ("a{b:x}", "is no placeholder"),
        ("a{b:x|}", "is no placeholder"),
        ("a{b:x|y|x}", "has the word `x` twice"),
        ("a{b:x|1..3|2}", "has the word `2` twice"),
        ("a{b-1}", "sums stand on the right"),
        ("a{b:x}", "one word is no list"),
        ("a{Bb}", "`{Bb}` is no placeholder: write .* in small letters"),
        ("a{b:x y|z}", "letters, digits, `_` and dots"),
    ],
)
def test_patterns_that_are_none(text: str, fault: str) -> None:
    with pytest.raises(PatternError, match=fault):
        pattern(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{c}", "no placeholder of"),
        ("{c}", "which has `{b}`, `{k}`, `{r}`"),
        ("{b*2}", "`{b*2}` is no placeholder"),
        ("{b:1..2}", "where `b` is a number"),
        ("{k:x|y|z}", "as many words"),
        ("{b:x|y}", "as many words"),
        ("a.{r-4}", "`{r-4}` is -1 where `r` is 3"),
        ("a.{k-1}", "`{k-1}` is -1 where `k` is its first word"),
        ("a.-1", "`a.-1` is no name"),
        ("a.-{b}.c", "is no name"),
        ("a.", "is no name"),
        ("a..{b}", "is no name"),
        ("a {b}", "is no name"),
        ("", "is no name"),
    ],
)
def test_templates_that_are_none(text: str, fault: str) -> None:
    with pytest.raises(PatternError, match=re.escape(fault)):
        template(text, pattern("{b}.{k:p|q}.{r:3..5}"))


@pytest.mark.parametrize(
    ("text", "name", "matches"),
    [
        ("optimizer/*", "optimizer/vars/3", True),
        ("optimizer/*", "my_optimizer/3", False),
        ("*.num", "a.b.num", True),
        ("a+b", "aab", False),
        ("**", "anything", True),
    ],
)
def test_globs(text: str, name: str, matches: bool) -> None:
    assert bool(glob(text).fullmatch(name)) is matches
