"""The protocol below the server, against clients that keep to it badly.

A question that makes no sense is answered so, and what is told of no file that is open is passed over; neither is a
fault of the server. Messages of more than 64 MiB are not read: no spec has as much.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, TypeVar
from urllib.parse import unquote

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol
from pygls.uris import to_fs_path

_LARGEST = 64 << 20
_LENGTH = re.compile(rb"Content-Length: (\d+)\r\n")
_LONGEST_LINE = 1 << 16
# As many checks may be slow at once before others wait.
_THREADS = 4
# What is told of a file that has to be open.
_OF_OPEN = (lsp.TEXT_DOCUMENT_DID_CHANGE, lsp.TEXT_DOCUMENT_DID_CLOSE)

Result = TypeVar("Result")


class Protocol(LanguageServerProtocol):
    """pygls's protocol, and answers to what it would report as a fault of its own."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as an object; None for one that is no message of the protocol, which is answered at once."""
        try:
            return super().structure_message(data)
        except JsonRpcException:
            if "id" in data and "method" in data:
                self._refuse(data["id"])
            return None

    def handle_message(self, message: Any) -> None:
        """Deal with a message, if it is one that makes sense."""
        if not hasattr(message, "jsonrpc"):
            return
        if self._makes_sense(message):
            super().handle_message(message)
        elif hasattr(message, "id"):
            self._refuse(message.id)

    def _makes_sense(self, message: Any) -> bool:
        document = getattr(getattr(message, "params", None), "text_document", None)
        if document is None:
            return True
        if message.method in _OF_OPEN and self._workspace is not None:
            return unquote(document.uri) in self._workspace.text_documents  # which are known so
        try:
            to_fs_path(document.uri)
        except ValueError:
            return False
        return True

    def _refuse(self, number: Any) -> None:
        self._send_response(number, None, JsonRpcInvalidParams().to_response_error())


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of pygls's log is not about a message that was answered as one that makes no sense."""
    return not str(record.msg).startswith("Unable to deserialize message")


logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_news)


class Messages:
    """What a client sends, without the heads of messages that are too long to be any."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readline(self) -> bytes:
        """The next line of a head, an empty one in the place of a length beyond all; nothing at the end."""
        line = self._stream.readline(_LONGEST_LINE)
        found = _LENGTH.fullmatch(line)
        too_long = found is not None and (len(found[1]) > len(str(_LARGEST)) or int(found[1]) > _LARGEST)
        return b"\r\n" if too_long else line

    def read(self, size: int) -> bytes:
        """A message of ``size`` bytes."""
        return self._stream.read(size)


class Aside(Executor):
    """A few threads for what takes long: one slow thing keeps no other waiting, and none the end of the process."""

    def __init__(self) -> None:
        self._waiting = SimpleQueue[tuple[Future[Any], Callable[[], Any]]]()
        for _ in range(_THREADS):
            Thread(target=self._work, name="check", daemon=True).start()

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Have ``fn`` called when its turn comes, unless what is given back is cancelled before."""
        future = Future[Result]()
        self._waiting.put((future, partial(fn, *args, **kwargs)))
        return future

    def _work(self) -> None:
        while True:
            future, call = self._waiting.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # whoever waits for it is told
                future.set_exception(error)
