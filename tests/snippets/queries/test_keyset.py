from __future__ import annotations

import math
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import aliased

from snippets.domain import Project, Task
from snippets.queries.keyset import Keyset
from workbench.lesson import explain

metadata = MetaData()
item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rank", Integer),
    Column("score", Float),
    Column("day", Date),
    Column("name", String, nullable=False),
    Column("code", Integer, nullable=False),
    Column("maybe", Integer),
    Column("price", Numeric(10, 2), nullable=False, server_default="1"),
    UniqueConstraint("code"),
    UniqueConstraint("maybe"),
)
ITEM_INDEX = Index("ix_item_name_id", item.c.name, item.c.id)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = uuid.UUID(int=1)


@pytest.fixture
async def session(empty_engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with empty_engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    async with AsyncSession(empty_engine) as session:
        yield session


def sql(condition: ColumnElement[bool]) -> str:
    return str(condition)


def terms(draw: st.DrawFn) -> list[ColumnElement[Any]]:
    columns = draw(st.permutations([item.c.rank, item.c.score, item.c.day, item.c.name]))
    ordering = [*columns[: draw(st.integers(0, 3))], item.c.id]
    return [draw(st.sampled_from(ways(column))) for column in ordering]


def ways(column: Column[Any]) -> list[ColumnElement[Any]]:
    up, down = column.asc(), column.desc()
    return [
        up, down, up.nulls_first(), up.nulls_last(), down.nulls_first(), down.nulls_last()
    ]  # fmt: skip


orderings = st.composite(terms)()
rows = st.lists(
    st.fixed_dictionaries(
        {
            "rank": st.none() | st.integers(0, 2),
            "score": st.none() | st.sampled_from([0.1, -0.0, 0.0, math.inf, math.nan]),
            "day": st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3)),
            "name": st.sampled_from(["a", "B", "é", ""]),
        }
    ),
    max_size=14,
)


async def fill(session: AsyncSession, values: list[dict[str, Any]]) -> None:
    await session.execute(delete(item))
    if values:
        await session.execute(
            insert(item), [{**row, "id": n, "code": n} for n, row in enumerate(values)]
        )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(ordering=orderings, values=rows)
async def test_every_position_splits_the_list_in_three_exact_parts(
    session: AsyncSession, ordering: list[ColumnElement[Any]], values: list[dict[str, Any]]
) -> None:
    await fill(session, values)
    keyset = Keyset(*ordering)
    listed = select(item.c.id).order_by(*ordering)
    expected = list(await session.scalars(listed))
    assert list(await session.scalars(select(item.c.id).order_by(*keyset.order_by()))) == expected
    positions = select(*[key.expression for key in keyset.keys]).order_by(*ordering)
    back = keyset.reversed()
    for place, position in enumerate((await session.execute(positions)).all()):
        after = listed.where(keyset.after(position))
        from_here = listed.where(keyset.after(position, inclusive=True))
        before = select(item.c.id).where(back.after(position)).order_by(*back.order_by())
        assert list(await session.scalars(after)) == expected[place + 1 :]
        assert list(await session.scalars(from_here)) == expected[place:]
        assert list(await session.scalars(before)) == expected[:place][::-1]
        parts = [
            list(await session.scalars(listed.where(part)))
            for part in keyset.branches(position, inclusive=False)
        ]
        assert list(chain.from_iterable(parts)) == expected[place + 1 :]


def test_equal_directions_are_one_row_value() -> None:
    keyset = Keyset(Task.created_at.desc(), Task.id.desc())
    assert sql(keyset.after([NOW, KEY])) == "(task.created_at, task.id) < (:param_1, :param_2)"
    assert "<=" in sql(keyset.after([NOW, KEY], inclusive=True))
    assert ">" in sql(keyset.reversed().after([NOW, KEY]))


def test_mixed_directions_are_bounded_by_the_first_column() -> None:
    keyset = Keyset(Task.status, Task.created_at.desc(), Task.id.desc())
    assert sql(keyset.after(["open", NOW, KEY])) == (
        "task.status >= :param_1 AND (task.status = :param_2 AND "
        "(task.created_at, task.id) < (:param_3, :param_4) OR task.status > :param_5)"
    )


def test_a_plain_column_sorts_ascending() -> None:
    assert [str(term) for term in Keyset(Task.status, Task.id).order_by()] == [
        "task.status ASC",
        "task.id ASC",
    ]


def test_a_nulls_clause_that_no_row_needs_is_left_out_because_it_would_hide_the_index() -> None:
    keyset = Keyset(Task.created_at.desc().nulls_last(), Task.id.desc().nulls_last())
    assert [str(term) for term in keyset.order_by()] == ["task.created_at DESC", "task.id DESC"]


def test_coalesce_with_a_value_is_one_row_value() -> None:
    never = literal(date(9000, 1, 1), literal_execute=True)
    keyset = Keyset(func.coalesce(Task.due_date, never), Task.id)
    assert sql(keyset.after([date(2026, 1, 1), KEY])).startswith("(coalesce(task.due_date, ")
    assert not keyset.keys[0].nullable
    assert Keyset(func.coalesce(Task.due_date, None), Task.id).keys[0].nullable


def test_an_alias_has_the_key_of_its_table() -> None:
    other = aliased(Task)
    assert "(task_1.status, task_1.id) >" in sql(Keyset(other.status, other.id).after(["a", KEY]))


def test_a_unique_constraint_of_columns_without_nulls_is_a_unique_key() -> None:
    assert Keyset(item.c.rank, item.c.code)


