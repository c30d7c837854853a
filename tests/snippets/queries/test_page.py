from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Date,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import joinedload, selectinload, with_loader_criteria

from snippets.domain import Project, Task, TaskComment, User
from snippets.queries.cursor import CursorCodec, InvalidCursor
from snippets.queries.keyset import Keyset
from snippets.queries.page import CursorPages, Page, PageRequest
from workbench.lesson import record

metadata = MetaData()
item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rank", Integer),
    Column("day", Date),
    Column("score", Float),
    Column("name", String, nullable=False),
)
part = Table("part", metadata, Column("item_id", ForeignKey("item.id", ondelete="CASCADE")))
codec = CursorCodec(keys=[b"k" * 32])
by_name = CursorPages(Keyset(item.c.name, item.c.id), codec)
names = select(item.c.name)


@pytest.fixture
async def tables(empty_engine: AsyncEngine) -> AsyncEngine:
    async with empty_engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return empty_engine


@pytest.fixture
async def session(tables: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(tables) as session:
        yield session


async def fill(session: AsyncSession, values: list[dict[str, Any]]) -> None:
    await session.execute(delete(item))
    if values:
        await session.execute(insert(item), [{**row, "id": n} for n, row in enumerate(values)])


async def fill_names(session: AsyncSession, text: str) -> None:
    await fill(session, [{"name": letter} for letter in text])


def terms(draw: st.DrawFn) -> list[Any]:
    columns = draw(st.permutations([item.c.rank, item.c.day, item.c.score, item.c.name]))
    ordering: list[Any] = []
    for column in [*columns[: draw(st.integers(0, 3))], item.c.id]:
        term = draw(st.sampled_from([column.asc(), column.desc()]))
        ordering.append(draw(st.sampled_from([term, term.nulls_first(), term.nulls_last()])))
    return ordering


rows = st.lists(
    st.fixed_dictionaries(
        {
            "rank": st.none() | st.integers(0, 2),
            "day": st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3)),
            "score": st.none() | st.floats(width=64),
            "name": st.sampled_from(["a", "B", "é", "\U0001f600", ""]),
        }
    ),
    max_size=20,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80
)
@given(st.composite(terms)(), rows, st.data())
async def test_walking_there_and_back_gives_the_ordered_list_while_cursor_rows_are_deleted(
    session: AsyncSession, ordering: list[Any], values: list[dict[str, Any]], data: st.DataObject
) -> None:
    await fill(session, values)
    pages = CursorPages(Keyset(*ordering), codec)
    living = list(await session.scalars(select(item.c.id).order_by(*ordering)))
    expected = living.copy()

    async def turn(cursor: str | None) -> Page[int]:
        size = data.draw(st.integers(1, 7), label="size")
        page = await pages.fetch(session, select(item.c.id), PageRequest(size=size, cursor=cursor))
        if page.items:
            first, last = living.index(page.items[0]), living.index(page.items[-1])
            assert (page.previous is not None) == (first > 0)
            assert (page.next is not None) == (last < len(living) - 1)
        for end in {*page.items[:1], *page.items[-1:]}:
            if data.draw(st.integers(0, 3), label="delete") == 0:
                await session.execute(delete(item).where(item.c.id == end))
                living.remove(end)
        return page

    page = await turn(None)
    walked = list(page.items)
    while page.next:
        page = await turn(page.next)
        walked += page.items
    assert walked == expected

    expected = [row for row in living if row not in page.items]
    walked = []
    while page.previous:
        page = await turn(page.previous)
        walked = list(page.items) + walked
    assert walked == expected


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20
)
@given(st.composite(terms)(), rows, st.integers(1, 5))
async def test_there_and_back_again_are_the_same_pages(
    session: AsyncSession, ordering: list[Any], values: list[dict[str, Any]], size: int
) -> None:
    await fill(session, values)
    pages = CursorPages(Keyset(*ordering), codec)
    there = [await pages.fetch(session, select(item.c.id), PageRequest(size=size))]
    while cursor := there[-1].next:
        request = PageRequest(size=size, cursor=cursor)
        there.append(await pages.fetch(session, select(item.c.id), request))
    back = there[-1:]
    while cursor := back[0].previous:
        request = PageRequest(size=size, cursor=cursor)
        back.insert(0, await pages.fetch(session, select(item.c.id), request))
    assert [page.items for page in there] == [page.items for page in back]


