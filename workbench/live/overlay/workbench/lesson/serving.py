"""An ASGI application in the tab, with a client whose requests take no socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tab.exchange import Application, Message, Receive, Send

if TYPE_CHECKING:
    from httpx import AsyncClient

GRACE = 5.0  # seconds that requests under way have to finish when the block ends
PATIENCE = 10.0  # seconds that the client waits for a response


@asynccontextmanager
async def served(
    app: Application, *, failures: list[Exception] | None = None
) -> AsyncIterator[AsyncClient]:
    """Serve ``app`` in the tab; yield a client for it.

    The application's lifespan runs as in production, and so do its errors: the client gets a
    500, and what a server would have logged goes to ``failures``. When the block ends, requests
    under way may finish; when it raises, they are cancelled. Raises what the lifespan raises.
    """
    from httpx import AsyncClient  # noqa: PLC0415 - fetched by lessons that serve
    from tab.server import Server  # noqa: PLC0415

    caught: list[Exception] = [] if failures is None else failures
    server = Server(_watched(app, caught))
    await server.lifespan.startup()
    if server.lifespan.failed:
        raise (caught or [RuntimeError("the lifespan failed")])[-1]
    grace = 0.0
    try:
        async with AsyncClient(
            base_url=server.url, timeout=PATIENCE, trust_env=False, transport=server
        ) as client:
            yield client
        grace = GRACE
    finally:
        await server.finish(grace)
        known = len(caught)
        await server.lifespan.shutdown()
    if server.lifespan.failed:
        raise (caught[known:] or [RuntimeError("the lifespan failed")])[-1]


def _watched(app: Application, caught: list[Exception]) -> Application:
    async def watched(scope: Message, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:
            caught.append(error)
            raise

    return watched
