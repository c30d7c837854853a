"""A valid index or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from snippets.migrations.concurrent_index import create_index_concurrently
from workbench.lesson import record

TITLE = ("ix_task_title", "task", ["title"])


@pytest.fixture
async def connection(empty_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    autocommit = empty_engine.execution_options(isolation_level="AUTOCOMMIT")
    async with autocommit.connect() as connection:
        await connection.execute(text("CREATE TABLE task (id int, title text)"))
        await connection.execute(text("INSERT INTO task VALUES (1, 'Dig'), (2, 'Dig')"))
        yield connection


async def indexes(connection: AsyncConnection) -> dict[str, bool]:
    query = (
        "SELECT indexrelid::regclass::text AS name, indisvalid FROM pg_index"
        " WHERE indrelid = 'task'::regclass"
    )
    return {row.name: row.indisvalid for row in await connection.execute(text(query))}


async def leave_an_invalid_index(connection: AsyncConnection) -> None:
    with pytest.raises(IntegrityError):
        await connection.execute(
            text("CREATE UNIQUE INDEX CONCURRENTLY ix_task_title ON task (title)")
        )
    assert await indexes(connection) == {"ix_task_title": False}


async def test_it_creates_the_index_in_five_statements(
    connection: AsyncConnection, empty_engine: AsyncEngine
) -> None:
    with record(empty_engine) as sent:
        assert await connection.run_sync(create_index_concurrently, *TITLE)
    assert sent.verbs() == ["SHOW", "SET", "SELECT", "CREATE", "SET"]
    assert "CONCURRENTLY" in sent[3].sql
    assert await indexes(connection) == {"ix_task_title": True}


async def test_a_valid_index_is_left(
    connection: AsyncConnection, empty_engine: AsyncEngine
) -> None:
    await connection.run_sync(create_index_concurrently, *TITLE)
    with record(empty_engine) as sent:
        assert not await connection.run_sync(create_index_concurrently, *TITLE)
    assert "CREATE" not in sent.verbs()


async def test_an_invalid_index_is_dropped_and_made_again(connection: AsyncConnection) -> None:
    await leave_an_invalid_index(connection)
    assert await connection.run_sync(create_index_concurrently, *TITLE)
    assert await indexes(connection) == {"ix_task_title": True}


async def test_a_failure_leaves_no_index(connection: AsyncConnection) -> None:
    with pytest.raises(IntegrityError, match="could not create unique index"):
        await connection.run_sync(lambda sync: create_index_concurrently(sync, *TITLE, unique=True))
    assert await indexes(connection) == {}


async def test_an_index_that_stood_before_survives_another_failure(
    connection: AsyncConnection,
) -> None:
    await connection.run_sync(create_index_concurrently, *TITLE)
    with pytest.raises(DBAPIError, match="does not exist"):
        await connection.run_sync(create_index_concurrently, "ix_task_no", "task", ["no"])
    assert await indexes(connection) == {"ix_task_title": True}


async def test_the_lock_timeout_is_off_meanwhile_and_restored(
    connection: AsyncConnection, empty_engine: AsyncEngine
) -> None:
    await connection.execute(text("SET lock_timeout = '7s'"))
    with record(empty_engine) as sent:
        await connection.run_sync(create_index_concurrently, *TITLE)
    assert [statement.sql for statement in sent if statement.verb == "SET"] == [
        "SET lock_timeout = 0",
        "SET lock_timeout = '7s'",
    ]
    assert await connection.scalar(text("SHOW lock_timeout")) == "7s"


async def test_options_schemas_and_odd_names_are_honoured(connection: AsyncConnection) -> None:
    await connection.execute(text('CREATE SCHEMA "Stock"'))
    await connection.execute(text('CREATE TABLE "Stock"."Order" ("The N" int)'))
    options: dict[str, Any] = {"schema": "Stock", "postgresql_where": text('"The N" > 0')}
    for created in (True, False):
        assert created is await connection.run_sync(
            lambda sync: create_index_concurrently(sync, "The Ix", "Order", ["The N"], **options)
        )
    definition = await connection.scalar(
        text("""SELECT pg_get_indexdef('"Stock"."The Ix"'::regclass)""")
    )
    assert 'ON "Stock"."Order" USING btree ("The N") WHERE ("The N" > 0)' in str(definition)


async def test_a_transaction_is_refused(
    connection: AsyncConnection, empty_engine: AsyncEngine
) -> None:
    async with empty_engine.begin() as transaction:
        with pytest.raises(InvalidRequestError, match="autocommit_block"):
            await transaction.run_sync(create_index_concurrently, *TITLE)


@pytest.mark.parametrize(("name", "columns"), [("", ["title"]), ("ix", [])])
async def test_an_index_without_a_name_or_column_is_refused(
    connection: AsyncConnection, name: str, columns: list[str]
) -> None:
    with pytest.raises(ValueError, match="needs a name and a column"):
        await connection.run_sync(create_index_concurrently, name, "task", columns)
