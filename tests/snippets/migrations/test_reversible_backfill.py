"""A backfill's way back takes only what the backfill gave."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Executable, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.migrations.reversible_backfill import reversible_backfill
from workbench.lesson import record

FILL = reversible_backfill("task", "title", value="'Task ' || number")


async def run(engine: AsyncEngine, statements: Iterable[Executable | str]) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement) if isinstance(statement, str) else statement)


async def titles(engine: AsyncEngine) -> list[str | None]:
    async with engine.connect() as connection:
        return list(await connection.scalars(text("SELECT title FROM task ORDER BY id")))


@pytest.fixture
async def table(empty_engine: AsyncEngine) -> AsyncEngine:
    """Two rows to fill, one whose value is NULL, one with a title of its own."""
    await run(
        empty_engine,
        [
            "CREATE TABLE task (id int PRIMARY KEY, number int, title varchar(20))",
            "INSERT INTO task VALUES (1, 1, NULL), (2, 2, NULL), (3, NULL, NULL), (4, 4, 'own')",
        ],
    )
    return empty_engine


async def test_only_null_is_filled(table: AsyncEngine) -> None:
    await run(table, FILL.upgrade)
    assert await titles(table) == ["Task 1", "Task 2", None, "own"]
    async with table.connect() as connection:
        remembered = text("SELECT array_agg(key ORDER BY key) FROM task_title_backfill")
        assert await connection.scalar(remembered) == [1, 2]


async def test_the_way_back_restores_every_row(table: AsyncEngine) -> None:
    before = await titles(table)
    for _ in range(2):
        await run(table, FILL.upgrade)
        await run(table, FILL.downgrade)
        assert await titles(table) == before


async def test_what_users_wrote_since_stays(table: AsyncEngine) -> None:
    await run(table, FILL.upgrade)
    await run(
        table,
        [
            "UPDATE task SET title = 'mine' WHERE id = 1",
            "UPDATE task SET title = 'late' WHERE id = 3",
            "DELETE FROM task WHERE id = 2",
            "INSERT INTO task VALUES (5, 5, 'Task 5')",
        ],
    )
    await run(table, FILL.downgrade)
    assert await titles(table) == ["mine", "late", "own", "Task 5"]


async def test_each_direction_costs_two_statements_and_leaves_no_table(
    table: AsyncEngine,
) -> None:
    with record(table) as sent:
        await run(table, FILL.upgrade)
        await run(table, FILL.downgrade)
    assert sent.verbs() == ["CREATE", "WITH", "UPDATE", "DROP"]
    with pytest.raises(ProgrammingError, match="does not exist"):
        await run(table, FILL.downgrade)


async def test_colons_and_percent_signs_in_the_value_are_sql(table: AsyncEngine) -> None:
    fill = reversible_backfill("task", "title", value="number::text || ' :x ' || number % 2")
    await run(table, fill.upgrade)
    assert await titles(table) == ["1 :x 1", "2 :x 0", None, "own"]


@pytest.mark.parametrize("table", ["Order", "window"])
async def test_names_are_quoted_and_the_key_is_named(empty_engine: AsyncEngine, table: str) -> None:
    fill = reversible_backfill(table, "Full Name", value="'x'", key="user")
    await run(
        empty_engine,
        [
            f'CREATE TABLE "{table}" ("user" int, "Full Name" text)',
            f'INSERT INTO "{table}" VALUES (1)',
        ],
    )
    await run(empty_engine, [*fill.upgrade, *fill.downgrade])


@pytest.mark.parametrize(
    ("table", "column", "value", "key"),
    [
        ("", "c", "1", "id"),
        ("t", "", "1", "id"),
        ("t", "c", " ", "id"),
        ("t", "c", "1", ""),
        ("t" * 60, "c", "1", "id"),
    ],
)
def test_arguments_that_cannot_work_are_refused(
    table: str, column: str, value: str, key: str
) -> None:
    with pytest.raises(ValueError, match=r"needed|longer than 63 bytes"):
        reversible_backfill(table, column, value=value, key=key)
