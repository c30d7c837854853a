"""Indexes without readers are found; what the counters cannot judge is left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from snippets.indexes.unread_indexes import UnreadIndex, unread_indexes
from workbench.lesson import record

TABLE = """
CREATE TABLE item (id int PRIMARY KEY, a int, b int UNIQUE, note int);
CREATE INDEX item_a ON item (a);
INSERT INTO item SELECT n, n, n FROM generate_series(1, 1000) AS n;
"""
READ = "SET enable_seqscan = off; SELECT * FROM item WHERE a = 1;"
SCAN = "SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT * FROM item;"


@pytest.fixture
async def connection(empty_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    outside = empty_engine.execution_options(isolation_level="AUTOCOMMIT")
    async with outside.connect() as connection:
        yield connection


async def run(connection: AsyncConnection, script: str) -> None:
    for statement in script.split(";"):
        if statement.strip():
            await connection.execute(text(statement))
    await connection.execute(text("SELECT pg_stat_force_next_flush()"))


async def names(connection: AsyncConnection, script: str, *, scans: int = 1) -> list[str]:
    await run(connection, script)
    return [found.index for found in await unread_indexes(connection, scans=scans)]


async def test_an_index_without_a_reader_is_described(connection: AsyncConnection) -> None:
    moved, heap_only = "SET a = 0 WHERE id = 1", "SET note = 0 WHERE id = 1000"
    await run(connection, f"{TABLE} UPDATE item {moved}; UPDATE item {heap_only}; {SCAN}")
    (found,) = await unread_indexes(connection, scans=1)
    assert (found.table, found.index) == ("item", "item_a")
    assert found.bytes == 40960
    assert found.entries == 1001
    assert found.table_scans >= 2
    assert isinstance(found, UnreadIndex)


async def test_one_read_takes_an_index_off_the_list(connection: AsyncConnection) -> None:
    assert await names(connection, TABLE + SCAN) == ["item_a"]
    assert await names(connection, "RESET ALL;" + READ) == []


async def test_the_largest_comes_first(connection: AsyncConnection) -> None:
    script = f"{TABLE} CREATE INDEX item_wide ON item ((repeat('x', 100) || a)); {SCAN}"
    assert await names(connection, script) == ["item_wide", "item_a"]


async def test_a_table_that_was_hardly_read_is_not_judged(connection: AsyncConnection) -> None:
    assert await names(connection, TABLE + SCAN, scans=1000) == []


@pytest.mark.parametrize(
    "kept",
    [
        "CREATE UNIQUE INDEX ON item (a, b)",
        "ALTER TABLE item ADD EXCLUDE USING btree (b WITH =)",
        (
            "ALTER TABLE item ALTER a SET NOT NULL; CREATE UNIQUE INDEX i ON item (a);"
            "ALTER TABLE item REPLICA IDENTITY USING INDEX i"
        ),
    ],
    ids=["unique", "exclusion", "replica-identity"],
)
async def test_an_index_that_guards_something_is_left_out(
    connection: AsyncConnection, kept: str
) -> None:
    assert await names(connection, f"{TABLE} DROP INDEX item_a; {kept}; {SCAN}") == []


async def test_an_index_of_a_partition_is_left_out(connection: AsyncConnection) -> None:
    script = """
        CREATE TABLE event (day int) PARTITION BY LIST (day);
        CREATE TABLE monday PARTITION OF event FOR VALUES IN (1);
        CREATE INDEX ON event (day);
        SELECT * FROM event;
    """
    assert await names(connection, script) == []


async def test_names_are_quoted(connection: AsyncConnection) -> None:
    script = """
        CREATE SCHEMA "Stock"; CREATE TABLE "Stock"."Order" (n int);
        CREATE INDEX "By n" ON "Stock"."Order" (n); SELECT * FROM "Stock"."Order";
    """
    assert await names(connection, script) == ['"Stock"."By n"']


async def test_it_costs_one_statement(
    empty_engine: AsyncEngine, connection: AsyncConnection
) -> None:
    with record(empty_engine) as sent:
        await unread_indexes(connection, scans=1)
    assert sent.verbs() == ["SELECT"]


@pytest.mark.parametrize("scans", [0, -1])
async def test_no_traffic_is_refused_as_a_measure(connection: AsyncConnection, scans: int) -> None:
    with pytest.raises(ValueError, match="scans is 1 or more"):
        await unread_indexes(connection, scans=scans)
