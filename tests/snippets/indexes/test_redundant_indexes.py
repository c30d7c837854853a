"""An index that another one covers is found; one that does more is left alone."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from snippets.indexes.redundant_indexes import RedundantIndex, redundant_indexes
from workbench.lesson import record

TABLE = "CREATE TABLE item (a int NOT NULL, b int, c int, t text)"


async def run(connection: AsyncConnection, *statements: str) -> None:
    for statement in statements:
        await connection.execute(text(statement))


async def found(engine: AsyncEngine, *statements: str) -> list[tuple[str, str]]:
    """Return the redundant indexes of a table with these indexes, and what covers each."""
    async with engine.connect() as connection:
        await run(connection, TABLE, *statements)
        return [(each.index, each.covered_by) for each in await redundant_indexes(connection)]


async def test_the_example_domain_has_none(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        assert await redundant_indexes(session) == []


async def test_a_redundant_index_is_described(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as connection:
        await run(connection, TABLE, "CREATE INDEX x ON item (a)", "CREATE INDEX y ON item (a, b)")
        expected = RedundantIndex(table="item", index="x", covered_by="y", bytes=8192)
        assert await redundant_indexes(connection) == [expected]
        await run(connection, "DROP INDEX x")
        assert await redundant_indexes(connection) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("INDEX x ON item (a)", "INDEX y ON item (a, b)"),
        ("INDEX x ON item (a DESC)", "INDEX y ON item (a DESC, b)"),
        ("INDEX x ON item (a)", "INDEX y ON item (a) INCLUDE (b)"),
        ("INDEX x ON item (a) INCLUDE (b)", "INDEX y ON item (a, b)"),
        ("INDEX x ON item (lower(t))", "INDEX y ON item (lower(t), a)"),
        ("INDEX x ON item (a) WHERE b > 0", "INDEX y ON item (a, c) WHERE b > 0"),
        ("INDEX x ON item (a)", "UNIQUE INDEX y ON item (a)"),
        ("UNIQUE INDEX x ON item (b)", "UNIQUE INDEX y ON item (b) NULLS NOT DISTINCT"),
    ],
)
async def test_the_lesser_one_is_named_whichever_is_older(
    empty_engine: AsyncEngine, first: str, second: str
) -> None:
    async with empty_engine.connect() as connection:
        await run(connection, TABLE)
        for order in ([first, second], [second, first]):
            await run(connection, *(f"CREATE {index}" for index in order))
            (one,) = await redundant_indexes(connection)
            assert (one.index, one.covered_by) == ("x", "y")
            await run(connection, "DROP INDEX x, y")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("INDEX x ON item (b)", "INDEX y ON item (a, b)"),
        ("INDEX x ON item (a DESC)", "INDEX y ON item (a, b)"),
        ("INDEX x ON item (a NULLS FIRST)", "INDEX y ON item (a, b)"),
        ("INDEX x ON item (t text_pattern_ops)", "INDEX y ON item (t, a)"),
        ('INDEX x ON item (t COLLATE "POSIX")', "INDEX y ON item (t, a)"),
        ("INDEX x ON item (lower(t))", "INDEX y ON item (t, a)"),
        ("INDEX x ON item (a) INCLUDE (c)", "INDEX y ON item (a, b)"),
        ("INDEX x ON item (a) WHERE b > 0", "INDEX y ON item (a, c)"),
        ("INDEX x ON item (a)", "INDEX y ON item (a, c) WHERE b > 0"),
        ("UNIQUE INDEX x ON item (a)", "UNIQUE INDEX y ON item (a, b)"),
        ("INDEX x ON item (a)", "INDEX y ON item USING hash (a)"),
        ("INDEX x ON item USING hash (a)", "INDEX y ON item USING hash (a)"),
    ],
)
async def test_an_index_that_does_more_is_left_alone(
    empty_engine: AsyncEngine, first: str, second: str
) -> None:
    assert await found(empty_engine, f"CREATE {first}", f"CREATE {second}") == []


async def test_the_older_of_equal_indexes_stays(empty_engine: AsyncEngine) -> None:
    equal = [f"CREATE INDEX {name} ON item (a)" for name in ("z", "y", "x")]
    assert [index for index, _ in await found(empty_engine, *equal)] == ["x", "y"]


async def test_the_index_of_a_constraint_stays_however_young(empty_engine: AsyncEngine) -> None:
    duplicates = ["CREATE INDEX x ON item (b)", "CREATE UNIQUE INDEX y ON item (b)"]
    constraint = "ALTER TABLE item ADD CONSTRAINT z UNIQUE (b)"
    assert await found(empty_engine, *duplicates, constraint) == [("x", "z"), ("y", "z")]


async def test_a_unique_index_stays_beside_a_deferrable_constraint(
    empty_engine: AsyncEngine,
) -> None:
    deferrable = "ALTER TABLE item ADD CONSTRAINT z UNIQUE (b) DEFERRABLE"
    assert await found(empty_engine, deferrable, "CREATE UNIQUE INDEX x ON item (b)") == []


async def test_an_index_that_a_foreign_key_refers_to_stays(empty_engine: AsyncEngine) -> None:
    assert await found(
        empty_engine,
        "CREATE UNIQUE INDEX z ON item (b)",
        "CREATE TABLE child (b int REFERENCES item (b))",
        "CREATE UNIQUE INDEX a_later_one ON item (b)",
    ) == [("a_later_one", "z")]


async def test_the_replica_identity_stays(empty_engine: AsyncEngine) -> None:
    assert await found(
        empty_engine,
        "CREATE UNIQUE INDEX x ON item (a)",
        "CREATE UNIQUE INDEX y ON item (a)",
        "ALTER TABLE item REPLICA IDENTITY USING INDEX y",
    ) == [("x", "y")]


async def test_indexes_of_partitions_are_left_out(empty_engine: AsyncEngine) -> None:
    assert (
        await found(
            empty_engine,
            "CREATE TABLE event (day int, n int) PARTITION BY LIST (day)",
            "CREATE TABLE monday PARTITION OF event FOR VALUES IN (1)",
            "CREATE INDEX ON event (day)",
            "CREATE INDEX ON event (day, n)",
        )
        == []
    )


async def test_an_invalid_index_covers_nothing(empty_engine: AsyncEngine) -> None:
    outside = empty_engine.execution_options(isolation_level="AUTOCOMMIT")
    async with outside.connect() as connection:
        await run(connection, TABLE, "INSERT INTO item VALUES (1, 1), (2, 1)")
        with pytest.raises(IntegrityError):
            await run(connection, "CREATE UNIQUE INDEX CONCURRENTLY broken ON item (b)")
        await run(connection, "CREATE INDEX x ON item (b)")
        assert await redundant_indexes(connection) == []
        await run(connection, "DELETE FROM item WHERE a = 2", "REINDEX INDEX broken")
        assert len(await redundant_indexes(connection)) == 1


async def test_names_are_quoted(empty_engine: AsyncEngine) -> None:
    assert await found(
        empty_engine,
        'CREATE SCHEMA "Stock"',
        'CREATE TABLE "Stock"."Order" (n int, m int)',
        'CREATE INDEX "By n" ON "Stock"."Order" (n)',
        'CREATE INDEX "By both" ON "Stock"."Order" (n, m)',
    ) == [('"Stock"."By n"', '"Stock"."By both"')]


async def test_it_costs_one_statement(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        with record(engine) as sent:
            await redundant_indexes(session)
    assert sent.verbs() == ["WITH"]