@pytest.mark.parametrize(
    "ordering",
    [
        (),
        (Task.created_at.desc(),),
        (Task.created_at, Project.created_at),
        (func.lower(Task.title),),
        (item.c.maybe,),
        (text("id"),),
    ],
    ids=["nothing", "a date", "two dates", "an expression", "a unique column with NULLs", "text"],
)
def test_an_ordering_without_a_unique_key_is_refused(ordering: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="end it with the primary key"):
        Keyset(*ordering)


def test_an_ordering_that_the_caller_vouches_for_is_taken() -> None:
    assert Keyset(func.lower(Task.title), assume_unique=True).order_by()
    with pytest.raises(ValueError, match="no unique key"):
        Keyset(assume_unique=True)


def test_an_order_that_ends_in_nulls_has_a_position_among_them() -> None:
    keyset = Keyset(item.c.rank, assume_unique=True)
    assert str(keyset.after([None])) == "false"
    assert str(keyset.after([None], inclusive=True)) == "item.rank IS NULL"
    assert str(keyset.reversed().after([None])) == "item.rank IS NOT NULL"


def test_a_negated_column_stays_negated() -> None:
    order = [str(term) for term in Keyset((-item.c.code).desc(), item.c.id).order_by()]
    assert order == ["-item.code DESC", "item.id ASC"]


def test_nulls_that_come_first_leave_the_first_column_a_bound() -> None:
    after = str(Keyset(item.c.rank.nulls_first(), item.c.id).after([1, 1]))
    assert after.startswith("item.rank >= :")


def test_nulls_where_postgresql_puts_them_need_no_clause() -> None:
    order = [str(term) for term in Keyset(item.c.rank.desc(), item.c.id).order_by()]
    assert order == ["item.rank DESC", "item.id ASC"]


def test_a_table_without_a_key_has_no_unique_order() -> None:
    log = Table("log", MetaData(), Column("line", Integer, nullable=False))
    with pytest.raises(ValueError, match="no unique key"):
        Keyset(log.c.line)


@pytest.mark.parametrize("values", [[], [NOW], [NOW, KEY, KEY]])
def test_a_wrong_number_of_values_is_refused(values: list[Any]) -> None:
    with pytest.raises(ValueError, match="expected 2 ordering values"):
        Keyset(Task.created_at, Task.id).after(values)


def test_null_where_the_table_allows_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"task.created_at cannot be NULL.*coalesce"):
        Keyset(Task.created_at, Task.id).after([None, KEY])


def test_the_identity_tells_directions_types_and_sentinels_apart() -> None:
    def identity(*ordering: Any) -> str:
        return Keyset(*ordering).identity

    sentinels = [func.coalesce(Task.due_date, date(year, 1, 1)) for year in (9000, 9001)]
    orderings = [
        (Task.id,),
        (Task.id.desc(),),
        (Task.due_date, Task.id),
        (Task.due_date.nulls_first(), Task.id),
        *((sentinel, Task.id) for sentinel in sentinels),
        (Project.id,),
    ]
    assert len({identity(*ordering) for ordering in orderings}) == len(orderings)
    assert identity(Task.due_date, Task.id) == identity(Task.due_date.asc().nulls_last(), Task.id)


async def test_a_numeric_position_is_not_rounded_to_the_scale_of_its_column(
    session: AsyncSession,
) -> None:
    await fill(session, [{"name": "a"}] * 3)
    third = item.c.price / literal(3, Integer)
    keyset = Keyset(third, item.c.id)
    position = (await session.execute(select(third, item.c.id).order_by(item.c.id))).first()
    assert position is not None
    assert position[0] != round(position[0], 2)
    assert isinstance(position[0], Decimal)
    following = select(item.c.id).where(keyset.after(position)).order_by(*keyset.order_by())
    assert list(await session.scalars(following)) == [1, 2]


async def test_ties_of_a_nondeterministic_collation_are_neither_lost_nor_repeated(
    session: AsyncSession,
) -> None:
    caseless = "provider = icu, locale = 'und-u-ks-level2', deterministic = false"
    try:
        await session.execute(text(f"CREATE COLLATION caseless ({caseless})"))
    except DBAPIError as error:
        if "ICU is not supported" not in str(error):
            raise
        pytest.skip("this PostgreSQL was built without ICU")
    await fill(session, [{"name": name} for name in "aAbBaA"])
    keyset = Keyset(item.c.name.collate("caseless"), item.c.id)
    listed = select(item.c.id).order_by(*keyset.order_by())
    expected = [0, 1, 4, 5, 2, 3]
    assert list(await session.scalars(listed)) == expected
    for place, row_id in enumerate(expected):
        after = listed.where(keyset.after(["aAbBaA"[row_id], row_id]))
        assert list(await session.scalars(after)) == expected[place + 1 :]


async def test_a_deep_position_is_an_index_condition(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(
            text(
                "INSERT INTO task (id, title, project_id, created_at)"
                " SELECT md5(n::text)::uuid, 'T', md5('p')::uuid,"
                " timestamptz '2025-01-01 UTC' + n / 4 * interval '1 min'"
                " FROM generate_series(1, 5000) AS n"
            )
        )
        await connection.execute(text("CREATE INDEX ON task (created_at, id)"))
        await connection.execute(text("ANALYZE task"))
        keyset = Keyset(Task.created_at.desc(), Task.id.desc())
        deep = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=30), KEY]
        statement = select(Task.id).where(keyset.after(deep)).order_by(*keyset.order_by()).limit(20)
        plan = await explain(connection, statement, buffers=True)
    assert "Index Cond: (ROW(created_at, id) < ROW(" in plan
    assert plan.rows == 20
    assert plan.rows_removed == 0
    assert plan.buffers < 10
