"""Two columns hold one value, whichever of them a release writes."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.migrations.synced_columns import synced_columns


async def sql(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def rows(engine: AsyncEngine) -> list[tuple[object, ...]]:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT old, new FROM task ORDER BY id"))
        return [tuple(row) for row in found]


@pytest.fixture
async def table(empty_engine: AsyncEngine) -> AsyncEngine:
    """One row from before the new column."""
    await sql(
        empty_engine,
        "CREATE TABLE task (id serial, old text NOT NULL, other int)",
        "INSERT INTO task (old) VALUES ('first')",
        "ALTER TABLE task ADD new text",
        *synced_columns("task", old="old", new="new"),
    )
    return empty_engine


async def test_both_releases_insert(table: AsyncEngine) -> None:
    await sql(table, "INSERT INTO task (old) VALUES ('a')", "INSERT INTO task (new) VALUES ('b')")
    assert (await rows(table))[1:] == [("a", "a"), ("b", "b")]


async def test_both_releases_update(table: AsyncEngine) -> None:
    await sql(table, "UPDATE task SET old = 'a'")
    assert await rows(table) == [("a", "a")]
    await sql(table, "UPDATE task SET new = 'b'")
    assert await rows(table) == [("b", "b")]


async def test_a_backfill_and_any_other_update_fill_the_new_column(table: AsyncEngine) -> None:
    await sql(table, "UPDATE task SET other = 1")
    assert await rows(table) == [("first", "first")]
    await sql(table, "UPDATE task SET new = old")
    assert await rows(table) == [("first", "first")]


async def test_the_new_column_wins_where_a_statement_sets_both(table: AsyncEngine) -> None:
    await sql(table, "INSERT INTO task (old, new) VALUES ('a', 'b')")
    await sql(table, "UPDATE task SET old = 'a', new = 'c' WHERE old = 'first'")
    assert await rows(table) == [("c", "c"), ("b", "b")]


async def test_null_is_a_value_too(table: AsyncEngine) -> None:
    await sql(table, "ALTER TABLE task ALTER old DROP NOT NULL", "UPDATE task SET new = old")
    await sql(table, "UPDATE task SET new = NULL")
    assert await rows(table) == [(None, None)]


async def test_running_it_again_changes_nothing(table: AsyncEngine) -> None:
    await sql(table, *synced_columns("task", old="old", new="new"))
    await sql(table, "DROP FUNCTION sync_task_new() CASCADE", "ALTER TABLE task DROP old")


async def test_names_are_quoted(empty_engine: AsyncEngine) -> None:
    await sql(
        empty_engine,
        'CREATE TABLE "Order" (id serial, "from" text, "New Name" text)',
        *synced_columns("Order", old="from", new="New Name"),
        """INSERT INTO "Order" ("from") VALUES ('a')""",
    )
    async with empty_engine.connect() as connection:
        assert await connection.scalar(text('SELECT "New Name" FROM "Order"')) == "a"


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [("", "a", "b"), ("t", "", "b"), ("t", "a", ""), ("t", "a", "a"), ("t" * 60, "a", "b")],
)
def test_names_that_cannot_work_are_refused(table: str, old: str, new: str) -> None:
    with pytest.raises(ValueError, match=r"needed|longer than 63 bytes"):
        synced_columns(table, old=old, new=new)
