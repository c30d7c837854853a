"""Objects that a rename left under their old name get the name of the models."""

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.migrations.catalog_drift import Drift, catalog_drift
from snippets.migrations.leftover_names import leftover_names
from snippets.models.base import Base


def models(table: str, column: str) -> MetaData:
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    Table("parent", metadata, Column("id", Integer, primary_key=True, autoincrement=False))
    Table(
        table,
        metadata,
        Column("id", Integer, primary_key=True),
        Column(column, Integer, ForeignKey("parent.id"), unique=True),
        CheckConstraint("id > 0", name=f"{column}_positive"),
        Index(None, "id", column),
    )
    return metadata


async def drift(engine: AsyncEngine, metadata: MetaData) -> list[Drift]:
    async with engine.connect() as connection:
        return await connection.run_sync(catalog_drift, metadata)


@pytest.mark.parametrize(
    ("table", "column", "renames", "count"),
    [
        ("task", "To do", 'ALTER TABLE task RENAME old TO "To do"', 4),
        ("Task list", "old", 'ALTER TABLE task RENAME TO "Task list"', 6),
    ],
)
async def test_every_object_of_a_renamed_column_or_table_is_renamed(
    empty_engine: AsyncEngine, table: str, column: str, renames: str, count: int
) -> None:
    async with empty_engine.begin() as connection:
        await connection.run_sync(models("task", "old").create_all)
        await connection.execute(text(renames))
    wanted = models(table, column)
    statements = leftover_names(await drift(empty_engine, wanted))
    assert len(statements) == count
    async with empty_engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    assert await drift(empty_engine, wanted) == []


async def test_other_differences_are_left_out(empty_engine: AsyncEngine) -> None:
    old = MetaData()
    Table("task", old, Column("id", Integer, primary_key=True))
    async with empty_engine.begin() as connection:
        await connection.run_sync(old.create_all)
    new = MetaData()
    Table(
        "task",
        new,
        Column("id", Integer, primary_key=True),
        Column("n", Integer),
        UniqueConstraint("n", name="u"),
    )
    assert leftover_names(await drift(empty_engine, new)) == []
    assert leftover_names([]) == []


def test_a_definition_that_changed_is_no_rename() -> None:
    before = Drift("constraint", "task", "old", "CHECK (n > 0)", None)
    after = Drift("constraint", "task", "new", None, "CHECK (n > 1)")
    assert leftover_names([before, after]) == []


def test_the_same_definition_on_another_table_is_no_rename() -> None:
    before = Drift("constraint", "task", "old", "CHECK (n > 0)", None)
    after = Drift("constraint", "note", "new", None, "CHECK (n > 0)")
    assert leftover_names([before, after]) == []


def test_two_that_are_alike_are_refused() -> None:
    before = Drift("constraint", "task", "old", "CHECK (n > 0)", None)
    twins = [Drift("constraint", "task", name, None, "CHECK (n > 0)") for name in ("a", "b")]
    with pytest.raises(ValueError, match="either could be meant"):
        leftover_names([before, *twins])
