"""Foreign keys without an index are found, whatever the index in question looks like."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from snippets.indexes.unindexed_foreign_keys import (
    UnindexedForeignKey,
    unindexed_foreign_keys,
)
from workbench.lesson import record

TABLES = """
CREATE TABLE parent (a int, b int, code text UNIQUE, PRIMARY KEY (a, b), UNIQUE (b));
CREATE TABLE child (id int PRIMARY KEY, a int, b int, code text, note text);
"""
ONE_COLUMN = "FOREIGN KEY (b) REFERENCES parent (b)"
TWO_COLUMNS = "FOREIGN KEY (a, b) REFERENCES parent"
TEXT = "FOREIGN KEY (code) REFERENCES parent (code)"


async def run(connection: AsyncConnection, script: str) -> None:
    for statement in script.split(";"):
        if statement.strip():
            await connection.execute(text(statement))


async def found(engine: AsyncEngine, script: str) -> list[tuple[str, tuple[str, ...]]]:
    async with engine.connect() as connection:
        await run(connection, script)
        return [(key.table, key.columns) for key in await unindexed_foreign_keys(connection)]


async def test_the_example_domain_has_none(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        assert await unindexed_foreign_keys(session) == []


async def test_a_foreign_key_is_described_with_its_remedy(empty_engine: AsyncEngine) -> None:
    script = f"{TABLES} ALTER TABLE child ADD CONSTRAINT of_parent {TWO_COLUMNS}"
    async with empty_engine.begin() as connection:
        await run(connection, script)
        await connection.execute(text("INSERT INTO child VALUES (1), (2)"))
        key = UnindexedForeignKey(
            table="child",
            columns=("a", "b"),
            constraint="of_parent",
            parent="parent",
            rows=None,
            remedy="CREATE INDEX CONCURRENTLY ON child (a, b)",
        )
        assert await unindexed_foreign_keys(connection) == [key]
    async with empty_engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text("ANALYZE"))
        (counted,) = await unindexed_foreign_keys(outside)
        assert counted.rows == 2
        await outside.execute(text(counted.remedy))
        assert await unindexed_foreign_keys(outside) == []


@pytest.mark.parametrize(
    ("foreign_key", "index"),
    [
        (ONE_COLUMN, "INDEX ON child (b)"),
        (ONE_COLUMN, "INDEX ON child (b DESC)"),
        (ONE_COLUMN, "INDEX ON child (b, a)"),
        (ONE_COLUMN, "INDEX ON child (b, lower(note))"),
        (ONE_COLUMN, "INDEX ON child (b) INCLUDE (a)"),
        (ONE_COLUMN, "INDEX ON child USING hash (b)"),
        (ONE_COLUMN, "INDEX ON child (b) WHERE b IS NOT NULL"),
        (ONE_COLUMN, "UNIQUE INDEX ON child (b)"),
        (TWO_COLUMNS, "INDEX ON child (a, b)"),
        (TWO_COLUMNS, "INDEX ON child (b, a)"),
        (TWO_COLUMNS, "INDEX ON child (b, a, id)"),
        (TWO_COLUMNS, "INDEX ON child (b, a) WHERE a IS NOT NULL"),
        (TWO_COLUMNS, "UNIQUE INDEX ON child (b)"),
        (TEXT, "INDEX ON child (code)"),
        (TEXT, "INDEX ON child (code text_pattern_ops)"),
    ],
)
async def test_an_index_that_serves_is_recognised(
    empty_engine: AsyncEngine, foreign_key: str, index: str
) -> None:
    alter = f"{TABLES} ALTER TABLE child ADD {foreign_key}"
    assert len(await found(empty_engine, alter)) == 1
    assert await found(empty_engine, f"{alter}; CREATE {index}") == []
    assert await rows_read(empty_engine, f"{alter}; CREATE {index}") == 0


@pytest.mark.parametrize(
    ("foreign_key", "index"),
    [
        (ONE_COLUMN, "INDEX ON child (note, b)"),
        (ONE_COLUMN, "INDEX ON child (note) INCLUDE (b)"),
        (ONE_COLUMN, "UNIQUE INDEX ON child (id) INCLUDE (b)"),
        (ONE_COLUMN, "INDEX ON child (b) WHERE note IS NULL"),
        (ONE_COLUMN, "INDEX ON child (b) WHERE a IS NOT NULL"),
        (ONE_COLUMN, "INDEX ON child ((b + 0))"),
        (TWO_COLUMNS, "INDEX ON child (note, a, b)"),
        (TEXT, "INDEX ON child (lower(code))"),
        (TEXT, 'INDEX ON child (code COLLATE "POSIX")'),
    ],
)
async def test_an_index_that_does_not_serve_is_not_taken_for_one(
    empty_engine: AsyncEngine, foreign_key: str, index: str
) -> None:
    script = f"{TABLES} ALTER TABLE child ADD {foreign_key}; CREATE {index}"
    assert len(await found(empty_engine, script)) == 1
    assert await rows_read(empty_engine, script) == 1_000


@pytest.mark.parametrize(
    "index",
    [
        "INDEX ON child (a)",
        "INDEX ON child (a, id, b)",
        "INDEX ON child (a, a)",
        "INDEX ON child (a) INCLUDE (b)",
    ],
)
async def test_half_of_a_key_is_reported(empty_engine: AsyncEngine, index: str) -> None:
    script = f"{TABLES} ALTER TABLE child ADD {TWO_COLUMNS}; CREATE {index}"
    assert await found(empty_engine, script) == [("child", ("a", "b"))]


@pytest.mark.parametrize("method", ["brin", "gist"])
async def test_only_btree_and_hash_count(empty_engine: AsyncEngine, method: str) -> None:
    if method == "gist":
        columns = "CREATE EXTENSION btree_gist; CREATE INDEX ON child USING gist (b)"
    else:
        columns = "CREATE INDEX ON child USING brin (b)"
    script = f"{TABLES} ALTER TABLE child ADD {ONE_COLUMN}; {columns}"
    assert await found(empty_engine, script) == [("child", ("b",))]


async def test_an_invalid_index_does_not_serve(empty_engine: AsyncEngine) -> None:
    outside = empty_engine.execution_options(isolation_level="AUTOCOMMIT")
    async with outside.connect() as connection:
        await run(connection, f"{TABLES} ALTER TABLE child ADD {ONE_COLUMN}")
        await run(connection, "INSERT INTO parent VALUES (1, 1)")
        await run(connection, "INSERT INTO child VALUES (1, 1, 1), (2, 1, 1)")
        with pytest.raises(IntegrityError):
            await run(connection, "CREATE UNIQUE INDEX CONCURRENTLY broken ON child (b)")
        assert len(await unindexed_foreign_keys(connection)) == 1
        await run(connection, "DELETE FROM child WHERE id = 2; REINDEX INDEX broken")
        assert await unindexed_foreign_keys(connection) == []


async def test_two_constraints_on_the_same_columns_count_once(empty_engine: AsyncEngine) -> None:
    twice = f"{TABLES} ALTER TABLE child ADD {ONE_COLUMN}, ADD CONSTRAINT again {ONE_COLUMN}"
    assert await found(empty_engine, twice) == [("child", ("b",))]


async def test_partitions_are_judged_one_by_one(empty_engine: AsyncEngine) -> None:
    script = """
        CREATE TABLE parent (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE parent_low PARTITION OF parent FOR VALUES FROM (0) TO (9);
        CREATE TABLE parent_high PARTITION OF parent FOR VALUES FROM (9) TO (99);
        CREATE TABLE child (day int, parent_id int REFERENCES parent) PARTITION BY LIST (day);
        CREATE TABLE monday PARTITION OF child FOR VALUES IN (1);
        CREATE TABLE tuesday PARTITION OF child FOR VALUES IN (2);
    """
    both = [("monday", ("parent_id",)), ("tuesday", ("parent_id",))]
    assert await found(empty_engine, script) == both
    one = "CREATE INDEX ON monday (parent_id)"
    assert await found(empty_engine, f"{script} {one}") == both[1:]
    assert await found(empty_engine, f"{script} CREATE INDEX ON child (parent_id)") == []


async def test_names_are_quoted_and_schemas_honoured(empty_engine: AsyncEngine) -> None:
    script = """
        CREATE SCHEMA "Stock";
        CREATE TABLE "Stock"."Item" (id int PRIMARY KEY);
        CREATE TABLE "Stock"."Order" (id int PRIMARY KEY, "Item" int REFERENCES "Stock"."Item")
    """
    async with empty_engine.connect() as connection:
        await run(connection, script)
        (key,) = await unindexed_foreign_keys(connection)
        assert (key.table, key.columns) == ('"Stock"."Order"', ("Item",))
        assert key.remedy == 'CREATE INDEX CONCURRENTLY ON "Stock"."Order" ("Item")'
        await run(connection, 'CREATE INDEX ON "Stock"."Order" ("Item") WHERE "Item" IS NOT NULL')
        assert await unindexed_foreign_keys(connection) == []


async def test_temporary_tables_are_left_out(empty_engine: AsyncEngine) -> None:
    script = """
        CREATE TEMPORARY TABLE parent (id int PRIMARY KEY);
        CREATE TEMPORARY TABLE child (parent_id int REFERENCES parent);
    """
    assert await found(empty_engine, script) == []


async def test_keys_that_are_not_enforced_are_left_out(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as connection:
        version = await connection.scalar(text("SELECT current_setting('server_version_num')"))
    if int(version) < 180000:
        pytest.skip("NOT ENFORCED came with PostgreSQL 18")
    script = f"{TABLES} ALTER TABLE child ADD {ONE_COLUMN} NOT ENFORCED"
    assert await found(empty_engine, script) == []


async def test_it_costs_one_statement(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        with record(engine) as sent:
            await unindexed_foreign_keys(session)
    assert sent.verbs() == ["SELECT"]


async def rows_read(engine: AsyncEngine, script: str) -> int:
    """Return how many rows of ``child`` a DELETE in ``parent`` reads: PostgreSQL's own verdict."""
    counter = text("SELECT pg_stat_get_xact_tuples_returned('child'::regclass)")
    rows = """
        INSERT INTO parent SELECT n, n, n FROM generate_series(1, 1001) AS n;
        INSERT INTO child SELECT n, n, n, n, n FROM generate_series(1, 1000) AS n;
        ANALYZE
    """
    async with engine.connect() as connection:
        await run(connection, f"{script}; {rows}")
        before = await connection.scalar(counter)
        await run(connection, "DELETE FROM parent WHERE b = 1001")
        return int(await connection.scalar(counter)) - int(before)
