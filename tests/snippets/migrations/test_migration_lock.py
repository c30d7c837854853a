"""One at a time, and free again whatever happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import await_only

from snippets.migrations.migration_lock import TRY, migration_lock
from workbench.lesson import record

LOCKS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE locktype = 'advisory' AND datname = current_database()"
)


def hold(connection: Connection, /, **options: Any) -> tuple[int, int | None]:
    with migration_lock(connection, **options) as attempt:
        held = connection.scalar(LOCKS)
        connection.rollback()
        return attempt, held


async def locks(engine: AsyncEngine) -> int | None:
    async with engine.connect() as connection:
        found: int | None = await connection.scalar(LOCKS)
        return found


async def take(connection: AsyncConnection, key: int) -> None:
    assert await connection.scalar(TRY, {"key": key})
    await connection.commit()


async def test_the_lock_is_held_in_the_block_and_free_after_it(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as connection:
        with record(empty_engine) as sent:
            assert await connection.run_sync(hold) == (1, 1)
        assert len(sent) == 2 + 1
        assert not connection.in_transaction()
    assert await locks(empty_engine) == 0


async def test_it_waits_without_a_transaction_until_the_other_is_done(
    empty_engine: AsyncEngine,
) -> None:
    pauses: list[float] = []
    async with empty_engine.connect() as other, empty_engine.connect() as connection:
        await take(other, 7)

        def release(seconds: float) -> None:
            assert not connection.in_transaction()
            pauses.append(seconds)
            if len(pauses) == 2:
                await_only(other.execute(text("SELECT pg_advisory_unlock(7)")))

        pause = timedelta(seconds=0.5)
        assert await connection.run_sync(hold, key=7, pause=pause, sleep=release) == (3, 1)
    assert pauses == [0.5, 0.5]


async def test_it_gives_up_after_the_last_attempt(empty_engine: AsyncEngine) -> None:
    pauses: list[float] = []
    async with empty_engine.connect() as other, empty_engine.connect() as connection:
        await take(other, 7)
        with pytest.raises(TimeoutError, match="after 3 attempts"):
            await connection.run_sync(hold, key=7, attempts=3, sleep=pauses.append)
    assert len(pauses) == 2


async def test_another_key_does_not_wait(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as other, empty_engine.connect() as connection:
        await take(other, 7)
        assert await connection.run_sync(hold, key=8) == (1, 2)


async def test_an_error_in_the_block_frees_the_lock(empty_engine: AsyncEngine) -> None:
    def fail(connection: Connection) -> None:
        with migration_lock(connection):
            connection.execute(text("SELECT 1 / 0"))

    async with empty_engine.connect() as connection:
        with pytest.raises(DBAPIError, match="division by zero"):
            await connection.run_sync(fail)
        assert await locks(empty_engine) == 0


async def test_what_the_block_left_open_is_rolled_back(empty_engine: AsyncEngine) -> None:
    def leave(connection: Connection) -> None:
        with migration_lock(connection):
            connection.execute(text("CREATE TABLE t ()"))

    async with empty_engine.connect() as connection:
        await connection.run_sync(leave)
        assert await connection.scalar(text("SELECT to_regclass('t')")) is None


async def test_a_transaction_is_refused(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        with pytest.raises(InvalidRequestError, match="before the transaction"):
            await connection.run_sync(hold)


@pytest.mark.parametrize("options", [{"attempts": 0}, {"pause": timedelta()}], ids=str)
async def test_no_attempt_and_no_pause_are_refused(
    empty_engine: AsyncEngine, options: dict[str, Any]
) -> None:
    async with empty_engine.connect() as connection:
        with pytest.raises(ValueError, match="attempts are 1 or more"):
            await connection.run_sync(hold, **options)
