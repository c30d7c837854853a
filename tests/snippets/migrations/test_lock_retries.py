"""It gives up, lets others through, and tries again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import (
    DBAPIError,
    InvalidRequestError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util.concurrency import await_only

from snippets.migrations.lock_retries import with_lock_retries
from workbench.lesson import record

SHORT = {"lock_timeout": timedelta(milliseconds=20), "pause": timedelta(seconds=2)}
ADD = "ALTER TABLE item ADD COLUMN status text"


def alter(connection: Connection, /, **options: Any) -> int:
    return with_lock_retries(
        connection, lambda: connection.execute(text(ADD)), **{**SHORT, **options}
    )


@pytest.fixture
async def holder(empty_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that has read the table and stays open."""
    async with empty_engine.begin() as connection:
        await connection.execute(text("CREATE TABLE item (id int)"))
    async with empty_engine.connect() as connection:
        await connection.execute(text("SELECT FROM item"))
        yield connection


async def columns(engine: AsyncEngine) -> int | None:
    async with engine.connect() as connection:
        found: int | None = await connection.scalar(
            text("SELECT count(*) FROM pg_attribute WHERE attrelid='item'::regclass AND attnum > 0")
        )
        return found


async def test_it_tries_again_after_the_pause(
    empty_engine: AsyncEngine, holder: AsyncConnection
) -> None:
    pauses: list[float] = []

    def release(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            await_only(holder.rollback())

    async with empty_engine.begin() as connection:
        assert await connection.run_sync(alter, sleep=release) == 3
    assert await columns(empty_engine) == 2
    assert len(pauses) == 2
    assert all(1 <= seconds <= 3 for seconds in pauses)
    assert pauses[0] != pauses[1]


async def test_readers_go_on_in_the_pause(
    empty_engine: AsyncEngine, holder: AsyncConnection
) -> None:
    read: list[int | None] = []
    async with empty_engine.connect() as reader, empty_engine.begin() as connection:

        def sleep(_: float) -> None:
            assert reader.sync_connection is not None
            reader.sync_connection.execute(text("SET lock_timeout = '5s'"))
            read.append(reader.sync_connection.scalar(text("SELECT count(*) FROM item")))
            reader.sync_connection.rollback()

        with pytest.raises(DBAPIError, match="lock timeout"):
            await connection.run_sync(alter, sleep=sleep, attempts=2)
    assert read == [0]


async def test_the_last_attempt_raises_and_leaves_the_transaction_usable(
    empty_engine: AsyncEngine, holder: AsyncConnection
) -> None:
    pauses: list[float] = []
    async with empty_engine.begin() as connection:
        with pytest.raises(DBAPIError, match="lock timeout") as refused:
            await connection.run_sync(alter, sleep=pauses.append, attempts=3)
        assert await connection.scalar(text("SELECT 1")) == 1
        assert await connection.scalar(text("SHOW lock_timeout")) == "0"
    assert getattr(refused.value.orig, "sqlstate", None) == "55P03"
    assert len(pauses) == 2
    assert await columns(empty_engine) == 1


async def test_the_lock_of_a_failed_attempt_is_not_held_in_the_pause(
    empty_engine: AsyncEngine, holder: AsyncConnection
) -> None:
    """A change of two tables gets the first one, waits for the second, and frees both."""
    held: list[int | None] = []
    async with empty_engine.begin() as connection:
        await connection.execute(text("CREATE TABLE other (id int)"))
    async with empty_engine.connect() as observer, empty_engine.begin() as connection:

        def change(sync: Connection) -> int:
            def both() -> None:
                sync.execute(text("ALTER TABLE other ADD COLUMN status text"))
                sync.execute(text(ADD))

            def look(_: float) -> None:
                assert observer.sync_connection is not None
                query = "SELECT count(*) FROM pg_locks WHERE relation = 'other'::regclass"
                held.append(observer.sync_connection.scalar(text(query)))

            return with_lock_retries(sync, both, sleep=look, attempts=2, **SHORT)

        with pytest.raises(DBAPIError, match="lock timeout"):
            await connection.run_sync(change)
    assert held == [0]


async def test_the_timeout_before_is_restored(empty_engine: AsyncEngine) -> None:
    seen: list[str | None] = []
    show = text("SHOW lock_timeout")

    def look(sync: Connection) -> int:
        return with_lock_retries(sync, lambda: seen.append(sync.scalar(show)))

    async with empty_engine.begin() as connection:
        await connection.execute(text("SET LOCAL lock_timeout = '7s'"))
        assert await connection.run_sync(look) == 1
        assert seen == ["500ms"]
        assert await connection.scalar(show) == "7s"


async def test_an_attempt_costs_four_statements_more_and_one_fewer_where_it_fails(
    empty_engine: AsyncEngine, holder: AsyncConnection
) -> None:
    async with empty_engine.connect() as connection:
        with record(empty_engine) as sent:
            await connection.run_sync(alter, sleep=lambda _: await_only(holder.rollback()))
    assert sent.verbs() == [
        *("SELECT", "SHOW"),
        *("SAVEPOINT", "SELECT", "ALTER", "ROLLBACK"),
        *("SAVEPOINT", "SELECT", "ALTER", "SELECT", "RELEASE"),
    ]


@pytest.mark.parametrize("attribute", ["sqlstate", "pgcode"])
async def test_the_code_is_found_where_the_driver_keeps_it(
    empty_engine: AsyncEngine, attribute: str
) -> None:
    """asyncpg has both names, psycopg the first, psycopg2 the second."""
    refused = Exception("canceling statement due to lock timeout")
    setattr(refused, attribute, "55P03")
    changes = iter([OperationalError("ALTER TABLE item", {}, refused), None])

    def change() -> None:
        if error := next(changes):
            raise error

    def alter_twice(sync: Connection) -> int:
        return with_lock_retries(sync, change, sleep=lambda _: None)

    async with empty_engine.begin() as connection:
        assert await connection.run_sync(alter_twice) == 2


async def test_another_error_is_raised_at_once(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        with pytest.raises(ProgrammingError, match="does not exist"):
            await connection.run_sync(alter, sleep=lambda _: pytest.fail("a pause"))


@pytest.mark.parametrize(
    "before",
    ["CREATE TABLE t ()", "UPDATE item SET id = 1", "LOCK TABLE item IN SHARE MODE"],
)
async def test_a_transaction_that_others_may_wait_for_is_refused(
    empty_engine: AsyncEngine, holder: AsyncConnection, before: str
) -> None:
    async with empty_engine.begin() as connection:
        await connection.execute(text("INSERT INTO item VALUES (0)"))
    async with empty_engine.begin() as connection:
        await connection.execute(text(before))
        with pytest.raises(InvalidRequestError, match="prolong"):
            await connection.run_sync(alter)


async def test_autocommit_is_refused(empty_engine: AsyncEngine) -> None:
    autocommit = empty_engine.execution_options(isolation_level="AUTOCOMMIT")
    async with autocommit.connect() as connection:
        with pytest.raises(InvalidRequestError, match="AUTOCOMMIT has none"):
            await connection.run_sync(alter)


@pytest.mark.parametrize(
    "options",
    [{"lock_timeout": timedelta(microseconds=900)}, {"attempts": 0}, {"pause": timedelta()}],
    ids=str,
)
async def test_times_and_attempts_of_zero_are_refused(
    empty_engine: AsyncEngine, options: dict[str, Any]
) -> None:
    async with empty_engine.begin() as connection:
        with pytest.raises(ValueError, match="lock_timeout is 1 ms or more"):
            await connection.run_sync(alter, **options)
