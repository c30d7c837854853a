"""An ASGI application behind a real socket, in the lesson's own event loop.

Requests go through TCP, so that the order of response, commit and teardown is the one that a
client of a production server sees; a transport inside the process would change that order.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx import AsyncClient
    from uvicorn import Server

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Message, Receive, Send], Awaitable[None]]

GRACE = 5.0  # seconds that requests under way have to finish when the block ends
PATIENCE = 10.0  # seconds that the client waits for a response


@asynccontextmanager
async def served(
    app: Application, *, failures: list[Exception] | None = None
) -> AsyncIterator[AsyncClient]:
    """Serve ``app`` on a loopback port that the system chooses; yield a client for it.

    The application's lifespan runs as in production, and so do its errors: the client gets a
    500, and what the server would have logged goes to ``failures`` instead of the output. When
    the block ends, requests under way may finish; when it raises, they are cancelled. Raises
    what the lifespan raises.
    """
    import uvicorn  # only lessons that serve pay for it
    from httpx import AsyncClient

    caught: list[Exception] = [] if failures is None else failures
    config = uvicorn.Config(
        _watched(app, caught), http="h11", lifespan="on", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with ExitStack() as stack:
        stack.enter_context(_silenced("uvicorn.error"))
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config.load()
        server.lifespan = config.lifespan_class(config)
        try:
            await server.startup(sockets=[listener])
        except SystemExit:  # uvicorn's answer to a lifespan that failed
            raise (caught or [RuntimeError("the lifespan failed")])[-1] from None
        grace = 0.0
        try:
            async with AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as client:
                yield client
            grace = GRACE
        finally:
            await _finish(server.server_state.tasks, grace=grace)
            await _close(server)
            known = len(caught)
            await server.lifespan.shutdown()
        if server.lifespan.should_exit:
            raise (caught[known:] or [RuntimeError("the lifespan failed")])[-1]


def _watched(app: Application, caught: list[Exception]) -> Application:
    async def watched(scope: Message, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:
            caught.append(error)
            raise

    return watched


async def _finish(tasks: set[asyncio.Task[None]], *, grace: float) -> None:
    """Wait for the requests under way, then cancel those that are left and wait for them."""
    if running := set(tasks):
        _, late = await asyncio.wait(running, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)


async def _close(server: Server) -> None:
    """Close the listener and its connections, as ``server.shutdown()`` does after a sleep."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    async with asyncio.timeout(GRACE):
        for listening in server.servers:
            await listening.wait_closed()


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Keep the logger's records out of the output while the block runs."""
    logger = logging.getLogger(name)

    def drop(record: logging.LogRecord) -> bool:
        return False

    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)
