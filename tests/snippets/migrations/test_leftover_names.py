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


@pytest.mark.parametrize(("old", "new"), [(["old"], ["a", "b"]), (["a", "b"], ["new"])])
def test_two_that_are_alike_are_refused(old: list[str], new: list[str]) -> None:
    left = [Drift("constraint", "task", name, "CHECK (n > 0)", None) for name in old]
    wanted = [Drift("constraint", "task", name, None, "CHECK (n > 0)") for name in new]
    with pytest.raises(ValueError, match="either could be meant"):
        leftover_names([*left, *wanted])


def test_a_column_that_went_and_one_that_came_are_no_rename() -> None:
    before = Drift("column", "task", "old", "integer NOT NULL", None)
    after = Drift("column", "task", "new", None, "integer NOT NULL")
    assert leftover_names([before, after]) == []


def test_an_object_that_the_database_has_by_its_name_takes_no_other() -> None:
    extra = Drift("constraint", "task", "old", "CHECK (n > 0)", None)
    changed = Drift("constraint", "task", "kept", "CHECK (n > 0)", "CHECK (n > 1)")
    assert leftover_names([extra, changed]) == []
