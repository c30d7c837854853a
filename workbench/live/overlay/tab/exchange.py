"""One request and its response, as uvicorn hands them to an application.

The client reads each part as soon as the application has sent it, and has the whole response while
the application still works. The database answers without a pause, though: what an application
sends to it right after its response is done before the client goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Message, Receive, Send], Awaitable[None]]
type Headers = list[tuple[bytes, bytes]]

HIGH_WATER: Final = 65536  # bytes that an application may be ahead of its client
NO_BODY: Final = {204, 304}
INCOMPLETE: Final = "peer closed connection without sending complete message body ({})"


class Incomplete(Exception):
    """The server has closed the connection before the response was complete."""


class Cut(Exception):
    """The client has closed the connection while it was reading from it."""


class Exchange:
    """The application's side in `run`, the client's in the other public methods."""

    def __init__(self, scope: Message) -> None:
        self._scope = scope
        self._disconnected = False
        self._asked = bytearray()
        self._more_asked = True
        self._received = asyncio.Event()
        self._started = self._complete = self._closed = self._cut = False
        self._head: tuple[int, Headers] | None = None
        self._parts: deque[bytes] = deque()
        self._sent = 0
        self._announced: int | None = None
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()

    async def run(self, app: Application) -> None:
        """Run ``app`` to its end; where it fails before it has answered, answer 500."""
        try:
            await app(self._scope, self._receive, self._send)
        except BaseException:  # uvicorn's own: also when it is cancelled
            await self._break_off()
        else:
            if not self._complete and not self._disconnected:
                await self._break_off()

    def feed(self, data: bytes, *, more: bool) -> None:
        """Add to the body of the request."""
        self._asked += data
        self._more_asked = more
        self._received.set()

    async def head(self) -> tuple[int, Headers]:
        """Return status and headers when they have been sent. Raises Cut."""
        while self._head is None:
            await self._arrival()
        return self._head

    async def part(self) -> bytes | None:
        """Return what was sent of the body since the last call, or None at the end.

        Raises Incomplete and Cut.
        """
        while not self._parts:
            if self._complete:
                return None
            if self._closed:
                raise Incomplete(INCOMPLETE.format(self._missing()))
            await self._arrival()
        data = b"".join(self._parts)
        self._parts.clear()
        self._room.set()
        return data

    def disconnect(self) -> None:
        """Take the client away: it reads no more."""
        self._disconnected = self._disconnected or not self._complete
        self._received.set()
        self._room.set()

    def cut(self) -> None:
        """Take the client away while it reads."""
        self.disconnect()
        self._cut = True
        self._arrived.set()

    async def _arrival(self) -> None:
        self._arrived.clear()
        await self._arrived.wait()
        if self._cut:
            raise Cut

    async def _break_off(self) -> None:
        if self._started:
            self._close()
            return
        plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await self._send({"type": "http.response.start", "status": 500, "headers": plain})
        await self._send({"type": "http.response.body", "body": b"Internal Server Error"})

    def _close(self) -> None:
        self._closed = True
        self._arrived.set()

    def _missing(self) -> str:
        if self._announced is None:
            return "incomplete chunked read"
        return f"received {self._sent} bytes, expected {self._announced}"

    async def _receive(self) -> Message:
        if not self._disconnected and not self._complete:
            await self._received.wait()
            self._received.clear()
        if self._disconnected or self._complete:
            return {"type": "http.disconnect"}
        body = bytes(self._asked)
        self._asked.clear()
        return {"type": "http.request", "body": body, "more_body": self._more_asked}

    async def _send(self, message: Message) -> None:
        while self._ahead() and not self._disconnected:
            self._room.clear()
            await self._room.wait()
        if self._disconnected:
            return
        kind = message["type"]
        if self._complete:
            late = "sent, after response already completed."
            raise RuntimeError(f"Unexpected ASGI message '{kind}' {late}")
        wanted = "http.response.body" if self._started else "http.response.start"
        if kind != wanted:
            raise RuntimeError(f"Expected ASGI message '{wanted}', but got '{kind}'.")
        if self._started:
            self._add(message)
        else:
            self._start(message)
        self._arrived.set()

    def _start(self, message: Message) -> None:
        self._started = True
        status, headers = int(message["status"]), list(message.get("headers", ()))
        lengths = [int(value) for name, value in headers if name.lower() == b"content-length"]
        if lengths:
            self._announced = lengths[0]
        elif status not in NO_BODY:
            headers.append((b"Transfer-Encoding", b"chunked"))
        self._head = status, headers

    def _ahead(self) -> bool:
        return sum(map(len, self._parts)) > HIGH_WATER

    def _add(self, message: Message) -> None:
        body, last = message.get("body", b""), not message.get("more_body", False)
        if self._scope["method"] != "HEAD":
            self._check_length(self._sent + len(body), last=False)
            if body:
                self._parts.append(body)
                self._sent += len(body)
            self._check_length(self._sent, last=last)
        if last:
            self._complete = True
            self._received.set()

    def _check_length(self, sent: int, *, last: bool) -> None:
        if self._announced is None:
            return
        if sent > self._announced or (last and sent < self._announced):
            amount = "much" if sent > self._announced else "little"
            raise RuntimeError(f"Too {amount} data for declared Content-Length")