async def test_each_page_costs_one_statement(tables: AsyncEngine) -> None:
    async with AsyncSession(tables) as session:
        await fill_names(session, "abcde")
        with record(tables) as sent:
            first = await by_name.fetch(session, names, PageRequest(size=2))
            second = await by_name.fetch(session, names, PageRequest(size=2, cursor=first.next))
            await by_name.fetch(session, names, PageRequest(size=2, cursor=second.previous))
    assert sent.verbs() == ["SELECT", "SELECT", "SELECT"]
    assert [*first.items, *second.items] == ["a", "b", "c", "d"]


async def test_a_page_of_an_empty_list_has_no_neighbours(session: AsyncSession) -> None:
    page = await by_name.fetch(session, names, PageRequest(size=2))
    assert page == Page(items=[], next=None, previous=None)


async def test_the_first_page_of_an_empty_list_costs_one_statement(tables: AsyncEngine) -> None:
    async with AsyncSession(tables) as session:
        with record(tables) as sent:
            await by_name.fetch(session, names, PageRequest(size=2))
    assert len(sent) == 1


async def test_a_page_emptied_in_between_leads_back_to_the_last_page(tables: AsyncEngine) -> None:
    async with AsyncSession(tables) as session:
        await fill_names(session, "abcd")
        first = await by_name.fetch(session, names, PageRequest(size=2))
        await session.execute(delete(item).where(item.c.name > "b"))
        with record(tables) as sent:
            empty = await by_name.fetch(session, names, PageRequest(size=2, cursor=first.next))
        assert (list(empty.items), empty.next) == ([], None)
        assert sent.verbs() == ["SELECT", "SELECT"]
        last = await by_name.fetch(session, names, PageRequest(size=2, cursor=empty.previous))
        assert (last.items, last.next, last.previous) == (["a", "b"], None, None)
        await session.execute(delete(item))
        gone = await by_name.fetch(session, names, PageRequest(size=2, cursor=first.next))
        assert gone == Page(items=[], next=None, previous=None)


async def test_a_page_emptied_before_the_first_leads_on_to_the_first(session: AsyncSession) -> None:
    await fill_names(session, "abcd")
    first = await by_name.fetch(session, names, PageRequest(size=2))
    second = await by_name.fetch(session, names, PageRequest(size=2, cursor=first.next))
    await session.execute(delete(item).where(item.c.name < "c"))
    empty = await by_name.fetch(session, names, PageRequest(size=2, cursor=second.previous))
    assert (list(empty.items), empty.previous) == ([], None)
    again = await by_name.fetch(session, names, PageRequest(size=2, cursor=empty.next))
    assert again.items == ["c", "d"]


async def test_a_deleted_cursor_row_still_marks_its_place(session: AsyncSession) -> None:
    await fill_names(session, "abcde")
    first = await by_name.fetch(session, names, PageRequest(size=2))
    await session.execute(delete(item).where(item.c.name == "b"))
    second = await by_name.fetch(session, names, PageRequest(size=2, cursor=first.next))
    assert second.items == ["c", "d"]


