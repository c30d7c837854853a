"""A server of one application, and the transport of the client that reaches it.

Requests run as tasks of their own, in the context that the server was started in, as they would
behind a socket: the client's context variables do not reach them.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable
from contextvars import copy_context
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import httpx

from tab.exchange import Application, Cut, Exchange, Headers, Incomplete, Message
from tab.lifespan import Lifespan

HOST: Final = "127.0.0.1"
NAMES: Final = {HOST, "localhost"}
NOBODY: Final = (
    "Nobody listens at {}: a page reaches the applications that it serves, and no network."
)
_ports = itertools.count(49152)


class Server(httpx.AsyncBaseTransport):
    """Serves ``app`` at ``url`` to the client whose transport it is."""

    def __init__(self, app: Application) -> None:
        self.lifespan = Lifespan(app)
        self.port = next(_ports)
        self.url = f"http://{HOST}:{self.port}"
        self._app = app
        self._context = copy_context()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[_Connection] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Let the application answer; return when it has sent status and headers."""
        if request.url.host not in NAMES or request.url.port != self.port:
            raise httpx.ConnectError(NOBODY.format(request.url), request=request)
        exchange = Exchange(self._scope(request))
        task = asyncio.get_running_loop().create_task(
            exchange.run(self._app), context=self._context.copy()
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        connection = _Connection(request, exchange, self._open)
        try:
            await connection.send_body()
            status, headers = await connection.head()
        except BaseException:
            await connection.aclose()
            raise
        return httpx.Response(
            status,
            headers=headers,
            stream=connection,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": _phrase(status)},
        )

    async def aclose(self) -> None:
        """Take the client away from all requests under way."""
        for connection in list(self._open):
            connection.cut()

    async def finish(self, grace: float) -> None:
        """Wait for the requests under way, then cancel those that are left and wait for them."""
        if running := set(self._tasks):
            _, late = await asyncio.wait(running, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _scope(self, request: httpx.Request) -> Message:
        path, _, query = request.url.raw_path.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": (HOST, self.port),
            "client": (HOST, next(_ports)),
            "scheme": "http",
            "method": request.method,
            "root_path": "",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "state": self.lifespan.state.copy(),
        }


class _Connection(httpx.AsyncByteStream):
    """The client's end of one exchange, and the body of its response."""

    def __init__(
        self, request: httpx.Request, exchange: Exchange, others: set[_Connection]
    ) -> None:
        self._request = request
        self._exchange = exchange
        self._others = others
        others.add(self)

    async def send_body(self) -> None:
        assert isinstance(self._request.stream, httpx.AsyncByteStream)
        async for data in self._request.stream:
            self._exchange.feed(data, more=True)
        self._exchange.feed(b"", more=False)

    async def head(self) -> tuple[int, Headers]:
        return await self._read(self._exchange.head())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (data := await self._read(self._exchange.part())) is not None:
            yield data

    async def _read[T](self, wanted: Awaitable[T]) -> T:
        """Return what is ``wanted`` of the exchange. Raises what httpx raises for a socket."""
        patience = self._request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(patience):
                return await wanted
        except TimeoutError:
            raise httpx.ReadTimeout("", request=self._request) from None
        except Cut:
            raise httpx.ReadError("", request=self._request) from None
        except Incomplete as error:
            raise httpx.RemoteProtocolError(str(error), request=self._request) from None

    async def aclose(self) -> None:
        self._others.discard(self)
        self._exchange.disconnect()

    def cut(self) -> None:
        """Close it under a client that still reads."""
        self._others.discard(self)
        self._exchange.cut()


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
