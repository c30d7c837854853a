"""A backfill whose downgrade takes back what it filled, and nothing else.

Buys: an upgrade that fills NULLs, and a downgrade that empties only the rows which the upgrade
filled and nobody has changed since.
Needs: a key that identifies a row; room for a table with one row for each filled one.
Limits: all rows in one statement, so for tables that one transaction can update. A user who
writes exactly the filled value loses it. Drop the table that remembers when no downgrade is due.
"""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


class Backfill(NamedTuple):
    """The statements for both directions, in order."""

    upgrade: tuple[sa.Executable, ...]
    downgrade: tuple[sa.Executable, ...]


def reversible_backfill(table: str, column: str, *, value: str, key: str = "id") -> Backfill:
    """Return the statements that fill ``column`` with ``value`` where it is NULL, and undo it.

    ``value`` is an SQL expression over the columns of ``table``; where it is NULL, a row stays as
    it is. Run each statement with ``op.execute()``. The upgrade remembers key and value of what
    it filled in the table ``<table>_<column>_backfill``, and the downgrade drops that. Two
    statements in each direction. Raises ValueError for an empty argument, and where the name of
    that table is longer than 63 bytes.
    """
    name = f"{table}_{column}_backfill"
    if not (table and column and value.strip() and key):
        raise ValueError("a table, a column, a value and a key are needed")
    if len(name.encode()) > 63:
        raise ValueError(f"the name {name} is longer than 63 bytes")
    rows = sa.table(table, sa.column(key), sa.column(column))
    filled = sa.table(name, sa.column("key"), sa.column("value"))
    pair = (rows.c[key].label("key"), rows.c[column].label("value"))
    none = sa.select(*pair).where(sa.false()).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    quote = none.preparer.quote
    new: sa.ColumnElement[object] = sa.literal_column(f"({value})")
    fill = sa.update(rows).values({column: new}).where(rows.c[column].is_(None), new.is_not(None))
    return Backfill(
        upgrade=(
            sa.text(f"CREATE TABLE {quote(name)} AS {none}"),
            sa.insert(filled).from_select(
                ["key", "value"], sa.select(fill.returning(*pair).cte("filled"))
            ),
        ),
        downgrade=(
            sa.update(rows)
            .values({column: sa.null()})
            .where(rows.c[key] == filled.c.key, rows.c[column] == filled.c.value),
            sa.text(f"DROP TABLE {quote(name)}"),
        ),
    )
