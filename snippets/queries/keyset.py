"""Where a page of an ordered list begins: after a position, not after a count.

Buys: a page at any depth for the cost of the first, where one index serves the ordering; rows
that come or go elsewhere neither repeat nor hide others. Ties, NULLs, mixed directions.
Needs: an index on the ordering, in its directions; an ordering that holds a unique key.
Limits: equal directions without NULLs are one index condition; mixed directions and NULLs are
an ``OR``, of which the index takes at most a range of the first column. A row whose ordering
values change moves: a reader meets it twice or never. A row committed late with an early value
stays behind a cursor that has passed: this is no change feed. Column types must be the
database's (``citext`` declared as ``String`` compares otherwise than it sorts). A NOT NULL
column of an outer join can be NULL: give ``coalesce``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import (
    Column,
    ColumnElement,
    ColumnExpressionArgument,
    Numeric,
    Table,
    UniqueConstraint,
    and_,
    asc,
    false,
    literal,
    or_,
    true,
    tuple_,
)
from sqlalchemy.sql.elements import BindParameter, UnaryExpression
from sqlalchemy.sql.functions import coalesce
from sqlalchemy.sql.operators import desc_op, nulls_first_op, nulls_last_op


@dataclass(frozen=True)
class SortKey:
    """One term of an ORDER BY; NULLs come where PostgreSQL puts them, unless said."""

    expression: ColumnElement[Any]
    descending: bool
    nulls_first: bool
    nullable: bool

    def order(self) -> UnaryExpression[Any]:
        """Return the ORDER BY term, without a NULLS clause where no NULL can be."""
        term = self.expression.desc() if self.descending else self.expression.asc()
        if not self.nullable or self.nulls_first == self.descending:
            return term
        return term.nulls_first() if self.nulls_first else term.nulls_last()

    def reversed(self) -> Self:
        """Return the key that sorts the other way round, NULLs included."""
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)

    def identity(self) -> tuple[str, str, str]:
        """Return what tells this key from others: its SQL, parameters and type."""
        compiled = self.order().compile()
        return str(compiled), repr(compiled.params), repr(self.expression.type)

    def at(self, value: Any) -> ColumnElement[bool]:
        """Return the condition of the rows that tie with ``value``."""
        return self.expression.is_(None) if value is None else self.expression == self.bind(value)

    def after(self, value: Any) -> list[ColumnElement[bool]]:
        """Return the conditions of the rows that follow ``value``: disjoint, nearest first."""
        if value is None:
            return [self.expression.is_not(None)] if self.nulls_first else []
        nulls_follow = self.nullable and not self.nulls_first
        return [row_after([self], [value])] + [self.expression.is_(None)] * nulls_follow

    def bind(self, value: Any) -> ColumnElement[Any]:
        """Return a parameter of the key's type, where a number keeps all of its digits."""
        return literal(value, Numeric() if isinstance(value, Decimal) else self.expression.type)


class Keyset:
    """A total order of rows, and the conditions of the rows that follow a position in it.

    ``Keyset(Task.created_at.desc(), Task.id.desc())`` takes what ``order_by`` takes. Raises
    ValueError for no ordering, and, unless ``assume_unique``, for one that holds neither the
    primary key nor a unique constraint on NOT NULL columns of any of its tables. Sends nothing.
    """

    def __init__(self, *ordering: ColumnExpressionArgument[Any], assume_unique: bool = False):
        self.keys = [sort_key(argument) for argument in ordering]
        if not self.keys or not (assume_unique or holds_unique_key(self.keys)):
            raise ValueError("the ordering holds no unique key: end it with the primary key")
        self.identity = repr([key.identity() for key in self.keys])

    def order_by(self) -> list[UnaryExpression[Any]]:
        """Return the terms of the ORDER BY."""
        return [key.order() for key in self.keys]

    def reversed(self) -> Keyset:
        """Return the same order from the other end."""
        return Keyset(*(key.reversed().order() for key in self.keys), assume_unique=True)

    def after(self, values: Sequence[Any], *, inclusive: bool = False) -> ColumnElement[bool]:
        """Return the condition of the rows after ``values``; ``inclusive`` adds the row there.

        Raises ValueError for too few or many values, and for None where no NULL can be.
        """
        parts = self.branches(values, inclusive=inclusive)
        first, value = self.keys[0], values[0]
        if len(parts) < 2 or value is None or (first.nullable and not first.nulls_first):
            return or_(false(), *parts)
        return and_(row_after([first], [value], inclusive=True), or_(*parts))

    def branches(self, values: Sequence[Any], *, inclusive: bool) -> list[ColumnElement[bool]]:
        """Return ``after`` in disjoint parts, nearest first, each of them one index condition."""
        return _branches(self.keys, checked(self.keys, values), inclusive)


