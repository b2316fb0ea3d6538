"""The pattern language: what matches, what is written, what is refused."""

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
        ("{b:x|y}{c}", "touch"),
        ("a{b:x}", "is no placeholder"),
        ("a{b:x|}", "is no placeholder"),
        ("a{b:x|y|x}", "a word comes twice"),
    ],
)
def test_patterns_that_are_none(text: str, fault: str) -> None:
    with pytest.raises(PatternError, match=fault):
        pattern(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{c}", "no placeholder of"),
        ("{b*2}", "brace"),
        ("{b:1..2}", "brace"),
        ("{k:x|y|z}", "as many words"),
        ("{b:x|y}", "as many words"),
    ],
)
def test_templates_that_are_none(text: str, fault: str) -> None:
    with pytest.raises(PatternError, match=fault):
        template(text, pattern("{b}.{k:p|q}"))


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
