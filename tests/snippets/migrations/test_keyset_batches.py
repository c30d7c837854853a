"""Every row once, a batch to a transaction, and nothing that passes in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, InvalidRequestError, NoSuchTableError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from snippets.migrations.keyset_batches import Progress, update_in_batches
from workbench.lesson import record

ITEM = sa.table("item", sa.column("id"), sa.column("status"), sa.column("name"))
ALIAS: Any = ITEM.alias("i")
FILL = sa.update(ITEM).where(ITEM.c.status.is_(None)).values(status="active")


@pytest.fixture
async def connection(empty_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    autocommit = empty_engine.execution_options(isolation_level="AUTOCOMMIT")
    async with autocommit.connect() as connection:
        await connection.execute(
            sa.text("CREATE TABLE item (id int PRIMARY KEY, status text, name text)")
        )
        yield connection


async def fill(connection: AsyncConnection, count: int) -> None:
    await connection.execute(sa.text("TRUNCATE item"))
    await connection.execute(
        sa.text("INSERT INTO item SELECT n, NULL, 'n' || n FROM generate_series(1, :count) AS n"),
        {"count": count},
    )


async def by_transaction(connection: AsyncConnection) -> list[int]:
    counts = sa.text("SELECT count(*) FROM item GROUP BY xmin::text ORDER BY min(id)")
    return list(await connection.scalars(counts))


async def missing(connection: AsyncConnection) -> int:
    return await connection.scalar(sa.text("SELECT count(*) FROM item WHERE status IS NULL")) or 0


async def test_each_batch_is_a_transaction_of_its_own(connection: AsyncConnection) -> None:
    await fill(connection, 25)
    done = await connection.run_sync(update_in_batches, FILL, size=10)
    assert done == Progress(batches=3, changed=25, left=0)
    assert await by_transaction(connection) == [10, 10, 5]
    assert await missing(connection) == 0


async def test_a_batch_costs_two_statements(
    connection: AsyncConnection, empty_engine: AsyncEngine
) -> None:
    await fill(connection, 25)
    with record(empty_engine) as sent:
        await connection.run_sync(update_in_batches, FILL, size=10)
    assert len(sent) == 2 + 2 * 3 + 1
    with record(empty_engine) as sent:
        await connection.run_sync(update_in_batches, FILL, size=10)
    assert len(sent) == 2 + 1


async def test_a_search_starts_after_the_last_key(
    connection: AsyncConnection, empty_engine: AsyncEngine
) -> None:
    await fill(connection, 25)
    with record(empty_engine) as sent:
        await connection.run_sync(update_in_batches, FILL, size=10)
    searches = [statement for statement in sent if "ORDER BY item.id" in statement.sql]
    assert ["> ($" in statement.sql for statement in searches] == [False, True, True, True]
    assert [statement.parameter_sets[0][0] for statement in searches[1:]] == [10, 20, 25]


async def test_a_run_that_stopped_is_continued_by_running_it_again(
    connection: AsyncConnection,
) -> None:
    await fill(connection, 25)

    def stop(progress: Progress) -> None:
        if progress.batches == 2:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await connection.run_sync(update_in_batches, FILL, size=10, report=stop)
    assert await missing(connection) == 5
    done = await connection.run_sync(update_in_batches, FILL, size=10)
    assert done == Progress(batches=1, changed=5, left=0)
    assert await connection.run_sync(update_in_batches, FILL, size=10) == Progress()


async def test_it_reports_after_each_batch(connection: AsyncConnection) -> None:
    await fill(connection, 3)
    seen: list[Progress] = []
    await connection.run_sync(update_in_batches, FILL, size=2, report=seen.append)
    assert seen == [Progress(1, 2, 0), Progress(2, 3, 0)]


async def test_rows_that_stay_pending_are_counted_and_end_the_run(
    connection: AsyncConnection,
) -> None:
    await fill(connection, 5)
    change = FILL.values(status=sa.func.nullif(ITEM.c.name, "n3"))
    done = await connection.run_sync(update_in_batches, change, size=2)
    assert done == Progress(batches=3, changed=5, left=1)
    assert await missing(connection) == 1


async def test_rows_outside_of_the_condition_are_not_written(connection: AsyncConnection) -> None:
    await fill(connection, 10)
    await connection.execute(sa.text("UPDATE item SET status = 'kept' WHERE id % 2 = 0"))
    done = await connection.run_sync(update_in_batches, FILL, size=2)
    assert done.changed == 5
    kept = sa.text("SELECT count(*) FROM item WHERE status = 'kept'")
    assert await connection.scalar(kept) == 5


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)
@given(pending=st.lists(st.booleans(), max_size=12), size=st.integers(1, 13))
async def test_every_pending_row_is_changed_once(
    connection: AsyncConnection, pending: list[bool], size: int
) -> None:
    await fill(connection, len(pending))
    done_already = [{"n": n} for n, still in enumerate(pending, 1) if not still]
    if done_already:
        await connection.execute(
            sa.text("UPDATE item SET status = 'kept' WHERE id = :n"), done_already
        )
    done = await connection.run_sync(update_in_batches, FILL, size=size)
    assert done == Progress(-(-sum(pending) // size), sum(pending), 0)
    rows = await connection.scalars(sa.text("SELECT status FROM item ORDER BY id"))
    assert list(rows) == ["active" if still else "kept" for still in pending]


async def test_only_the_rows_of_one_batch_are_locked_while_it_waits(
    connection: AsyncConnection, empty_engine: AsyncEngine
) -> None:
    await fill(connection, 25)
    free = sa.text("SELECT count(*) FROM (SELECT FROM item FOR NO KEY UPDATE SKIP LOCKED) AS free")
    waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype='transactionid'")
    autocommit = empty_engine.execution_options(isolation_level="AUTOCOMMIT")
    async with empty_engine.connect() as holder, autocommit.connect() as observer:
        await holder.execute(sa.text("UPDATE item SET name = 'held' WHERE id = 20"))
        run = asyncio.create_task(connection.run_sync(update_in_batches, FILL, size=10))
        for _ in range(1000):
            if await observer.scalar(waits):
                break
            await asyncio.sleep(0.005)
        assert 25 - 1 - (await observer.scalar(free) or 0) <= 9
        await holder.commit()
        assert await run == Progress(batches=3, changed=25, left=0)
    assert await missing(connection) == 0


KEYS = [
    ("uuid", "md5(n::text)::uuid"),
    ("text", "md5(n::text)"),
    ("timestamptz", "timestamptz '2026-01-01 UTC' + n * interval '1 min'"),
    ("numeric", "n / 7.0"),
]


@pytest.mark.parametrize(("kind", "value"), KEYS, ids=[kind for kind, _ in KEYS])
async def test_keys_of_any_type_need_no_type_in_the_change(
    connection: AsyncConnection, kind: str, value: str
) -> None:
    await connection.execute(sa.text(f'CREATE TABLE "Odd" ("The Id" {kind} PRIMARY KEY, s text)'))
    await connection.execute(
        sa.text(f'INSERT INTO "Odd" SELECT {value} FROM generate_series(1, 7) n')
    )
    odd = sa.table("Odd", sa.column("The Id"), sa.column("s"))
    change = sa.update(odd).where(odd.c.s.is_(None)).values(s="x")
    assert await connection.run_sync(update_in_batches, change, size=3) == Progress(3, 7, 0)


async def test_a_key_of_two_columns_goes_in_its_own_order(connection: AsyncConnection) -> None:
    await connection.execute(sa.text("CREATE SCHEMA stock"))
    await connection.execute(
        sa.text("CREATE TABLE stock.place (a int, b int, s text, PRIMARY KEY (b, a))")
    )
    await connection.execute(
        sa.text("INSERT INTO stock.place SELECT n / 3, n % 3 FROM generate_series(0, 8) AS n")
    )
    place = sa.table("place", *map(sa.column, "abs"), schema="stock")
    change = sa.update(place).where(place.c.s.is_(None)).values(s="x")
    assert await connection.run_sync(update_in_batches, change, size=2) == Progress(5, 9, 0)
    sizes = sa.text(
        "SELECT count(*) FROM stock.place GROUP BY xmin::text ORDER BY min((b, a)::text)"
    )
    assert list(await connection.scalars(sizes)) == [2, 2, 2, 2, 1]


async def test_a_transaction_is_refused(
    connection: AsyncConnection, empty_engine: AsyncEngine
) -> None:
    async with empty_engine.begin() as transaction:
        with pytest.raises(InvalidRequestError, match="autocommit_block"):
            await transaction.run_sync(update_in_batches, FILL)


@pytest.mark.parametrize(
    ("change", "size", "message"),
    [
        (FILL, 0, "size of 1 or more"),
        (sa.update(ITEM).values(status="x"), 10, "a WHERE"),
        (sa.update(sa.table("item", sa.column("status"))).where(sa.true()), 1, "declared in"),
        (sa.update(sa.table("bare", sa.column("id"))).where(sa.true()), 1, "needs a primary key"),
        (sa.update(ALIAS).where(sa.true()), 1, "its own name"),
    ],
    ids=["size", "no condition", "no key declared", "no primary key", "an alias"],
)
async def test_bad_input_is_refused_before_a_row_is_changed(
    connection: AsyncConnection, change: Any, size: int, message: str
) -> None:
    await connection.execute(sa.text("CREATE TABLE bare (id int)"))
    with pytest.raises(ValueError, match=message):
        await connection.run_sync(update_in_batches, change, size=size)


async def test_an_unknown_table_is_refused(connection: AsyncConnection) -> None:
    change = sa.update(sa.table("nowhere", sa.column("id"))).where(sa.true())
    with pytest.raises(NoSuchTableError):
        await connection.run_sync(update_in_batches, change)


async def test_the_error_of_a_batch_keeps_the_batches_before_it(
    connection: AsyncConnection,
) -> None:
    await fill(connection, 25)
    await connection.execute(
        sa.text("ALTER TABLE item ADD CHECK (id <> 15 OR status IS NULL) NOT VALID")
    )
    with pytest.raises(DBAPIError, match="check constraint"):
        await connection.run_sync(update_in_batches, FILL, size=10)
    assert await missing(connection) == 15
