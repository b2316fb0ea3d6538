"""The page that is served: the figure with a script that keeps it up to date, or what is wrong until there is one."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape

from graphbuilder.watching.hub import State

_LIVE = """(() => {
"use strict";
let version = %d;
const page = window.graphbuilder;
function listen() {
  const events = new EventSource("events?version=" + version);
  events.addEventListener("figure", (event) => { version = event.lastEventId; page.update(JSON.parse(event.data)); });
  events.addEventListener("fault", (event) => page.fault(JSON.parse(event.data)));
  events.addEventListener("open", () => page.gone(false));
  events.addEventListener("error", () => {
    page.gone(true);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}
listen();
})();"""

# Until there is a figure the page has nothing to keep, and is read again whenever something is told.
_WAITING = """(() => {
"use strict";
let told = 0;
const events = new EventSource("events?version=0"), again = () => { if (told++) location.reload(); };
events.addEventListener("figure", () => location.reload());
events.addEventListener("fault", again);
})();"""
_STYLE = (
    ":root{color-scheme:light dark}code{white-space:pre-wrap}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:3rem auto;padding:0 1rem}"
)
_EMPTY = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {script_hash}; \
style-src {style_hash}; connect-src 'self'; base-uri 'none'; form-action 'none'">
<title>graphbuilder watch</title>
<style>{style}</style>
</head>
<body>
<h1>No figure yet</h1>
<p>It appears as soon as the spec can be read.</p>
<ul>{mistakes}</ul>
<script>{script}</script>
</body>
</html>
"""


def page(state: State) -> str:
    """The page of what is known."""
    from graphbuilder.backends.html import page as page_of

    if state.version:
        return page_of(json.loads(state.data), _LIVE % state.version)
    mistakes = "".join(f"<li><code>{escape(_said(each))}</code></li>" for each in json.loads(state.faults))
    hashes = {"script_hash": _hash(_WAITING), "style_hash": _hash(_STYLE)}
    return _EMPTY.format(script=_WAITING, style=_STYLE, mistakes=mistakes, **hashes)


def _said(mistake: dict[str, object]) -> str:
    line = f" line {mistake['line']}:" if mistake["line"] else ""
    remedy = f"\n{mistake['help']}" if mistake["help"] else ""
    return f"{mistake['code']}{line} {mistake['text']}{remedy}"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
