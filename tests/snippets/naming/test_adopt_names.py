"""Statements that rename the constraints of a database to the names of its metadata."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from snippets.models.base import Base
from snippets.naming.adopt_names import adopt_names

NAMED: dict[str, Any] = {"naming_convention": Base.metadata.naming_convention}


def tables(schema: str | None = None, **options: Any) -> MetaData:
    metadata = MetaData(schema=schema, **options)
    prefix = f"{schema}." if schema else ""
    Table(
        "place",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("row", Integer, key="line"),
        Column("chair", Integer),
        UniqueConstraint("line", "chair"),
    )
    Table(
        "The Ticket",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("place_id", ForeignKey(f"{prefix}place.id"), unique=True),
        Column("row", Integer),
        Column("chair", Integer),
        ForeignKeyConstraint(["row", "chair"], [f"{prefix}place.line", f"{prefix}place.chair"]),
    )
    return metadata


async def run(connection: AsyncConnection, statements: list[str]) -> None:
    for statement in statements:
        await connection.exec_driver_sql(statement)


def names(connection: Any, schema: str | None) -> set[str | None]:
    inspector = inspect(connection)
    found: set[str | None] = set()
    for table in inspector.get_table_names(schema):
        found.add(inspector.get_pk_constraint(table, schema)["name"])
        found |= {each["name"] for each in inspector.get_unique_constraints(table, schema)}
        found |= {each["name"] for each in inspector.get_foreign_keys(table, schema)}
    return found


@pytest.mark.parametrize("schema", [None, "Box Office"])
async def test_every_constraint_takes_the_name_of_the_metadata(
    empty_engine: AsyncEngine, schema: str | None
) -> None:
    named = tables(schema, **NAMED)
    async with empty_engine.begin() as connection:
        if schema:
            await connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
        await connection.run_sync(tables(schema).create_all)
        statements = await connection.run_sync(adopt_names, named)
        assert len(statements) == 6
        await run(connection, statements)
        assert await connection.run_sync(names, schema) == {
            each.name for table in named.tables.values() for each in table.constraints
        }
        assert await connection.run_sync(adopt_names, named) == []


async def test_autogenerate_has_nothing_left_to_do(empty_engine: AsyncEngine) -> None:
    named = tables(**NAMED)

    def changes(connection: Any) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), named))

    async with empty_engine.begin() as connection:
        await connection.run_sync(tables().create_all)
        assert len(await connection.run_sync(changes)) == 4
        await run(connection, await connection.run_sync(adopt_names, named))
        assert await connection.run_sync(changes) == []


async def test_reading_changes_nothing(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        await connection.run_sync(tables().create_all)
        before = await connection.run_sync(names, None)
        await connection.run_sync(adopt_names, tables(**NAMED))
        assert await connection.run_sync(names, None) == before


async def test_a_composed_name_that_was_shortened_is_the_wanted_one(
    empty_engine: AsyncEngine,
) -> None:
    def long(**options: Any) -> MetaData:
        metadata = MetaData(**options)
        Table("t", metadata, Column("c" * 60, Integer, unique=True))
        return metadata

    async with empty_engine.begin() as connection:
        await connection.run_sync(long(**NAMED).create_all)
        assert await connection.run_sync(adopt_names, long(**NAMED)) == []


async def test_constraints_that_the_metadata_has_not_are_refused_by_name(
    empty_engine: AsyncEngine,
) -> None:
    async with empty_engine.begin() as connection:
        await connection.run_sync(tables().create_all)
        await connection.exec_driver_sql("ALTER TABLE place ADD CONSTRAINT extra UNIQUE (chair)")
        await connection.exec_driver_sql("ALTER TABLE place ADD CHECK (chair > 0)")
        with pytest.raises(ValueError, match="place_chair_check on place, extra on place"):
            await connection.run_sync(adopt_names, tables(**NAMED))


async def test_a_check_is_recognized_by_its_name(empty_engine: AsyncEngine) -> None:
    named = tables(**NAMED)
    named.tables["place"].append_constraint(CheckConstraint("chair > 0", name="chair_positive"))
    async with empty_engine.begin() as connection:
        await connection.run_sync(named.create_all)
        assert await connection.run_sync(adopt_names, named) == []


async def test_metadata_without_names_is_refused(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        await connection.run_sync(tables().create_all)
        with pytest.raises(ValueError, match="no name: "):
            await connection.run_sync(adopt_names, tables())


async def test_a_missing_table_is_refused(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as connection:
        assert await connection.scalar(text("SELECT to_regclass('place')")) is None
        with pytest.raises(NoSuchTableError):
            await connection.run_sync(adopt_names, tables(**NAMED))
