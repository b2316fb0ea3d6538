"""The server: its page and its news for whoever has the address, and nothing for anyone else."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import graphbuilder as gb
from graphbuilder.backends.html import network_data
from graphbuilder.watching import Server
from graphbuilder.watching.hub import Hub

SPECS = Path(__file__).parents[2] / "specs"
HOSTILE = "</script><script>alert(1)</script>"
MISTAKE = {"code": "GB204", "title": "<b>", "line": 3, "text": f"cannot add {HOSTILE}", "help": f"leave {HOSTILE}"}


@pytest.fixture
def hub() -> Hub:
    hub = Hub()
    hub.show(network_data(gb.load(SPECS / "lenet5.toml").typed))
    return hub


@pytest.fixture
def server(hub: Hub) -> Iterator[Server]:
    with Server(hub) as server:
        yield server


def ask(server: Server, path: str = "", method: str = "GET", **headers: str) -> HTTPResponse:
    """A request; ``path`` is behind the secret unless it begins with a slash."""
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=300)
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path if path.startswith("/") else server.path + path, skip_host="Host" in asked)
    for name, value in asked.items():
        connection.putheader(name, value)
    connection.endheaders()
    return connection.getresponse()


def event(response: HTTPResponse) -> dict[str, str]:
    """The next event of a stream, as fields; what only keeps it open is passed over."""
    fields: dict[str, str] = {}
    while True:
        line = response.readline().decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if line and name != ":":
            fields[name] = value
        elif "event" in fields:
            return fields


def test_the_page_is_that_of_the_network(server: Server) -> None:
    response = ask(server)
    text = response.read().decode()
    assert response.status == 200 and "LeNet" in text
    policy = re.findall(r"script-src ([^;]*);", text)[0]
    assert policy.count("sha256-") == 2 and "unsafe" not in policy
    assert "connect-src 'self'" in text and "EventSource" in text
    headers = dict(response.getheaders())
    assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("", "GET", {"Host": "evil.example"}, 403),
        ("", "GET", {"Host": "evil.example:{port}"}, 403),
        ("", "GET", {"Host": "127.0.0.1"}, 403),
        ("", "GET", {"Host": "localhost:{port}"}, 200),
        ("", "GET", {"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:{port}"}, 200),
        ("events", "GET", {"Origin": "http://evil.example"}, 403),
        ("events", "GET", {"Origin": "null"}, 403),
        ("events", "GET", {"Origin": "http://localhost:{port}"}, 403),
        ("events", "GET", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("", "GET", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("", "GET", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "iframe"}, 403),
        ("", "GET", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "document"}, 200),
        ("", "GET", {"Sec_Fetch_Site": "none"}, 200),
        ("/", "GET", {}, 404),
        ("/favicon.ico", "GET", {}, 404),
        ("/events", "GET", {}, 404),
        ("/wrong/", "GET", {}, 404),
        ("/wrong/events", "GET", {}, 404),
        ("../../etc/passwd", "GET", {}, 404),
        ("other", "GET", {}, 404),
        ("", "POST", {}, 501),
        ("", "DELETE", {}, 501),
    ],
)
def test_who_may_ask_for_what(server: Server, path: str, method: str, headers: dict[str, str], status: int) -> None:
    filled = {name: value.format(port=server.server_port) for name, value in headers.items()}
    with closing(ask(server, path, method, **filled)) as response:
        assert response.status == status
        text = response.read().decode() if path != "events" or status != 200 else ""
        assert status == 200 or "LeNet" not in text
        assert server.path not in text


def test_it_is_reached_from_this_machine_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert len(urlsplit(server.url).path) >= 32 and Server.path != server.path


def test_news_come_as_they_are_told(server: Server, hub: Hub) -> None:
    version = hub.state.version
    stream = ask(server, f"events?version={version}")
    assert stream.getheader("Content-Type", "").startswith("text/event-stream")
    assert event(stream) == {"retry": "500", "event": "fault", "data": "[]"}
    hub.fault([MISTAKE])
    assert json.loads(event(stream)["data"]) == [MISTAKE]
    hub.show({"title": "another"})
    figure = event(stream)
    assert (figure["event"], json.loads(figure["data"])) == ("figure", {"title": "another"})
    assert int(figure["id"]) == hub.state.version > version
    assert event(stream)["data"] == "[]"
    stream.close()


def test_a_browser_that_comes_back_gets_what_it_has_not(server: Server, hub: Hub) -> None:
    shown = f"events?version={hub.state.version}"
    hub.show({"title": "another"})
    assert event(ask(server, shown))["event"] == "figure"
    assert event(ask(server, shown, Last_Event_ID=str(hub.state.version)))["event"] == "fault"
    for odd in ("events?version=x", "events?version=-1", f"events?version={'9' * 5000}", "events"):
        assert event(ask(server, odd))["event"] == "figure"


def test_a_figure_that_is_the_same_is_not_shown_again(server: Server, hub: Hub) -> None:
    version = hub.state.version
    hub.fault([MISTAKE])
    hub.show(json.loads(hub.state.data))
    assert (hub.state.version, hub.state.faults) == (version, "[]")


def test_until_there_is_a_figure_the_mistakes_are_the_page() -> None:
    hub = Hub()
    hub.fault([MISTAKE])
    with Server(hub) as server:
        text = ask(server).read().decode()
    assert "No figure yet" in text and "GB204 line 3:" in text and "\nleave &lt;" in text
    assert text.count("<script>") == 1 and text.count("&lt;script&gt;alert(1)") == 2


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    with pytest.raises(gb.CompileError, match=r"GB515.*another program has it"):
        Server(Hub(), server.server_port)


def test_the_end_ends_every_stream(hub: Hub) -> None:
    with Server(hub) as server:
        stream = ask(server, "events")
        assert event(stream)["event"] == "figure"
    assert stream.read().decode().count("event: figure") == 0
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.server_port)):
        pass