async def test_inserts_and_deletes_by_others_neither_repeat_nor_hide_rows(
    tables: AsyncEngine,
) -> None:
    async with AsyncSession(tables) as session, AsyncSession(tables) as other:
        await fill_names(session, "bdfh")
        await session.commit()
        first = await by_name.fetch(session, names, PageRequest(size=2))
        await other.execute(insert(item), [{"id": 9, "name": "a"}, {"id": 10, "name": "e"}])
        await other.execute(delete(item).where(item.c.name == "b"))
        await other.commit()
        second = await by_name.fetch(session, names, PageRequest(size=9, cursor=first.next))
    assert [*first.items, *second.items] == ["b", "d", "e", "f", "h"]
    assert second.next is None
    assert second.previous is not None


async def test_rows_of_several_columns_keep_their_names(session: AsyncSession) -> None:
    await fill_names(session, "ab")
    page = await by_name.fetch(session, select(item.c.id, item.c.name), PageRequest(size=1))
    (row,) = page.items
    assert (tuple(row), row.id, row.name) == ((0, "a"), 0, "a")


async def test_an_expression_that_was_not_selected_can_order(session: AsyncSession) -> None:
    await fill_names(session, "bAc")
    ordered = CursorPages(Keyset(func.lower(item.c.name), item.c.id), codec)
    first = await ordered.fetch(session, names, PageRequest(size=1))
    rest = await ordered.fetch(session, names, PageRequest(size=9, cursor=first.next))
    assert [*first.items, *rest.items] == ["A", "b", "c"]


@pytest.mark.parametrize(
    ("other", "scope"),
    [
        (Keyset(item.c.name, item.c.id), "tenant 2"),
        (Keyset(item.c.name.desc(), item.c.id), "tenant 1"),
        (Keyset(item.c.id), "tenant 1"),
    ],
    ids=["scope", "direction", "columns"],
)
async def test_a_cursor_of_another_list_is_refused_before_any_sql(
    tables: AsyncEngine, other: Keyset, scope: str
) -> None:
    async with AsyncSession(tables) as session:
        await fill_names(session, "ab")
        page = await by_name.fetch(session, names, PageRequest(size=1, scope="tenant 1"))
        request = PageRequest(size=1, cursor=page.next, scope=scope)
        with record(tables) as sent, pytest.raises(InvalidCursor, match="another list"):
            await CursorPages(other, codec).fetch(session, names, request)
    assert len(sent) == 0


@pytest.mark.parametrize(
    ("size", "error"),
    [
        (0, ValueError),
        (-1, ValueError),
        (101, ValueError),
        (True, TypeError),
        (1.0, TypeError),
        ("1", TypeError),
        (None, TypeError),
    ],
)
def test_a_bad_size_is_refused_when_it_is_asked_for(size: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="the page size is"):
        PageRequest(size=size)


@pytest.mark.parametrize(
    "statement",
    [
        names.order_by(item.c.name),
        names.limit(1),
        names.offset(1),
        names.fetch(1),
        names.distinct(),
        names.with_for_update(),
    ],
    ids=["order", "limit", "offset", "fetch", "distinct", "lock"],
)
async def test_a_statement_that_orders_limits_or_locks_itself_is_refused(
    session: AsyncSession, statement: Any
) -> None:
    with pytest.raises(ValueError, match=r"leave both out|neither locked"):
        await by_name.fetch(session, statement, PageRequest(size=1))


async def test_a_join_that_repeats_the_key_is_refused(session: AsyncSession) -> None:
    await fill_names(session, "ab")
    await session.execute(insert(part), [{"item_id": 0}, {"item_id": 0}])
    with pytest.raises(ValueError, match="a join repeats the unique key"):
        await by_name.fetch(session, names.join(part), PageRequest(size=1))


async def test_a_statement_of_two_tables_keeps_both_on_either_side_of_the_cursor(
    session: AsyncSession,
) -> None:
    await fill_names(session, "abcd")
    await session.execute(insert(part), [{"item_id": n} for n in (1, 2, 3)])
    parted = names.where(part.c.item_id == item.c.id)
    first = await by_name.fetch(session, parted, PageRequest(size=1))
    second = await by_name.fetch(session, parted, PageRequest(size=1, cursor=first.next))
    assert (first.items, second.items) == (["b"], ["c"])
    back = await by_name.fetch(session, parted, PageRequest(size=1, cursor=second.previous))
    assert (back.items, back.previous) == (["b"], None)


