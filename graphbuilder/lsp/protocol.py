"""The protocol below the server, against clients that keep to it badly.

A question that makes no sense, or comes before `initialize` or behind `shutdown`, is answered so; what is told then, or
of no file that is open, is passed over. None of it is a fault of the server. Messages of more than 64 MiB are not read:
no spec has as much.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import unquote

from lsprotocol import types as lsp
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method
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

    @property
    def status(self) -> int:
        """What the process ends with: 1 where an editor leaves, or breaks off, without `shutdown`."""
        return 0 if self._shutdown else 1

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> Generator[Any]:
        """Leave a change to the server; pygls would end lines where Python does, and TOML and editors do not."""
        taken = cast("dict[str, Any]", self.fm.features)[lsp.TEXT_DOCUMENT_DID_CHANGE]  # pyright: ignore[reportUnknownMemberType]
        yield taken, (params,), None

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as an object; None for one that is no message of the protocol, which is answered at once."""
        try:
            return super().structure_message(data)
        except JsonRpcException:
            if "id" in data and "method" in data:
                self._refuse(data["id"], self._untimely(data["method"]) or self._malformed(str(data["method"])))
            return None

    def handle_message(self, message: Any) -> None:
        """Deal with a message, if it is one that makes sense, in its time."""
        if not hasattr(message, "jsonrpc"):
            return
        method = getattr(message, "method", None)
        fault = self._untimely(method) or self._senseless(message)
        if fault is None:
            super().handle_message(message)
        elif hasattr(message, "id"):
            self._refuse(message.id, fault)

    def _untimely(self, method: object) -> JsonRpcException | None:
        """What is wrong with the time of a message, if anything is; an answer has no method."""
        if method in (None, lsp.EXIT):
            return None
        if self._shutdown:
            return JsonRpcInvalidRequest("the server is shut down")
        if self._workspace is None:
            return None if method == lsp.INITIALIZE else JsonRpcServerNotInitialized("`initialize` comes first")
        return JsonRpcInvalidRequest("the server is initialized already") if method == lsp.INITIALIZE else None

    def _senseless(self, message: Any) -> JsonRpcException | None:
        """What is wrong with the file that a message is about, if anything is."""
        document = getattr(getattr(message, "params", None), "text_document", None)
        if document is None:
            return None
        if message.method in _OF_OPEN and self._workspace is not None:
            is_open = unquote(document.uri) in self._workspace.text_documents  # which are known so
            return None if is_open else JsonRpcInvalidParams()
        try:
            to_fs_path(document.uri)
        except ValueError:
            return JsonRpcInvalidParams()
        return None

    def _malformed(self, method: str) -> JsonRpcException:
        """What is wrong with a question that has not the form of its method."""
        return JsonRpcInvalidParams() if self.get_message_type(method) else JsonRpcMethodNotFound.of(method)

    def _refuse(self, number: Any, fault: JsonRpcException) -> None:
        self._send_response(number, None, fault.to_response_error())


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of pygls's log is not about a message that was answered as one that makes no sense."""
    return not str(record.msg).startswith("Unable to deserialize message")


logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_news)
# Some editors keep all that is said here as errors: what they cancelled too late, or told that nobody here listens to.
logging.getLogger("pygls").setLevel(logging.ERROR)


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
