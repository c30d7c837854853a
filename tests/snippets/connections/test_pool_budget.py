"""A budget: all pools full fit the server, and what does not fit is refused."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from snippets.connections.engine import async_engine
from snippets.connections.pool_budget import connection_capacity, pool_budget
from workbench.lesson import record


@given(st.integers(0, 1000), st.integers(1, 50), st.integers(0, 20), st.integers(0, 20))
def test_all_pools_full_fit_and_one_more_each_would_not(
    capacity: int, engines: int, spare: int, max_overflow: int
) -> None:
    try:
        budget = pool_budget(capacity, engines=engines, spare=spare, max_overflow=max_overflow)
    except ValueError:
        assert capacity - spare < engines * (max_overflow + 1)
    else:
        each = budget["pool_size"] + budget["max_overflow"]
        assert budget["pool_size"] >= 1
        assert budget["max_overflow"] == max_overflow
        assert engines * each <= capacity - spare < engines * (each + 1)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"engines": 0}, "engines"),
        ({"engines": 4, "spare": -1}, "spare"),
        ({"engines": 4, "max_overflow": -1}, "max_overflow"),
        ({"engines": 96}, "0 each"),
        ({"engines": 10, "max_overflow": 9}, "max_overflow=9"),
    ],
)
def test_bad_input_is_refused(wrong: dict[str, int], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        pool_budget(100, **wrong)


async def test_a_budget_is_arguments_of_an_engine() -> None:
    engine = async_engine(
        "postgresql+asyncpg://h/x", application_name="web", **pool_budget(97, engines=8)
    )
    assert engine.pool.size() == 11  # type: ignore[attr-defined]


async def test_capacity_leaves_out_the_slots_of_superusers(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as connection:
        with record(empty_engine) as sent:
            capacity = await connection_capacity(connection)
        settings = [
            int((await connection.execute(text(f"SELECT current_setting('{name}')"))).scalar_one())
            for name in ("max_connections", "superuser_reserved_connections")
        ]
        reserved = await connection.execute(
            text("SELECT coalesce(current_setting('reserved_connections', true), '0')")
        )
    assert capacity == settings[0] - settings[1] - int(reserved.scalar_one())
    assert len(sent) == 1


@pytest.fixture
def role() -> str:
    return f"test_{secrets.token_hex(8)}"


@pytest.mark.parametrize(
    ("of_role", "of_database", "expected"),
    [(7, -1, 7), (-1, 6, 6), (7, 6, 6), (5, 6, 5), (0, 6, 0)],
)
async def test_capacity_is_the_least_of_the_limits(
    empty_database: URL, role: str, of_role: int, of_database: int, expected: int
) -> None:
    password = secrets.token_hex(8)
    admin = create_async_engine(empty_database, isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        for statement in (
            f"CREATE ROLE {role} LOGIN PASSWORD '{password}'",
            f"ALTER DATABASE {empty_database.database} CONNECTION LIMIT {of_database}",
        ):
            await connection.execute(text(statement))
        app = create_async_engine(empty_database.set(username=role, password=password))
        try:
            async with app.connect() as limited:
                await connection.execute(text(f"ALTER ROLE {role} CONNECTION LIMIT {of_role}"))
                assert await connection_capacity(limited) == expected
        finally:
            await app.dispose()
            await connection.execute(text(f"DROP ROLE {role}"))
    await admin.dispose()
