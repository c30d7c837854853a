"""A test that finds the constraints and indexes whose names a migration cannot rely on.

Buys: names that are missing, taken twice or cut are found before Alembic writes a migration:
autogenerate drops one of two UNIQUE constraints of one name without a word.
Needs: the modules of all models imported, so that the metadata holds their tables.
Limits: reads the metadata alone: names of views, sequences and types are not compared with it.
A CHECK that a type brings is expected to have a name even where PostgreSQL needs none.
"""

from collections import defaultdict

from sqlalchemy import (
    Constraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IdentifierError, InvalidRequestError


def unsettled_names(metadata: MetaData) -> list[str]:
    """Return a line for each constraint without a name, name taken twice, and name too long.

    Indexes, and constraints that have one, share their names with the tables of the schema;
    constraints also share them within their table. A name that the convention shortened with a
    hash is settled. Sends no statement. Raises ValueError where the metadata has no tables.
    """
    if not metadata.tables:
        raise ValueError("the metadata has no tables: import the models first")
    lines: list[str] = []
    holders: defaultdict[tuple[str | None, str, str], list[str]] = defaultdict(list)
    indexed = (Index, PrimaryKeyConstraint, UniqueConstraint, postgresql.ExcludeConstraint)
    for table in metadata.tables.values():
        schema = table.schema
        holders[schema, "", table.name].append(f"table {table.name}")
        items: list[Constraint | Index] = [*table.constraints, *table.indexes]
        for item in sorted(items, key=_described):
            if item == table.primary_key and not table.primary_key.columns:
                continue
            name = _final_name(item)
            if name is None or len(name.encode()) > 63:
                lines.append(f"{name or 'no name'}: {_described(item)}")
                continue
            if isinstance(item, indexed):
                holders[schema, "", name].append(_described(item))
            if isinstance(item, Constraint):
                holders[schema, table.name, name].append(_described(item))
    lines += [f"{key[2]}: {' and '.join(held)}" for key, held in holders.items() if len(held) > 1]
    return list(dict.fromkeys(lines))


def _final_name(item: Constraint | Index) -> str | None:
    """Return the name that DDL gives ``item``, or None where the database chooses one."""
    preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]
    try:
        name = preparer.format_constraint(item) if item.name else None
    except InvalidRequestError:  # the convention asks for a name, and there is none
        return None
    except IdentifierError:  # longer than PostgreSQL's 63 characters
        return str(item.name)
    return name and str(name).strip('"')


def _described(item: Constraint | Index) -> str:
    """Return what ``item`` is, such as ``UniqueConstraint(a, b) on task``."""
    columns = ", ".join(column.name for column in getattr(item, "columns", ()))
    detail = columns or getattr(item, "sqltext", "")
    return f"{type(item).__name__}({detail}) on {getattr(item, 'table', None)}"
