"""A unit of work runs again when its connection was lost, and only then."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from snippets.connections.retry import retry_on_disconnect
from workbench.lesson import record


def interrupted(
    engine: AsyncEngine, *, times: int, statement: str = "SELECT 1"
) -> tuple[list[int], Callable[[], Awaitable[int]]]:
    """Work that loses its connection in the first ``times`` runs, and the pids of all runs."""
    pids: list[int] = []

    async def work() -> int:
        async with async_sessionmaker(engine).begin() as session:
            pids.append((await session.execute(text("SELECT pg_backend_pid()"))).scalar_one())
            if len(pids) <= times:
                async with engine.connect() as other:
                    await other.execute(text(f"SELECT pg_terminate_backend({pids[-1]}, 5000)"))
            return int((await session.execute(text(statement))).scalar_one())

    return pids, work


async def test_the_work_runs_again_on_another_connection(empty_engine: AsyncEngine) -> None:
    pids, work = interrupted(empty_engine, times=1)
    assert await retry_on_disconnect(work) == 1
    assert len(set(pids)) == 2


async def test_nothing_more_is_sent_when_nothing_fails(empty_engine: AsyncEngine) -> None:
    _, work = interrupted(empty_engine, times=0)
    with record(empty_engine) as sent:
        await retry_on_disconnect(work)
    assert len(sent) == 2


async def test_the_last_attempt_raises(empty_engine: AsyncEngine) -> None:
    pids, work = interrupted(empty_engine, times=9)
    with pytest.raises(DBAPIError) as lost:
        await retry_on_disconnect(work, attempts=3)
    assert lost.value.connection_invalidated
    assert len(pids) == 3


async def test_a_connection_lost_at_commit_counts(empty_engine: AsyncEngine) -> None:
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        async with async_sessionmaker(empty_engine).begin() as session:
            connection = await session.connection()
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await session.execute(text("SELECT 1"))
            if runs == 1:
                driver.terminate()

    await retry_on_disconnect(work)
    assert runs == 2


async def test_another_error_is_raised_at_once(empty_engine: AsyncEngine) -> None:
    pids, work = interrupted(empty_engine, times=0, statement="SELECT 1 / 0")
    with pytest.raises(DBAPIError, match="division by zero"):
        await retry_on_disconnect(work)
    assert len(pids) == 1


@pytest.mark.parametrize("attempts", [1, 0, -1])
async def test_fewer_than_two_attempts_are_refused(attempts: int) -> None:
    async def work() -> None:
        raise AssertionError("must not run")

    with pytest.raises(ValueError, match="attempts"):
        await retry_on_disconnect(work, attempts=attempts)
