from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.queries.offset import (
    NumberedPage,
    count_up_to,
    estimated_rows,
    fetch_numbered_page,
)
from workbench.lesson import explain, record

metadata = MetaData()
item = Table("Item", metadata, Column("id", Integer, primary_key=True))
ordered = select(item.c.id).order_by(item.c.id)
FIVE_THOUSAND = func.generate_series(1, 5000)


@pytest.fixture
async def tables(empty_engine: AsyncEngine) -> AsyncEngine:
    async with empty_engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(item), [{"id": n} for n in range(1, 8)])
    return empty_engine


@pytest.fixture
async def session(tables: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(tables) as session:
        yield session


@pytest.mark.parametrize(
    ("number", "items", "has_next"),
    [(1, [1, 2, 3], True), (2, [4, 5, 6], True), (3, [7], False), (4, [], False)],
)
async def test_a_page_knows_its_neighbours_from_one_statement(
    tables: AsyncEngine, number: int, items: list[int], has_next: bool
) -> None:
    async with AsyncSession(tables) as session:
        with record(tables) as sent:
            page = await fetch_numbered_page(session, ordered, number=number, size=3)
    assert page == NumberedPage(items=items, number=number, has_next=has_next)
    assert page.has_previous is (number > 1)
    assert sent.verbs() == ["SELECT"]


async def test_a_full_last_page_has_no_next(session: AsyncSession) -> None:
    page = await fetch_numbered_page(session, ordered, number=1, size=7)
    assert len(page.items) == 7
    assert not page.has_next


async def test_several_columns_come_as_rows(session: AsyncSession) -> None:
    statement = select(item.c.id, (item.c.id * 2).label("double")).order_by(item.c.id)
    page = await fetch_numbered_page(session, statement, number=2, size=1)
    assert page.items[0].double == 4


@pytest.mark.parametrize(
    ("number", "size", "error", "message"),
    [
        (0, 3, ValueError, "page number is 1 or more"),
        (-1, 3, ValueError, "page number is 1 or more"),
        (1, 0, ValueError, "page size is 1 or more"),
        (True, 3, TypeError, "page number is an int, not bool"),
        (1, 2.0, TypeError, "page size is an int, not float"),
        ("1", 3, TypeError, "page number is an int, not str"),
        (11, 100, ValueError, "pages end at row 1000"),
        (10**30, 1, ValueError, "pages end at row 1000"),
    ],
)
async def test_a_bad_page_is_refused_before_any_sql(
    tables: AsyncEngine, number: Any, size: Any, error: type[Exception], message: str
) -> None:
    async with AsyncSession(tables) as session:
        with record(tables) as sent, pytest.raises(error, match=message):
            await fetch_numbered_page(session, ordered, number=number, size=size)
    assert len(sent) == 0


@pytest.mark.parametrize(
    "statement", [select(item.c.id), ordered.limit(5), ordered.offset(5)], ids=str
)
async def test_a_statement_without_an_order_or_with_a_limit_is_refused(
    session: AsyncSession, statement: Any
) -> None:
    with pytest.raises(ValueError, match="needs ORDER BY"):
        await fetch_numbered_page(session, statement, number=1, size=3)


async def test_the_deepest_page_is_the_callers_choice(session: AsyncSession) -> None:
    page = await fetch_numbered_page(session, ordered, number=3, size=2, deepest=6)
    assert page.items == [5, 6]
    with pytest.raises(ValueError, match="pages end at row 6"):
        await fetch_numbered_page(session, ordered, number=4, size=2, deepest=6)


@pytest.mark.parametrize(("cap", "count"), [(6, 7), (7, 7), (100, 7), (3, 4), (1, 2)])
async def test_a_count_stops_one_beyond_its_cap(
    session: AsyncSession, cap: int, count: int
) -> None:
    assert await count_up_to(session, ordered, cap=cap) == count


async def test_a_count_keeps_the_filter(session: AsyncSession) -> None:
    assert await count_up_to(session, ordered.where(item.c.id > 4), cap=100) == 3
    assert await count_up_to(session, ordered.where(item.c.id > 9), cap=100) == 0


async def test_a_capped_count_reads_a_few_pages(tables: AsyncEngine) -> None:
    async with AsyncSession(tables) as session:
        await session.execute(delete(item))
        await session.execute(insert(item).from_select(["id"], select(FIVE_THOUSAND)))
        with record(tables) as sent:
            assert await count_up_to(session, ordered, cap=100) == 101
        whole = await explain(session, select(func.count()).select_from(item), buffers=True)
        sql = sent[0].sql.replace("$1::INTEGER", "101")
        capped = await explain(session, sql, buffers=True)
    assert sent.verbs() == ["SELECT"]
    assert capped.buffers * 5 < whole.buffers


@pytest.mark.parametrize("cap", [0, -1])
async def test_a_cap_below_one_is_refused(session: AsyncSession, cap: int) -> None:
    with pytest.raises(ValueError, match="the cap is 1 or more"):
        await count_up_to(session, ordered, cap=cap)


async def test_a_count_of_a_limited_statement_is_refused(session: AsyncSession) -> None:
    with pytest.raises(ValueError, match="without LIMIT"):
        await count_up_to(session, ordered.limit(3), cap=5)


async def test_an_estimate_is_unknown_until_analyze_and_stale_after(session: AsyncSession) -> None:
    assert await estimated_rows(session, item) is None
    await session.execute(text('ANALYZE "Item"'))
    assert await estimated_rows(session, item) == 7
    await session.execute(delete(item))
    assert await estimated_rows(session, item) == 7


async def test_an_estimate_of_no_table_says_so(session: AsyncSession) -> None:
    with pytest.raises(ProgrammingError, match="does not exist"):
        await estimated_rows(session, Table("nowhere", MetaData()))
