"""How many statements each request sends, by its route.

Buys: a figure in every response and in a test, so that a loop over a relationship, a repository
or a dependency shows on the day it is written; what streams and background tasks send as well.
Needs: FastAPI or another ASGI application, with the engine that it uses.
Limits: BEGIN, COMMIT and ROLLBACK are round trips too and are not counted, nor are the driver's
own statements. A task that a request starts is counted with it for as long as the request runs.
The header is sent with the response's start: it knows what was sent until then. The prefix of
``include_router`` comes from a key that FastAPI, from 0.137 on, does not document.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Scope]]
type Send = Callable[[Scope], Awaitable[None]]
type Report = Callable[[str, str, int], None]


class StatementCount:
    """ASGI middleware: ``app.add_middleware(StatementCount, engine=engine)``.

    Adds the response header ``x-statements``; calls ``report`` with method, route template and
    count when a request has ended, with whatever it sent after its response. Sends nothing.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        *,
        engine: AsyncEngine,
        report: Report = lambda method, route, count: None,
    ) -> None:
        self.app, self.report = app, report
        self._counts: ContextVar[list[int]] = ContextVar("statements")
        event.listen(engine.sync_engine, "before_cursor_execute", self._count)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        token = self._counts.set(counts := [0])

        async def send_with_count(message: Scope) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"x-statements", b"%d" % counts[0])]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self.app(scope, receive, send_with_count)
        finally:
            self._counts.reset(token)
            found = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
            route: str = getattr(found, "path", None) or scope["path"]
            self.report(scope["method"], route, counts[0])

    def _count(self, *_: Any) -> None:
        if counts := self._counts.get(None):
            counts[0] += 1