async def test_null_from_an_outer_join_is_refused_and_coalesce_accepted(
    session: AsyncSession,
) -> None:
    await fill_names(session, "ab")
    outer = select(item.c.id).outerjoin(other := item.alias(), other.c.id == item.c.id + 1)
    with pytest.raises(ValueError, match="cannot be NULL, but it is"):
        await CursorPages(Keyset(other.c.name, item.c.id), codec).fetch(
            session, outer, PageRequest(size=2)
        )
    filled = CursorPages(Keyset(func.coalesce(other.c.name, ""), item.c.id), codec)
    assert (await filled.fetch(session, outer, PageRequest(size=2))).items == [1, 0]


async def make_tasks(engine: AsyncEngine, *, count: int) -> None:
    async with AsyncSession(engine) as session:
        owner = User(email="ada@example.org", name="Ada")
        session.add(owner)
        await session.flush()
        project = Project(name="P", slug="p", owner_id=owner.id)
        session.add(project)
        await session.flush()
        tasks = [Task(title=f"Task {n}", project_id=project.id) for n in range(count)]
        session.add_all(tasks)
        await session.flush()
        session.add_all(TaskComment(body="!", task_id=t.id, author_id=owner.id) for t in tasks)
        await session.commit()


by_date = CursorPages(Keyset(Task.created_at.desc(), Task.id.desc()), codec)


async def test_entities_come_with_what_their_options_load(engine: AsyncEngine) -> None:
    await make_tasks(engine, count=5)
    statement = select(Task).options(selectinload(Task.comments), joinedload(Task.project))
    async with AsyncSession(engine) as session:
        first = await by_date.fetch(session, statement, PageRequest(size=2))
        with record(engine) as sent:
            second = await by_date.fetch(session, statement, PageRequest(size=2, cursor=first.next))
    assert sent.verbs() == ["SELECT", "SELECT"]
    assert [len(task.comments) for task in second.items] == [1, 1]
    assert {task.project.slug for task in second.items} == {"p"}
    assert second.next
    assert second.previous


async def test_a_joined_collection_is_refused(engine: AsyncEngine) -> None:
    await make_tasks(engine, count=2)
    async with AsyncSession(engine) as session:
        statement = select(Task).options(joinedload(Task.comments))
        with pytest.raises(InvalidRequestError, match="unique"):
            await by_date.fetch(session, statement, PageRequest(size=2))


async def test_criteria_of_the_session_hold_on_both_sides_of_the_cursor(
    engine: AsyncEngine,
) -> None:
    await make_tasks(engine, count=3)
    living = with_loader_criteria(Task, Task.deleted_at.is_(None))
    async with AsyncSession(engine) as session:
        first = await by_date.fetch(session, select(Task).options(living), PageRequest(size=1))
        await session.execute(
            update(Task).values(deleted_at=func.now()).where(Task.id == first.items[0].id)
        )
        request = PageRequest(size=1, cursor=first.next)
        second = await by_date.fetch(session, select(Task).options(living), request)
    assert second.previous is None
    assert second.next is not None


async def test_two_readers_share_one_list_object(tables: AsyncEngine) -> None:
    async with AsyncSession(tables) as session:
        await fill_names(session, "abcdef")
        await session.commit()

    async def walk(size: int) -> list[str]:
        async with AsyncSession(tables) as session:
            page = await by_name.fetch(session, names, PageRequest(size=size))
            walked = list(page.items)
            while page.next:
                page = await by_name.fetch(session, names, PageRequest(size=size, cursor=page.next))
                walked += page.items
            return walked

    walked: list[list[str]] = await asyncio.gather(*(walk(size) for size in (1, 2, 4)))
    assert walked == [list("abcdef")] * 3
