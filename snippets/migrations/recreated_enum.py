"""An enum type with other labels, for what PostgreSQL cannot do: drop a label.

Buys: a downgrade for ``ALTER TYPE … ADD VALUE``, and labels in another order.
Needs: every column that has the type; a label for the rows of each one that goes.
Limits: rewrites each table and its indexes under an ACCESS EXCLUSIVE lock. A view, a CHECK, a
partial index or a function that names the type or one of its labels must be dropped first and
made again. A connection that has read the column before fails once: its cached plan is invalid.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.dialects import postgresql


class EnumColumn(NamedTuple):
    """A column of the type; ``default`` is the label that it is given when nothing is said."""

    table: str
    column: str
    default: str | None = None


def recreated_enum(
    name: str,
    labels: Sequence[str],
    *,
    columns: Sequence[EnumColumn],
    replaced: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the statements that give the type ``name`` exactly ``labels``.

    ``replaced`` says which label the rows with a label that goes get instead; a row with a label
    that is neither kept nor replaced stops the migration with a DataError. Run each statement
    with ``op.execute()``. Costs three statements and one to three for each column. Raises
    ValueError for labels that are missing or repeated, and for a replacement or a default that
    is not among ``labels``, and where ``<name>_before`` is longer than 63 bytes.
    """
    if not name or len(f"{name}_before".encode()) > 63:
        raise ValueError(f"the type needs a name of at most 56 bytes, not {name!r}")
    unknown = {column.default for column in columns if column.default} - set(labels)
    unknown |= set((replaced or {}).values()) - set(labels)
    if not labels or len(set(labels)) < len(labels) or unknown:
        raise ValueError(f"labels are needed, once each, and among them {sorted(unknown)}")
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
    new, old = quote(name), quote(f"{name}_before")
    cases = "".join(
        f" WHEN {_literal(gone)} THEN {_literal(label)}" for gone, label in (replaced or {}).items()
    )
    statements = [
        f"ALTER TYPE {new} RENAME TO {old}",
        f"CREATE TYPE {new} AS ENUM ({', '.join(map(_literal, labels))})",
    ]
    for table, column, default in columns:
        alter = f"ALTER TABLE {quote(table)} ALTER {quote(column)}"
        value = f"{quote(column)}::text"
        value = f"CASE {value}{cases} ELSE {value} END" if cases else value
        statements += [f"{alter} DROP DEFAULT", f"{alter} TYPE {new} USING ({value})::{new}"]
        statements += [f"{alter} SET DEFAULT {_literal(default)}"] if default else []
    return [*statements, f"DROP TYPE {old}"]


def _literal(label: str) -> str:
    return "'" + label.replace("'", "''") + "'"
