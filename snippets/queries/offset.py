"""Numbered pages where they are worth their price, and totals that stop counting.

Buys: "page 7" for lists that stay shallow, with a depth that no client can exceed; a total that
reads at most so many rows; the planner's estimate of a table.
Needs: a statement whose ORDER BY ends in a unique key.
Limits: a page reads all rows before it. Rows that come or go before it shift it: items repeat
or are missed. The estimate knows no filter, counts what the last VACUUM, ANALYZE or index build
saw, and counts rows that row-level security hides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

from sqlalchemy import Row, Select, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

type AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class NumberedPage[T]:
    """Items of page ``number``, counted from 1."""

    items: Sequence[T]
    number: int
    has_next: bool

    @property
    def has_previous(self) -> bool:
        return self.number > 1


@overload
async def fetch_numbered_page[T](
    session: AsyncSession, statement: Select[T], *, number: int, size: int, deepest: int = ...
) -> NumberedPage[T]: ...
@overload
async def fetch_numbered_page[*Ts](  # type: ignore[overload-cannot-match]
    session: AsyncSession, statement: Select[*Ts], *, number: int, size: int, deepest: int = ...
) -> NumberedPage[Row[*Ts]]: ...
async def fetch_numbered_page(
    session: AsyncSession, statement: AnySelect, *, number: int, size: int, deepest: int = 1000
) -> NumberedPage[Any]:
    """Return page ``number`` of ``size`` items by OFFSET; one statement.

    It reads the rows of all pages before it: at most ``deepest`` and one more. Raises TypeError
    for a number or size that is no int; ValueError for one below 1, for a page that ends beyond
    ``deepest``, and for a statement without ORDER BY or with a LIMIT of its own.
    """
    for name, value in (("number", number), ("size", size)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"the page {name} is an int, not {type(value).__name__}")
        if value < 1:
            raise ValueError(f"the page {name} is 1 or more, not {value}")
    if number * size > deepest:
        raise ValueError(f"pages end at row {deepest}: filter the list, or use a keyset")
    if not statement._order_by_clauses or statement._has_row_limiting_clause:
        raise ValueError("a numbered page needs ORDER BY, and no LIMIT or OFFSET of its own")
    result = await session.execute(statement.limit(size + 1).offset((number - 1) * size))
    rows = (result.scalars() if len(statement.column_descriptions) == 1 else result).all()
    return NumberedPage(items=rows[:size], number=number, has_next=len(rows) > size)


async def count_up_to(session: AsyncSession, statement: AnySelect, *, cap: int) -> int:
    """Return how many rows ``statement`` has, or ``cap`` + 1 where it has more than ``cap``.

    One statement, which stops at that row. Raises ValueError for a ``cap`` below 1 and for a
    statement with a LIMIT or OFFSET of its own.
    """
    if cap < 1:
        raise ValueError(f"the cap is 1 or more, not {cap}")
    if statement._has_row_limiting_clause:
        raise ValueError("count a statement without LIMIT or OFFSET")
    some = statement.order_by(None).limit(cap + 1).subquery()
    return (await session.scalars(select(func.count()).select_from(some))).one()


async def estimated_rows(session: AsyncSession, table: Table) -> int | None:
    """Return the planner's count of the rows of ``table``; None if nothing has counted them.

    One statement, by key. Raises ProgrammingError where the table does not exist.
    """
    name = session.get_bind().dialect.identifier_preparer.format_table(table)
    query = text("SELECT reltuples::bigint FROM pg_class WHERE oid = CAST(:name AS text)::regclass")
    count: int = (await session.execute(query, {"name": name})).scalar_one()
    return None if count < 0 else count
