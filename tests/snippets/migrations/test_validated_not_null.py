"""No row is read under the lock that stops everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from snippets.migrations.validated_not_null import validated_not_null

READ = text("SELECT sum(seq_tup_read)::int FROM pg_stat_xact_user_tables")
STRONG = text(
    "SELECT bool_or(mode = 'AccessExclusiveLock') FROM pg_locks"
    " WHERE pid = pg_backend_pid() AND relation = 'task'::regclass"
)


@pytest.fixture
async def connection(empty_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with empty_engine.connect() as connection:
        await connection.execute(
            text("CREATE TABLE task AS SELECT 1 AS n FROM generate_series(1, 9)")
        )
        await connection.commit()
        yield connection


async def nullable(connection: AsyncConnection, table: str = "task", column: str = "n") -> bool:
    query = (
        "SELECT NOT attnotnull FROM pg_attribute"
        " WHERE attrelid = CAST(CAST(:table AS text) AS regclass) AND attname = :column"
    )
    return bool(await connection.scalar(text(query), {"table": table, "column": column}))


async def test_only_the_validation_reads_and_under_a_weak_lock(
    connection: AsyncConnection,
) -> None:
    seen = []
    for statement in validated_not_null("task", "n"):
        before = await connection.scalar(READ)
        await connection.execute(text(statement))
        seen.append((await connection.scalar(READ) - before, await connection.scalar(STRONG)))
        await connection.commit()
    assert seen == [(0, True), (9, False), (0, True), (0, True)]
    assert not await nullable(connection)


async def test_the_check_is_gone_at_the_end(connection: AsyncConnection) -> None:
    for statement in validated_not_null("task", "n"):
        await connection.execute(text(statement))
    checks = text(
        "SELECT count(*) FROM pg_constraint WHERE conrelid='task'::regclass AND contype='c'"
    )
    assert await connection.scalar(checks) == 0


async def test_new_rows_are_refused_from_the_first_statement_on(
    connection: AsyncConnection,
) -> None:
    await connection.execute(text(validated_not_null("task", "n")[0]))
    with pytest.raises(IntegrityError, match="task_n_not_null_check"):
        await connection.execute(text("INSERT INTO task VALUES (NULL)"))


async def test_a_null_that_is_left_refuses_the_validation(connection: AsyncConnection) -> None:
    await connection.execute(text("INSERT INTO task VALUES (NULL)"))
    add, validate, *_ = validated_not_null("task", "n")
    await connection.execute(text(add))
    with pytest.raises(IntegrityError, match="is violated by some row"):
        await connection.execute(text(validate))


async def test_names_are_quoted_and_schemas_honoured(connection: AsyncConnection) -> None:
    await connection.execute(text('CREATE SCHEMA "Stock"'))
    await connection.execute(text('CREATE TABLE "Stock"."Order" ("The N" int)'))
    for statement in validated_not_null("Order", "The N", schema="Stock"):
        await connection.execute(text(statement))
    assert not await nullable(connection, '"Stock"."Order"', "The N")


@pytest.mark.parametrize(
    ("table", "column", "schema"), [("", "n", None), ("task", "", None), ("task", "n", "")]
)
def test_an_empty_name_is_refused(table: str, column: str, schema: str | None) -> None:
    with pytest.raises(ValueError, match="need names"):
        validated_not_null(table, column, schema=schema)


def test_a_name_that_postgresql_would_cut_is_refused() -> None:
    assert validated_not_null("t" * 46, "n")[0]
    with pytest.raises(ValueError, match="would cut"):
        validated_not_null("t" * 47, "n")
