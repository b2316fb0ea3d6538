"""Clients that keep to the protocol badly: they are answered, and the server serves on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from graphbuilder.lsp.protocol import Aside
from tests.clock import lateness, least, taken
from tests.lsp.editing import SPEC

OPEN = {"languageId": "toml", "version": 1, "text": 'format = 1\nname = "a"\n'}
FILE = {"textDocument": {"uri": "file:///x.toml"}}
# Steps that a check does not get through in a moment.
LONG = """\
format = 1
name = "long"
[inputs]
x = [3, 8, 8]
[model]
body = [{ op = "leakyrelu", slope = "=0.001 * i", repeat = 4900 }]
"""


class Client:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.shown: list[str] = []
        assert process.stdin and process.stdout
        self._to, self._from = process.stdin, process.stdout

    def raw(self, data: bytes) -> None:
        self._to.write(data)
        self._to.flush()

    def send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def ask(self, number: int, method: str, params: Any) -> dict[str, Any]:
        """The answer to a question; messages to the person that come before it are kept."""
        self.send(id=number, method=method, params=params)
        while (message := self._message()).get("id") != number:
            self.shown += [message["params"]["message"]] if message.get("method") == "window/showMessage" else []
        return message

    def _message(self) -> dict[str, Any]:
        length = 0
        while line := self._from.readline().strip():
            if line.startswith(b"Content-Length"):
                length = int(line.split()[1])
        assert length, "the server ended"
        return json.loads(self._from.read(length))


START = {"processId": None, "rootUri": None, "capabilities": {}}
HOVER = {**FILE, "position": {"line": 0, "character": 0}}


@contextmanager
def started() -> Iterator[Client]:
    """A server, of which nobody has asked anything yet."""
    command = [sys.executable, "-m", "graphbuilder.cli", "lsp"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield Client(process)
        finally:
            process.kill()


def left(found: Client) -> tuple[int, str]:
    """The exit status of a server that is told to leave, and what it said to nobody."""
    found.send(method="exit", params=None)
    said = found.process.communicate(timeout=300)[1].decode()
    return found.process.returncode, said


@contextmanager
def client() -> Iterator[Client]:
    with started() as found:
        found.ask(0, "initialize", START)
        yield found
        assert "result" in found.ask(98, "textDocument/hover", HOVER)
        found.ask(99, "shutdown", None)
        assert not found.shown
        ends: list[tuple[int, str]] = []
        leaving = taken(lambda: ends.append(left(found)))
        assert ends == [(0, "")]
        assert leaving < 3 or leaving / lateness() < 3


@pytest.mark.parametrize("length", ["99999999999999999999", "9" * 5000, str(1 << 40)])
def test_a_message_of_any_length_is_passed_over(length: str) -> None:
    with client() as found:
        found.raw(f"Content-Length: {length}\r\n\r\n".encode())


def test_questions_that_make_no_sense_are_answered() -> None:
    wrong = [{}, {**FILE, "position": {"line": -1, "character": 0}}, {"textDocument": {"uri": 5}, "position": "x"}]
    wrong += [{"textDocument": {"uri": "http://[bad"}, "position": {"line": 0, "character": 0}}]
    with client() as found:
        answers = [found.ask(number, "textDocument/hover", each) for number, each in enumerate(wrong, 1)]
    assert [answer.get("error", {}).get("code") for answer in answers] == [-32602] * 4


def test_what_comes_before_all_or_behind_it_is_answered() -> None:
    with started() as found:
        told = [found.ask(1, "textDocument/hover", HOVER), found.ask(2, "textDocument/hover", {})]
        found.send(method="textDocument/didOpen", params={"textDocument": {"uri": "file:///x.toml", **OPEN}})
        told += [found.ask(3, "shutdown", None), found.ask(4, "initialize", START), found.ask(5, "initialize", START)]
        told += [found.ask(6, "textDocument/hover", HOVER), found.ask(7, "no/such", {}), found.ask(8, "shutdown", None)]
        found.send(method="$/cancelRequest", params={"id": 6})
        told += [found.ask(9, "textDocument/hover", HOVER), found.ask(10, "shutdown", None)]
        found.send(method="textDocument/didOpen", params={"textDocument": {"uri": "file:///x.toml", **OPEN}})
        codes = [answer.get("error", {}).get("code") for answer in told]
        assert codes == [-32002, -32002, -32002, None, -32600, None, -32601, None, -32600, -32600]
        assert left(found) == (0, "")


@pytest.mark.parametrize("is_started", [False, True])
def test_leaving_without_a_word_is_no_good_end(is_started: bool) -> None:
    with started() as found:
        if is_started:
            found.ask(0, "initialize", START)
        assert left(found) == (1, "")


@pytest.mark.parametrize(("said", "status"), [([], 1), (["initialize"], 1), (["initialize", "shutdown"], 0)])
def test_breaking_off_without_a_word_is_no_good_end(said: list[str], status: int) -> None:
    with started() as found:
        for number, method in enumerate(said):
            found.ask(number, method, START if method == "initialize" else None)
        ended = found.process.communicate(timeout=300)[1].decode()
        assert (found.process.returncode, ended) == (status, "")


def test_what_is_told_of_no_file_is_passed_over() -> None:
    with client() as found:
        for uri in ("file:///tmp/%00x.toml", "http://[bad", "", "untitled:1"):
            found.send(method="textDocument/didOpen", params={"textDocument": {"uri": uri, **OPEN}})
        found.send(method="textDocument/didOpen", params={"x": 1})
        changed = {"textDocument": {"uri": "file:///never.toml", "version": 1}, "contentChanges": [{"text": "a"}]}
        found.send(method="textDocument/didChange", params=changed)
        found.send(method="textDocument/didClose", params={"textDocument": {"uri": "file:///never.toml"}})


ASKED = ["completion", "hover", "definition", "references", "documentSymbol", "codeAction"]


def test_a_spec_that_is_typed_letter_by_letter() -> None:
    """Nothing fails, nothing is said to nobody, and what is asked meanwhile is answered before one can wait for it."""
    assert least(typing, 0.1, lateness) < 0.1


def typing() -> float:
    """Seconds from a letter that is typed to the answer of a question."""
    document, took = FILE["textDocument"], list[float]()
    with client() as found:
        found.send(method="textDocument/didOpen", params={"textDocument": {**document, **OPEN, "text": ""}})
        for number, letter in enumerate(SPEC):
            ahead = SPEC[:number]
            place = {"line": ahead.count("\n"), "character": number - ahead.rfind("\n") - 1}
            change = {"range": {"start": place, "end": place}, "text": letter}
            params = {"textDocument": {**document, "version": number + 2}, "contentChanges": [change]}
            found.send(method="textDocument/didChange", params=params)
            method, before = ASKED[number % len(ASKED)], time.monotonic()
            context = {"triggerKind": 1, "diagnostics": [], "includeDeclaration": True}
            asked = {**FILE, "position": place, "range": change["range"], "context": context}
            assert "result" in found.ask(number + 100, f"textDocument/{method}", asked)
            took.append(time.monotonic() - before)
        symbols = found.ask(97, "textDocument/documentSymbol", FILE)["result"]
    assert [each["name"] for each in symbols] == ["params", "inputs", "model", "residual", "outputs"]
    return sorted(took)[len(took) // 2]


def test_leaving_does_not_wait_for_a_check() -> None:
    with client() as found:
        document = {"uri": "file:///tmp/long.toml", **OPEN, "text": LONG}
        found.send(method="textDocument/didOpen", params={"textDocument": document})
        time.sleep(0.5)


def test_what_is_slow_keeps_nothing_else_waiting() -> None:
    aside, end = Aside(), Event()
    slow = aside.submit(end.wait)
    assert aside.submit(lambda: "told").result(timeout=300) == "told"
    assert not slow.done()
    end.set()
    assert slow.result(timeout=300)
