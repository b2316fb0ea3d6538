"""Serves one page and its news to browsers of this machine that were told a secret.

Bound to 127.0.0.1. A request must name this server as its host (so that no other name, rebound to this machine, reads
it), come from no other page, and have the token in its path. Nothing is read from the disk and nothing is changed by a
request: there is only GET.
"""

from __future__ import annotations

import errno
import secrets
from collections.abc import Iterator
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.diagnostics.catalogue.usage import PortTaken
from graphbuilder.watching.hub import Hub, State
from graphbuilder.watching.pages import page

_ADDRESS, _HEARTBEAT, _PATIENCE = "127.0.0.1", 10.0, 20.0
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Server(ThreadingHTTPServer):
    """Serves what ``hub`` knows while its context lasts.

    Args:
        port: where; with 0 a free one is chosen.
        token: the secret in its address; a new one unless it is given.

    Raises:
        CompileError: when the port cannot be had.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, hub: Hub, port: int = 0, token: str = "") -> None:
        self.hub = hub
        self.token = token or secrets.token_urlsafe(24)
        try:
            super().__init__((_ADDRESS, port), _Handler)
        except (OSError, OverflowError) as error:
            raise CompileError((_no_port(port, error),)) from error

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{_ADDRESS}:{self.server_port}{self.path}"

    @property
    def path(self) -> str:
        """What the path of every request begins with."""
        return f"/{self.token}/"

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The names by which a browser may know this server."""
        return tuple(f"{name}:{self.server_port}" for name in (_ADDRESS, "localhost"))

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hub.close()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away is no fault."""


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = _PATIENCE
    server_version, sys_version = "graphbuilder", ""

    def do_GET(self) -> None:
        """The page, or its news."""
        wanted = urlsplit(self.path)
        if not self._is_ours():
            self._refuse(HTTPStatus.FORBIDDEN)
        elif not secrets.compare_digest(wanted.path.rpartition("/")[0].encode() + b"/", self.server.path.encode()):
            self._refuse(HTTPStatus.NOT_FOUND)
        elif wanted.path == self.server.path:
            self._page()
        elif wanted.path == f"{self.server.path}events":
            self._news(self._known(wanted.query))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is said of requests."""

    def _is_ours(self) -> bool:
        """Whether a request is for this server, and of no page of another, unless that has a link which is followed."""
        hosts, origins = self.headers.get_all("Host", []), self.headers.get_all("Origin", [])
        if (
            len(hosts) != 1
            or hosts[0] not in self.server.hosts
            or any(each != f"http://{hosts[0]}" for each in origins)
        ):
            return False
        followed = self.headers.get("Sec-Fetch-Dest") == "document"
        return followed or self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")

    def _refuse(self, status: HTTPStatus) -> None:
        self._start(status, "text/plain; charset=utf-8")
        self.wfile.write(f"{status.value} {status.phrase}\n".encode())

    def _start(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), *_HEADERS.items()):
            self.send_header(name, value)
        self.end_headers()

    def _page(self) -> None:
        content = page(self.server.hub.state).encode()
        self._start(HTTPStatus.OK, "text/html; charset=utf-8")
        self.wfile.write(content)

    def _known(self, query: str) -> int:
        """The version that the browser shows already: of its last event, or of its page."""
        told = self.headers.get("Last-Event-ID") or "".join(parse_qs(query).get("version", ["0"])[:1])
        return int(told) if told.isascii() and told.isdecimal() and len(told) < 16 else 0

    def _news(self, version: int) -> None:
        """Events (of the standard's section 9.2, server-sent events) until the browser or this server goes."""
        self._start(HTTPStatus.OK, "text/event-stream; charset=utf-8")
        hub, turn = self.server.hub, -1
        while (state := hub.after(turn, _HEARTBEAT)) is not None:
            lines = _events(state, version) if state.turn > turn else [":"]
            self.wfile.write("".join(f"{line}\n" for line in (*lines, "")).encode())
            turn, version = state.turn, state.version


def _events(state: State, version: int) -> Iterator[str]:
    """What a browser that shows ``version`` has to be told: the figure where it is another, then what is wrong."""
    yield "retry: 500"
    if state.version > version:
        yield from (f"id: {state.version}", "event: figure", f"data: {state.data}", "")
    yield from ("event: fault", f"data: {state.faults}")


def _no_port(port: int, error: OSError | OverflowError) -> Diagnostic:
    taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
    reason = "another program has it" if taken else str(getattr(error, "strerror", None) or error).lower()
    help_ = "leave --port out, and a free one is chosen"
    return PortTaken.at(None, f"port {port} cannot be served: {reason}", help=help_)
