"""A budget of statements: what it counts, and when it fails."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import Project, User
from snippets.queries.statement_budget import StatementBudgetError, statement_budget


async def test_a_block_within_its_budget_passes(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with statement_budget(engine, at_most=2) as sent:
            await connection.execute(text("SELECT 1"))
            await connection.execute(text("SELECT 2"))
    assert sent == ["SELECT 1", "SELECT 2"]


async def test_a_block_over_its_budget_fails_and_lists_equal_statements_once(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        with (
            pytest.raises(StatementBudgetError) as refused,
            statement_budget(engine, at_most=2),
        ):
            await connection.execute(text("SELECT 0"))
            for n in range(3):
                await connection.execute(text("SELECT CAST(:n AS integer)"), {"n": n})
    assert str(refused.value) == (
        "4 statements sent, at most 2 allowed:\n   1 × SELECT 0\n   3 × SELECT CAST($1 AS integer)"
    )


async def test_lists_of_different_length_are_shown_as_one_statement(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with (
            pytest.raises(StatementBudgetError, match=r"2 × .* IN \(\$1::VARCHAR, …\)"),
            statement_budget(engine, at_most=0),
        ):
            for names in (["a", "b"], ["a", "b", "c"]):
                await connection.execute(select(User.id).where(User.name.in_(names)))


def test_a_failure_is_an_assertion_error() -> None:
    assert issubclass(StatementBudgetError, AssertionError)


async def test_refresh_in_a_loop_is_caught_where_raise_is_silent(engine: AsyncEngine) -> None:
    owner = User(email="ada@example.org", name="Ada")
    async with AsyncSession(engine) as session:
        session.add_all([Project(name="P", slug=f"p{n}", owner=owner) for n in range(3)])
        await session.commit()
    async with AsyncSession(engine) as session:
        with (
            pytest.raises(StatementBudgetError, match="7 statements sent"),
            statement_budget(engine, at_most=1),
        ):
            for project in (await session.scalars(select(Project))).all():
                await session.refresh(project, ["tasks"])


async def test_a_connection_that_was_open_before_is_counted(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SELECT 1"))
        with statement_budget(engine, at_most=1) as sent:
            await connection.execute(text("SELECT 2"))
        await connection.execute(text("SELECT 3"))
    assert sent == ["SELECT 2"]


async def test_savepoints_count_and_the_transaction_does_not(engine: AsyncEngine) -> None:
    with statement_budget(engine, at_most=2) as sent:
        async with engine.begin() as connection, connection.begin_nested():
            pass
    assert [sql.split()[0] for sql in sent] == ["SAVEPOINT", "RELEASE"]


async def test_executemany_is_one_statement(engine: AsyncEngine) -> None:
    rows = [{"email": f"{n}@example.org", "name": "N"} for n in range(5)]
    async with AsyncSession(engine) as session:
        with statement_budget(engine, at_most=1):
            await session.execute(insert(User), rows)


async def test_budgets_nest(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with statement_budget(engine, at_most=2) as outer:
            with statement_budget(engine, at_most=1) as inner:
                await connection.execute(text("SELECT 1"))
            await connection.execute(text("SELECT 2"))
    assert (len(inner), len(outer)) == (1, 2)


async def test_statements_of_other_tasks_are_counted(engine: AsyncEngine) -> None:
    async def one() -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    with statement_budget(engine, at_most=3) as sent:
        await asyncio.gather(one(), one(), one())
    assert len(sent) == 3


async def test_an_error_of_the_block_passes_through(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with (
            pytest.raises(KeyError),
            statement_budget(engine, at_most=0),
        ):
            await connection.execute(text("SELECT 1"))
            raise KeyError("the block's own")
        with statement_budget(engine, at_most=1):
            await connection.execute(text("SELECT 1"))


async def test_a_negative_budget_is_refused(engine: AsyncEngine) -> None:
    with (
        pytest.raises(ValueError, match="at_most must not be negative, got -1"),
        statement_budget(engine, at_most=-1),
    ):
        pass
