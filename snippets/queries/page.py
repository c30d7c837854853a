"""One page of a list in one statement, with the cursors of the pages around it.

Buys: next and previous pages at a cost that does not grow with depth; a cursor is given exactly
where there is a further row, in both directions, also after rows came and went.
Needs: a ``Keyset`` with its index, a ``CursorCodec``, and a statement without ORDER BY, LIMIT,
OFFSET, DISTINCT or FOR UPDATE. Its types need SQLAlchemy 2.1; it runs on 2.0.
Limits: no page numbers, no totals; each page is a snapshot of its own. A join or ``joinedload``
that repeats the key is refused: load collections with ``selectinload``. ``scope`` keeps a cursor
in the list that it was made for, but authorizes nothing: the statement's filter does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, overload

from sqlalchemy import ColumnElement, FrozenResult, Row, Select, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from snippets.queries.cursor import CursorCodec, Position
from snippets.queries.keyset import Keyset, checked

type AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """What a client asks for: ``size`` items at ``cursor``, or at the start of the list.

    ``scope`` is the server's: the tenant or filter that the cursor belongs to. Raises TypeError
    for a size that is no int, ValueError for one outside 1 to ``largest``.
    """

    size: int
    cursor: str | None = None
    scope: str = ""
    largest: int = 100

    def __post_init__(self) -> None:
        if not isinstance(self.size, int) or isinstance(self.size, bool):
            raise TypeError(f"the page size is an int, not {type(self.size).__name__}")
        if not 1 <= self.size <= self.largest:
            raise ValueError(f"the page size is 1 to {self.largest}, not {self.size}")


@dataclass(frozen=True, kw_only=True)
class Page[T]:
    """Items in the order of the list; ``next`` and ``previous`` are None at its ends."""

    items: Sequence[T]
    next: str | None
    previous: str | None


class CursorPages:
    """The pages of a list in the order of ``keyset``: of entities, values or rows, as selected.

    ``fetch`` sends one SELECT, and a second where a cursor meets no row. It raises InvalidCursor
    for a cursor of another order, scope or key; ValueError for a statement that orders or limits
    itself, and for neighbours that the ordering does not tell apart.
    """

    def __init__(self, keyset: Keyset, cursors: CursorCodec) -> None:
        self.keyset, self.cursors = keyset, cursors

    @overload
    async def fetch[T](
        self, session: AsyncSession, statement: Select[T], request: PageRequest
    ) -> Page[T]: ...
    @overload
    async def fetch[*Ts](  # type: ignore[overload-cannot-match]
        self, session: AsyncSession, statement: Select[*Ts], request: PageRequest
    ) -> Page[Row[*Ts]]: ...
    async def fetch(
        self, session: AsyncSession, statement: AnySelect, request: PageRequest
    ) -> Page[Any]:
        bound_to = json.dumps([self.keyset.identity, request.scope])
        token, start = request.cursor, Position(None)
        if token is not None:
            start = self.cursors.decode(token, bound_to=bound_to)
        order = self.keyset.reversed() if start.backward else self.keyset
        selected, behind = seek(statement, order, start.values)
        result = (await session.execute(selected.limit(request.size + 1))).freeze()
        items, keys = split(result, order, width=len(statement.column_descriptions))
        is_behind = result().scalars(-1).first()
        if not keys and start.values is not None:
            is_behind = await session.scalar(select(behind))
        items, more = items[: request.size], len(items) > request.size
        ahead = Position(keys[len(items) - 1], start.backward) if more else None
        back = Position(keys[0] if keys else None, not start.backward) if is_behind else None
        if start.backward:
            items, ahead, back = items[::-1], back, ahead
        tokens = [end and self.cursors.encode(end, bound_to=bound_to) for end in (ahead, back)]
        return Page(items=items, next=tokens[0], previous=tokens[1])


def seek(
    statement: AnySelect, order: Keyset, values: Sequence[Any] | None
) -> tuple[AnySelect, ColumnElement[bool]]:
    """Return ``statement`` after ``values``, and the condition that rows lie the other way.

    The statement's columns are followed by the ordering values and by that condition.
    """
    if statement._order_by_clauses or statement._has_row_limiting_clause:
        raise ValueError("the keyset orders, the request limits: leave both out of the statement")
    if statement._for_update_arg is not None or statement._distinct:
        raise ValueError("pages are neither locked nor DISTINCT")
    page: AnySelect = statement
    behind: ColumnElement[bool] = false()
    if values is not None:
        page = statement.where(order.after(values))
        others = statement.where(order.reversed().after(values, inclusive=True))
        behind = others.correlate(None).exists()
    columns = [key.expression for key in order.keys]
    return page.add_columns(*columns, behind.label("is_behind")).order_by(*order.order_by()), behind


def split(
    result: FrozenResult[Any], order: Keyset, *, width: int
) -> tuple[Sequence[Any], list[tuple[Any, ...]]]:
    """Return the items and their ordering values; raise ValueError where neighbours share them."""
    keys = [checked(order.keys, row[width:-1]) for row in result()]
    if any(one == other for one, other in pairwise(keys)):
        raise ValueError("two rows share their ordering values: a join repeats the unique key")
    items = result().columns(*range(width))
    return (items.scalars() if width == 1 else items).all(), keys
