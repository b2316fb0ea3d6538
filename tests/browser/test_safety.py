"""What a spec says never becomes part of the page but as words."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from playwright.sync_api import expect

import graphbuilder as gb
from graphbuilder.backends.html import network_data, page
from tests.browser.reading import Opened

Show = Callable[..., Opened]
HOSTILE = "</script><script>window.hurt = 1</script><img src=x onerror='window.hurt = 2'><!-- <script>"
SPEC = """
format = 1
name = "tiny"
title = '''TITLE'''

[inputs]
image = [3, 32, 32]

[model]
body = [  # COMMENT
  { id = "stem", use = "stem", title = '''TITLE''' },
  { id = "last", op = "linear", out = 4, title = '''TITLE''' },
]

[blocks.stem]
body = [{ op = "conv", out = 8, kernel = 3, title = '''TITLE''' }, { op = "relu" }, { op = "conv", out = 4 },
  { op = "relu" }, { op = "globalavgpool" }]
"""


@pytest.fixture
def hostile() -> gb.Network:
    text = (
        SPEC.replace("COMMENT", HOSTILE)
        .replace("TITLE", HOSTILE.replace("'", '"'))
        .replace("out = 4 }", "out = 4, kernel = 1 }")
    )
    checked = gb.check_text(text, path=f"{HOSTILE.replace('/', '')}.toml")
    assert checked.network is not None, checked.diagnostics
    return checked.network


def test_words_of_a_spec_are_only_words(show: Show, hostile: gb.Network) -> None:
    opened = show(hostile, "#stem.conv")
    assert opened.page.evaluate("window.hurt") is None
    assert opened.page.locator("img").count() == 0
    expect(opened.page.locator("#title")).to_contain_text("onerror")
    opened.press("/")
    opened.page.keyboard.type("stem")
    opened.press("Enter", "e", "h")
    fault = {"code": HOSTILE, "title": HOSTILE, "line": None, "text": HOSTILE, "help": HOSTILE}
    opened.page.evaluate("mistakes => window.graphbuilder.fault(mistakes)", [fault])
    assert opened.page.evaluate("window.hurt") is None
    assert opened.page.locator("img, script").count() == 2


def test_a_link_is_no_script(show: Show) -> None:
    opened = show("lenet5", "#<img src=x onerror=alert(1)>%zz")
    assert opened.page.locator("img").count() == 0
    expect(opened.page.locator("#details")).to_be_hidden()


def test_only_the_page_s_own_script_may_run(hostile: gb.Network) -> None:
    text = page(network_data(hostile.typed))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert policy and len(scripts) == 1
    hash = b64encode(sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{hash}';" in policy[1]
    assert "unsafe" not in policy[1] and "default-src 'none'" in policy[1] and "connect-src 'none'" in policy[1]
    assert "http" not in policy[1]


def test_nothing_else_runs_in_it(show: Show) -> None:
    opened = show("lenet5")
    opened.page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.hurt = 3";
      document.body.append(script);
    }""")
    assert opened.page.evaluate("window.hurt") is None
    assert "Content Security Policy" in opened.faults.pop()


def test_who_serves_the_page_may_add_a_script() -> None:
    text = page(network_data(gb.load("specs/lenet5.toml").typed), live="window.served = 1;")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and policy[1].count("sha256-") == 3 and "connect-src 'self'" in policy[1]