def checked(keys: Sequence[SortKey], values: Sequence[Any]) -> tuple[Any, ...]:
    """Return ``values`` as a tuple; raise ValueError where they are no position of ``keys``."""
    if len(values) != len(keys):
        raise ValueError(f"expected {len(keys)} ordering values, got {len(values)}")
    for key, value in zip(keys, values, strict=True):
        if value is None and not key.nullable:
            raise ValueError(f"{key.expression} cannot be NULL, but it is: use coalesce")
    return tuple(values)


def row_after(
    keys: Sequence[SortKey], values: Sequence[Any], *, inclusive: bool = False
) -> ColumnElement[bool]:
    """Return one comparison for keys of equal direction: of two or more, as a row value."""
    left, right = [key.expression for key in keys], [*map(SortKey.bind, keys, values)]
    one, other = (left[0], right[0]) if len(keys) == 1 else (tuple_(*left), tuple_(*right))
    if keys[0].descending:
        return one <= other if inclusive else one < other
    return one >= other if inclusive else one > other


def _branches(
    keys: Sequence[SortKey], values: Sequence[Any], inclusive: bool
) -> list[ColumnElement[bool]]:
    if not keys:
        return [true()] if inclusive else []
    if not any(key.nullable for key in keys) and len({key.descending for key in keys}) == 1:
        return [row_after(keys, values, inclusive=inclusive)]
    ties = _branches(keys[1:], values[1:], inclusive)
    return [and_(keys[0].at(values[0]), tie) for tie in ties] + keys[0].after(values[0])


def sort_key(argument: ColumnExpressionArgument[Any]) -> SortKey:
    """Return the parts of what ``order_by`` takes, such as ``Task.id.desc().nulls_last()``."""
    expression: Any = asc(argument)
    modifiers = set()
    while isinstance(expression, UnaryExpression) and expression.modifier is not None:
        modifiers.add(expression.modifier)
        expression = expression.element
    descending = desc_op in modifiers
    nulls_first = nulls_first_op in modifiers or (descending and nulls_last_op not in modifiers)
    return SortKey(expression, descending, nulls_first, can_be_null(expression))


def can_be_null(expression: ColumnElement[Any]) -> bool:
    """Return False for NOT NULL columns, values, and ``coalesce`` with one of them."""
    match expression:
        case Column():
            return bool(expression.nullable)
        case BindParameter():
            return expression.value is None
        case coalesce():
            return all(can_be_null(argument) for argument in expression.clauses)
    return True


def holds_unique_key(keys: Sequence[SortKey]) -> bool:
    """Return whether the plain columns among ``keys`` hold a unique key of one of their tables."""
    columns = [key.expression for key in keys if isinstance(key.expression, Column)]
    for table in {column.table for column in columns}:
        named = {column.name for column in columns if column.table is table}
        unique = [list(table.primary_key)]
        if isinstance(table, Table):
            unique += [[*c.columns] for c in table.constraints if isinstance(c, UniqueConstraint)]
        for key in unique:
            if key and not any(map(can_be_null, key)) and named.issuperset(c.name for c in key):
                return True
    return False
