"""Backfill a table in batches by primary key, each committed before the next one begins.

Buys: no more than one batch of rows is locked at a time, the rows read grow with the table and
not with its square, and a run that stops half-way is continued by running it again.
Needs: a connection in AUTOCOMMIT, which is ``op.get_context().autocommit_block()`` in Alembic; a
WHERE that the change makes false; writers that already write the new value.
Limits: a row that appears behind the position meanwhile is not visited: run it again until
nothing is changed. A row that another transaction holds makes its batch wait. Keys in random
order read pages in random order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    TableClause,
    Update,
    and_,
    func,
    inspect,
    literal,
    select,
    tuple_,
)
from sqlalchemy.exc import InvalidRequestError


@dataclass(frozen=True)
class Progress:
    """Batches and rows changed so far; of these rows, ``left`` still satisfy the WHERE."""

    batches: int = 0
    changed: int = 0
    left: int = 0


def update_in_batches(
    connection: Connection,
    change: Update,
    *,
    size: int = 1000,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Run ``change`` on ``size`` rows at a time in the order of the primary key; sum it up.

    Costs 2 statements to find the key, 2 for each batch and 1 at the end; calls ``report`` after
    each batch. Raises InvalidRequestError outside of AUTOCOMMIT, NoSuchTableError for an unknown
    table, ValueError for a ``size`` below 1, a change without WHERE, an alias, and a table that
    has no primary key or whose key columns are not declared in ``change``.
    """
    if not getattr(connection.connection.dbapi_connection, "autocommit", False):
        raise InvalidRequestError("one transaction would hold every batch: use autocommit_block()")
    pending = change.whereclause
    if size < 1 or pending is None:
        raise ValueError("batches need a size of 1 or more and a WHERE that the change makes false")
    columns = primary_key(connection, change.table)
    key, following, progress = tuple_(*columns), pending, Progress()
    while True:
        batch = select(*columns).where(following).order_by(*columns).limit(size).subquery()
        end = select(batch).order_by(*(column.desc() for column in batch.c)).limit(1)
        if (row := connection.execute(end).one_or_none()) is None:
            return progress
        last = tuple_(*map(literal, row, (column.type for column in columns)))
        update = change.where(following, key <= last).returning(pending.label("still"))
        changed = update.cte("changed")
        still = func.count().filter(changed.c.still)
        done, left = connection.execute(select(func.count(), still).select_from(changed)).one()
        progress = Progress(progress.batches + 1, progress.changed + done, progress.left + left)
        report(progress)
        following = and_(pending, key > last)


def primary_key(connection: Connection, table: FromClause) -> list[ColumnElement[Any]]:
    """Return the columns of ``table`` that are its primary key in the database, in its order.

    Raises as ``update_in_batches`` does.
    """
    target = table if isinstance(table, TableClause) else None
    if target is None:
        raise ValueError(f"batches change a table by its own name, not {table}")
    found = inspect(connection).get_pk_constraint(target.name, target.schema)
    names = found["constrained_columns"]
    if not names or not set(names) <= set(target.c.keys()):
        raise ValueError(f"{target.name} needs a primary key, declared in the change: {names}")
    return [target.c[name] for name in names]
