"""An enum type gets exactly the labels that it is given, and its columns keep their rows."""

from collections.abc import Iterable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.migrations.recreated_enum import EnumColumn, recreated_enum

STATUS = EnumColumn("task", "status", default="open")


async def run(engine: AsyncEngine, statements: Iterable[str]) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def scalars(engine: AsyncEngine, statement: str) -> list[object]:
    async with engine.connect() as connection:
        return list(await connection.scalars(text(statement)))


@pytest.fixture
async def table(empty_engine: AsyncEngine) -> AsyncEngine:
    """Four rows, one for each label and one with NULL."""
    await run(
        empty_engine,
        [
            "CREATE TYPE status AS ENUM ('open', 'done', 'it''s gone')",
            "CREATE TABLE task (id serial PRIMARY KEY, status status DEFAULT 'open')",
            "CREATE INDEX ON task (status)",
            "INSERT INTO task (status) VALUES ('open'), ('done'), ('it''s gone'), (NULL)",
        ],
    )
    return empty_engine


async def labels(engine: AsyncEngine) -> list[object]:
    return await scalars(engine, "SELECT enumlabel FROM pg_enum ORDER BY enumsortorder")


async def test_a_label_goes_and_its_rows_are_replaced(table: AsyncEngine) -> None:
    statements = recreated_enum(
        "status", ["open", "done"], columns=[STATUS], replaced={"it's gone": "done"}
    )
    await run(table, statements)
    assert await labels(table) == ["open", "done"]
    found = await scalars(table, "SELECT status::text FROM task ORDER BY id")
    assert found == ["open", "done", "done", None]
    await run(table, ["INSERT INTO task DEFAULT VALUES"])
    assert (await scalars(table, "SELECT status::text FROM task ORDER BY id"))[-1] == "open"


async def test_labels_get_another_order(table: AsyncEngine) -> None:
    ordered = ["it's gone", "done", "open"]
    await run(table, recreated_enum("status", ordered, columns=[STATUS]))
    assert await labels(table) == ordered
    found = await scalars(table, "SELECT status::text FROM task ORDER BY task.status NULLS LAST")
    assert found == [*ordered, None]


async def test_a_row_without_a_replacement_stops_it(table: AsyncEngine) -> None:
    with pytest.raises(DBAPIError, match="invalid input value for enum"):
        await run(table, recreated_enum("status", ["open", "done"], columns=[STATUS]))
    assert len(await labels(table)) == 3


async def test_a_column_that_is_forgotten_stops_it(table: AsyncEngine) -> None:
    with pytest.raises(DBAPIError, match="other objects depend on it"):
        await run(table, recreated_enum("status", ["open"], columns=[]))
    assert len(await labels(table)) == 3


async def test_an_index_that_names_a_label_stops_it(table: AsyncEngine) -> None:
    await run(table, ["DELETE FROM task", "CREATE INDEX ON task (id) WHERE status = 'open'"])
    with pytest.raises(DBAPIError, match="operator does not exist"):
        await run(table, recreated_enum("status", ["open", "done"], columns=[STATUS]))
    assert len(await labels(table)) == 3


def test_it_costs_three_statements_and_up_to_three_a_column() -> None:
    bare = EnumColumn("note", "status")
    verbs = [each.split()[0] for each in recreated_enum("s", ["open"], columns=[STATUS, bare])]
    assert verbs == ["ALTER", "CREATE", *["ALTER"] * 5, "DROP"]


async def test_names_are_quoted(empty_engine: AsyncEngine) -> None:
    await run(
        empty_engine,
        [
            """CREATE TYPE "Task Status" AS ENUM ('a', 'b')""",
            'CREATE TABLE "Order" ("user" "Task Status")',
            *recreated_enum("Task Status", ["b"], columns=[EnumColumn("Order", "user")]),
        ],
    )
    assert await labels(empty_engine) == ["b"]


@pytest.mark.parametrize(
    ("name", "given", "columns", "replaced"),
    [
        ("", ["a"], [], {}),
        ("s" * 60, ["a"], [], {}),
        ("s", [], [], {}),
        ("s", ["a", "a"], [], {}),
        ("s", ["a"], [EnumColumn("t", "c", default="b")], {}),
        ("s", ["a"], [], {"b": "c"}),
    ],
)
def test_arguments_that_cannot_work_are_refused(
    name: str, given: list[str], columns: list[EnumColumn], replaced: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=r"labels are needed|needs a name"):
        recreated_enum(name, given, columns=columns, replaced=replaced)
