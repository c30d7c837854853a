"""A schema change under a running program costs a repetition, not a failed request."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, NotSupportedError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from snippets.connections.stale_statement import retry_stale_statement
from workbench.lesson import record


@pytest.fixture
async def counter(empty_engine: AsyncEngine) -> Callable[[], Awaitable[int]]:
    """Work that changes a row and reads every column; its statement is prepared."""

    async def work() -> int:
        async with async_sessionmaker(empty_engine).begin() as session:
            await session.execute(text("UPDATE counter SET n = n + 1"))
            return int((await session.execute(text("SELECT * FROM counter"))).one()[0])

    async with empty_engine.begin() as connection:
        await connection.execute(text("CREATE TABLE counter AS SELECT 0 AS n"))
    await work()
    return work


async def migrate(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement))


async def test_without_it_the_work_fails(
    empty_engine: AsyncEngine, counter: Callable[[], Awaitable[int]]
) -> None:
    await migrate(empty_engine, "ALTER TABLE counter ADD COLUMN note text")
    with pytest.raises(NotSupportedError):
        await counter()


@pytest.mark.parametrize("change", ["ADD COLUMN note text", "ALTER n TYPE bigint"])
async def test_the_work_runs_again_and_changes_the_row_once(
    empty_engine: AsyncEngine, counter: Callable[[], Awaitable[int]], change: str
) -> None:
    await migrate(empty_engine, f"ALTER TABLE counter {change}")
    assert await retry_stale_statement(counter) == 2
    assert await counter() == 3


async def test_nothing_more_is_sent_when_nothing_fails(
    empty_engine: AsyncEngine, counter: Callable[[], Awaitable[int]]
) -> None:
    with record(empty_engine) as sent:
        await retry_stale_statement(counter)
    assert len(sent) == 2


@pytest.mark.parametrize(
    "statement",
    ["SELECT 1 / 0", "CREATE TABLE a PARTITION OF b FOR VALUES IN (1)", "SELECT lo_get(0, 1, -1)"],
)
async def test_another_error_is_raised_at_once(empty_engine: AsyncEngine, statement: str) -> None:
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        async with empty_engine.connect() as connection:
            await connection.execute(text(statement))

    with pytest.raises(DBAPIError):
        await retry_stale_statement(work)
    assert runs == 1


async def test_a_repetition_that_fails_raises(
    empty_engine: AsyncEngine, counter: Callable[[], Awaitable[int]]
) -> None:
    changes = iter(["ADD COLUMN a text", "ADD COLUMN b text", "ADD COLUMN c text"])

    async def work() -> int:
        await counter()
        await migrate(empty_engine, f"ALTER TABLE counter {next(changes)}")
        return await counter()

    with pytest.raises(NotSupportedError):
        await retry_stale_statement(work)
