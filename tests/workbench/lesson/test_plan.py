"""A plan says which nodes ran, how many rows and pages they touched."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import User
from workbench.lesson import explain

ROWS = """
    INSERT INTO app_user (id, email, name)
    SELECT gen_random_uuid(), n::text, 'name' FROM generate_series(1, 2000) AS n
"""


@pytest.fixture
async def users(engine: AsyncEngine) -> AsyncEngine:
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(ROWS))
        await connection.execute(text("VACUUM ANALYZE app_user"))
    return engine


async def test_an_index_scan_touches_few_pages(users: AsyncEngine) -> None:
    async with AsyncSession(users) as session:
        plan = await explain(session, select(User).where(User.email == "77"), buffers=True)
    assert plan.nodes == ["Index Scan"]
    assert plan.rows == 1
    assert 2 <= plan.buffers <= 4
    assert plan.rows_removed == 0
    assert "Index Cond" in plan


async def test_a_filter_counts_the_rows_it_throws_away(users: AsyncEngine) -> None:
    async with AsyncSession(users) as session:
        plan = await explain(session, select(User).where(User.name == "other"), buffers=True)
    assert plan.nodes == ["Seq Scan"]
    assert plan.rows_removed == 2000
    assert plan.buffers > 10


async def test_nodes_come_from_the_top_down(users: AsyncEngine) -> None:
    query = select(User.name).order_by(User.name).limit(3)
    async with AsyncSession(users) as session:
        plan = await explain(session, query)
    assert plan.nodes == ["Limit", "Sort", "Seq Scan"]


async def test_the_figures_repeat(users: AsyncEngine) -> None:
    async with AsyncSession(users) as session:
        plans = [await explain(session, select(User), buffers=True) for _ in range(3)]
    assert len({str(plan) for plan in plans}) == 1


async def test_no_times_are_shown(users: AsyncEngine) -> None:
    async with AsyncSession(users) as session:
        plan = await explain(session, select(User), buffers=True)
    assert "time=" not in plan
    assert "Planning" not in plan


async def test_buffers_must_have_been_asked_for(users: AsyncEngine) -> None:
    async with AsyncSession(users) as session:
        plan = await explain(session, "SELECT 1")
    with pytest.raises(ValueError, match="ask for them"):
        plan.buffers  # noqa: B018
