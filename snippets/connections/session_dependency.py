"""A session for each request of a FastAPI application, committed before the response is sent.

Buys: an answer of 2xx means that PostgreSQL has committed; any error rolls back first.
Needs: FastAPI 0.121.1 or later, and ``database_state`` in the application's lifespan. Declare
parameters as ``RequestSession`` or ``Sessions``; tests override ``get_session``.
Limits: a session holds its connection from its first statement to the end of the endpoint: for
a slow call, a stream, a WebSocket, a background task or a retry take ``Sessions`` and open a
short ``sessions.begin()`` there. A response that is returned commits whatever its status is:
raise to roll back. The error of a statement that the endpoint catches without a savepoint leaves
nothing to commit, and COMMIT does not say so; in a ``sessions.begin()`` of your own that holds
for a flush as well. Where a client has gone, its request commits.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypedDict

from fastapi import Depends
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

_OPEN = "snippets.session_dependency"


class DatabaseState(TypedDict):
    """What the lifespan gives to every request as ``request.state``."""

    sessions: async_sessionmaker[AsyncSession]


@asynccontextmanager
async def database_state(
    engine: AsyncEngine, *, sync_session_class: type[Session] = Session
) -> AsyncIterator[DatabaseState]:
    """Yield the state for a lifespan to yield in turn; dispose of ``engine`` at the end.

    Its sessions keep their objects readable after a commit, and cannot be used after they were
    closed. Sends nothing.
    """
    try:
        yield {
            "sessions": async_sessionmaker(
                engine,
                sync_session_class=sync_session_class,
                expire_on_commit=False,
                close_resets_only=False,
            )
        }
    finally:
        await engine.dispose()


async def get_sessions(connection: HTTPConnection) -> async_sessionmaker[AsyncSession]:
    """Return the application's session maker; raise RuntimeError where the lifespan gave none."""
    sessions: async_sessionmaker[AsyncSession] | None = getattr(connection.state, "sessions", None)
    if sessions is None:
        raise RuntimeError("no session maker: yield database_state(engine) from the lifespan")
    return sessions


Sessions = Annotated[async_sessionmaker[AsyncSession], Depends(get_sessions)]


async def get_session(
    connection: HTTPConnection, sessions: Sessions
) -> AsyncIterator[AsyncSession]:
    """Yield the request's session; commit when the endpoint returns, roll back when it raises.

    Adds BEGIN and COMMIT or ROLLBACK to the statements of the endpoint, and nothing where it
    sends none. Raises RuntimeError for a second session in one request, which FastAPI makes
    where the dependency is declared with two scopes; InvalidRequestError where the endpoint
    ended the transaction itself; PendingRollbackError where it suppressed a failed flush.
    """
    if connection.scope.get(_OPEN):
        raise RuntimeError("two sessions in one request: declare each as RequestSession")
    connection.scope[_OPEN] = True
    async with sessions() as session, session.begin():
        yield session
        await session.commit()  # raises after a failed flush; leaving the block does not


RequestSession = Annotated[AsyncSession, Depends(get_session, scope="function")]
