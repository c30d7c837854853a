"""Running a few statements on a server from synchronous code, whatever loop is running."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Protocol

import asyncpg
from sqlalchemy import URL

from workbench.postgres.address import connect_arguments
from workbench.postgres.failures import CONNECT_SECONDS, explain
from workbench.postgres.unavailable import ServerUnavailable


class Connection(Protocol):
    """The part of an asyncpg connection that administration needs."""

    async def execute(self, query: str, *arguments: object) -> str: ...
    async def fetch(self, query: str, *arguments: object) -> list[Any]: ...
    async def fetchval(self, query: str, *arguments: object) -> Any: ...
    def get_server_version(self) -> Any: ...


def administer[T](url: URL, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Connect to ``url``, await ``work`` with the connection, close it, return the result.

    Works inside a running event loop as well (an IPython kernel), because it runs in a
    short-lived thread with a loop of its own. Raises `ServerUnavailable` when the connection
    fails, and for an error of PostgreSQL that ``work`` does not handle.
    """
    answer: Future[T] = Future()
    cancel: list[Callable[[], object]] = []

    async def answered() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(_connect_and_do(url, work))
        cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
        try:
            answer.set_result(await task)
        except BaseException as error:  # handed to the caller's thread, which raises it
            answer.set_exception(error)

    # A daemon: a name service that hangs must not keep the caller waiting beyond the limit.
    thread = threading.Thread(target=lambda: asyncio.run(answered()), daemon=True)
    thread.start()
    try:
        return answer.result()
    except BaseException:
        if not answer.done() and thread.is_alive():
            for stop in cancel:
                stop()
        raise
    finally:
        thread.join(timeout=1)


async def _connect_and_do[T](url: URL, work: Callable[[Connection], Awaitable[T]]) -> T:
    failure = ""
    connection: Any = None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await asyncpg.connect(
                **connect_arguments(url), timeout=CONNECT_SECONDS, statement_cache_size=0
            )
    except Exception as error:
        failure = explain(error, url)
    # Raised outside the handlers, so that the driver's error is not even its context.
    if connection is None:
        raise ServerUnavailable(failure)
    try:
        return await work(connection)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        failure = explain(error, url)
    finally:
        await _close(connection)
    raise ServerUnavailable(failure)


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=CONNECT_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        connection.terminate()
