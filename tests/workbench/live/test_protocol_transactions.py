"""Transactions, cursors, timeouts and cancellation on the replacement are those of asyncpg."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.workbench.live.protocol_peers import Both, Place, _both, _peer  # noqa: F401


async def transactions(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute("create table t (n int primary key)")
    seen: list[Any] = [connection.is_in_transaction()]
    async with connection.transaction():
        seen.append(connection.is_in_transaction())
        await connection.execute("insert into t values (1)")
        savepoint = connection.transaction()
        await savepoint.start()
        await connection.execute("insert into t values (2)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("insert into t values (1)")
        await savepoint.rollback()
        await connection.execute("insert into t values (3)")
    seen.append(await connection.fetch("select n from t order by n"))
    failed = connection.transaction()
    await failed.start()
    with pytest.raises(asyncpg.DivisionByZeroError):
        await connection.execute("select 1/0")
    try:
        await connection.fetch("select 1")
    except asyncpg.PostgresError as raised:
        seen.append(f"{type(raised).__name__}: {raised}")
    seen.append(connection.is_in_transaction())
    await failed.rollback()
    seen.append(connection.is_in_transaction())
    async with connection.transaction(isolation="serializable", readonly=True, deferrable=True):
        seen.append(await connection.fetchval("show transaction_isolation"))
    await connection.close()
    return seen


async def test_transactions_and_savepoints_commit_and_roll_back(both: Both) -> None:
    seen = await both(transactions)
    assert seen[:2] == [False, True]
    assert seen[2] == [(1,), (3,)]
    assert seen[3].startswith("InFailedSQLTransactionError")


async def many(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute("create table t (n int primary key, word text)")
    count = "select count(*) from t"
    rows = [(n, "x" * 100) for n in range(3000)]
    seen: list[Any] = [await connection.executemany("insert into t values ($1, $2)", [])]
    seen.append(await connection.executemany("insert into t values ($1, $2)", rows))
    seen.append(await connection.fetchval(count))
    seen.append(await connection.fetchmany("select $1::int * 2", [(1,), (2,)]))
    await connection.execute("truncate t")
    for last in ((0, "twice"), (1, 5), None):
        try:
            await connection.executemany("insert into t values ($1, $2)", [*rows, last])
        except Exception as raised:
            seen.append([type(raised).__name__, str(raised)])
        seen.append(await connection.fetchval(count))
    # What came before a wrong argument is sent in portions, and a transaction keeps it.
    prepared = await connection.prepare("insert into t values ($1, $2)", name="insert")
    async with connection.transaction():
        with pytest.raises(asyncpg.DataError):
            await prepared.executemany([*rows, (1, 5)])
        seen.append(await connection.fetchval(count))
    await connection.close()
    return seen


async def test_executemany_is_all_or_nothing_outside_of_a_transaction(both: Both) -> None:
    seen = await both(many)
    assert seen[:4] == [None, None, 3000, [(2,), (4,)]]
    assert seen[4][0] == "UniqueViolationError"
    assert [seen[at] for at in (5, 7, 9)] == [0, 0, 0]
    assert 0 < seen[10] < 3000


async def cursors(place: Place) -> list[Any]:
    connection = await place.connect()
    seen: list[Any] = []
    numbers = "select * from generate_series(1, $1::int) n"
    try:
        await connection.cursor("select 1")
    except Exception as raised:
        seen.append(f"{type(raised).__name__}: {raised}")
    async with connection.transaction():
        seen.append([row["n"] async for row in connection.cursor(numbers, 7, prefetch=3)])
        cursor = await connection.cursor(numbers, 9)
        seen += [await cursor.fetchrow(), await cursor.fetch(3), await cursor.forward(2)]
        seen += [await cursor.fetch(9), await cursor.fetch(1), await cursor.fetchrow()]
        other = await (await connection.prepare(numbers)).cursor(2)
        seen += [await other.fetch(5), repr(other).split(" 0x")[0]]
        seen.append(await connection.fetchval("select count(*) from pg_cursors"))
    try:
        await cursor.fetch(1)
    except Exception as raised:
        seen.append(f"{type(raised).__name__}: {raised}")
    await connection.close()
    return seen


async def test_cursors_read_in_portions_inside_of_a_transaction(both: Both) -> None:
    seen = await both(cursors)
    assert seen[0].startswith("NoActiveSQLTransactionError")
    assert seen[1] == [1, 2, 3, 4, 5, 6, 7]
    assert seen[2:5] == [(1,), [(2,), (3,), (4,)], 2]


SLEEP = "select pg_sleep(0.4)"


async def late(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute("create table t (n int)")
    insert = "insert into t select 1 from pg_sleep(0.4)"
    prepared = await connection.prepare(insert)
    impatient = await place.connect(command_timeout=0.1)
    seen: list[Any] = []
    for operation in (
        lambda: connection.fetch(SLEEP, timeout=0.1),
        lambda: connection.execute(SLEEP, timeout=0.1),
        lambda: connection.fetch(insert, timeout=0.1),
        lambda: connection.executemany(f"{insert} where $1", [(True,)], timeout=0.1),
        lambda: prepared.fetch(timeout=0.1),
        lambda: asyncio.wait_for(connection.fetch(SLEEP), 0.1),
        lambda: impatient.fetch(insert),
        lambda: connection.fetch("select 1", timeout=0),
        lambda: connection.fetch("select 1", timeout="soon"),
        lambda: connection.fetch("select 1", timeout=True),
        lambda: connection.fetch("select 1 / 0", timeout=5),
        lambda: connection.fetch("select generate_series(1, 3)", timeout=5),
        lambda: connection.executemany("insert into t values ($1)", [(2,), (3,)], timeout=5),
        lambda: connection.execute("insert into t values (4)", timeout=5),
    ):
        try:
            seen.append(await operation())
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised}")
    seen.append(await connection.fetch("select n from t order by n"))
    await connection.close()
    await impatient.close()
    return seen


async def test_what_takes_too_long_is_undone(both: Both) -> None:
    seen = await both(late)
    assert seen[:7] == ["TimeoutError: "] * 7
    assert seen[-1] == [(2,), (3,), (4,)]


async def late_in_a_transaction(place: Place) -> list[Any]:
    connection = await place.connect()
    seen: list[Any] = []
    for slow in (
        lambda: connection.fetch(SLEEP, timeout=0.1),
        lambda: connection.execute(SLEEP, timeout=0.1),
        lambda: asyncio.wait_for(connection.fetch(SLEEP), 0.1),
    ):
        transaction = connection.transaction()
        await transaction.start()
        with pytest.raises(TimeoutError):
            await slow()
        seen.append(connection.is_in_transaction())
        try:
            await connection.fetch("select 1")
        except asyncpg.PostgresError as raised:
            seen.append(type(raised).__name__)
        await transaction.rollback()
    seen.append(await connection.fetchval("select 'and it goes on'"))
    await connection.close()
    return seen


async def test_what_takes_too_long_fails_its_transaction(both: Both) -> None:
    seen = await both(late_in_a_transaction)
    assert seen == [True, "InFailedSQLTransactionError"] * 3 + ["and it goes on"]


async def cancelled(place: Place) -> list[Any]:
    connection = await place.connect()
    seen: list[Any] = []
    running = asyncio.ensure_future(connection.execute("select pg_sleep(0.3)"))
    await asyncio.sleep(0)
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        seen.append("cancelled")
    seen.append(await connection.fetchval("select 1"))
    await connection.close()
    return seen


async def test_a_cancelled_statement_leaves_the_connection_usable(both: Both) -> None:
    assert await both(cancelled) == ["cancelled", 1]
