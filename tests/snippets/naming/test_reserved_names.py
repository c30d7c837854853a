"""Names that unquoted SQL does not reach, found by asking the server."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.domain import Base
from snippets.naming.reserved_names import reserved_names
from workbench.lesson import record


def table(name: str, *columns: str, schema: str | None = None) -> MetaData:
    metadata = MetaData()
    Table(name, metadata, *(Column(column, Integer) for column in columns), schema=schema)
    return metadata


async def found(engine: AsyncEngine, metadata: MetaData) -> list[str]:
    async with engine.connect() as connection:
        return await reserved_names(connection, metadata)


async def test_a_reserved_table_and_its_reserved_columns_are_named(
    empty_engine: AsyncEngine,
) -> None:
    assert await found(empty_engine, table("user", "id", "order", "left")) == [
        "table user: reserved",
        "column user.order: reserved",
        "column user.left: reserved",
    ]


async def test_the_example_domain_needs_no_quotes_and_one_statement(
    empty_engine: AsyncEngine,
) -> None:
    with record(empty_engine) as sent:
        assert await found(empty_engine, Base.metadata) == []
    assert len(sent) == 1


async def test_words_that_only_functions_or_nothing_reserves_are_allowed(
    empty_engine: AsyncEngine,
) -> None:
    assert await found(empty_engine, table("position", "values", "name", "level", "über")) == []


@pytest.mark.parametrize("name", ["TaskBoard", "task board", "task-board", "2nd", "ÜBER", 'a"b'])
async def test_a_name_that_has_to_be_quoted_is_found(empty_engine: AsyncEngine, name: str) -> None:
    assert await found(empty_engine, table(name)) == [f"table {name}: needs quotes"]
    assert await found(empty_engine, table("t", name)) == [f"column t.{name}: needs quotes"]


async def test_length_is_counted_in_bytes(empty_engine: AsyncEngine) -> None:
    assert await found(empty_engine, table("t", "ü" * 31 + "a")) == []
    (line,) = await found(empty_engine, table("t", "ü" * 32))
    assert line.endswith("longer than 63 bytes")


async def test_a_reserved_schema_is_found_once(empty_engine: AsyncEngine) -> None:
    metadata = table("a", "id", schema="user")
    Table("b", metadata, schema="user")
    assert await found(empty_engine, metadata) == ["schema user: reserved"]


async def test_the_server_refuses_each_word_that_is_found(empty_engine: AsyncEngine) -> None:
    words = text("SELECT word FROM pg_get_keywords()")
    async with empty_engine.connect() as connection:
        keywords = sorted(await connection.scalars(words))
        lines = await reserved_names(connection, table("t", *keywords))
        refused = []
        for word in keywords:
            try:
                async with connection.begin_nested():
                    await connection.exec_driver_sql(f"CREATE TEMP TABLE t ({word} int)")
                    await connection.exec_driver_sql("DROP TABLE t")
            except DBAPIError:
                refused.append(f"column t.{word}: reserved")
    assert lines == refused


async def test_metadata_without_tables_is_refused(empty_engine: AsyncEngine) -> None:
    with pytest.raises(ValueError, match="import the models first"):
        await found(empty_engine, MetaData())
