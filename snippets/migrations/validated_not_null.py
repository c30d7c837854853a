"""Make a column NOT NULL without reading the table under a lock that stops everybody.

Buys: the rows are read while others read and write; what stops them takes no time.
Needs: a transaction for each statement (the last two may share one); no NULL left when the
second one runs.
Limits: the last two joined in one ALTER TABLE read the table again, under the strong lock. From
version 18 on, ``ADD CONSTRAINT … NOT NULL … NOT VALID`` and ``VALIDATE CONSTRAINT`` are enough.
"""

from sqlalchemy.dialects import postgresql

LONGEST_NAME = 63  # bytes


def validated_not_null(
    table: str, column: str, *, schema: str | None = None
) -> tuple[str, str, str, str]:
    """Return four statements: a CHECK for new rows, its validation, NOT NULL, the CHECK's end.

    Run them with ``op.execute()``, in migrations of their own or in an ``autocommit_block()``. The
    second reads the rows under SHARE UPDATE EXCLUSIVE. The others take ACCESS EXCLUSIVE and read
    none, so give them a ``lock_timeout``. The database refuses the second where a NULL is left:
    an IntegrityError, SQLSTATE 23514. Raises ValueError for an empty name and for names that make
    that of the CHECK longer than 63 bytes.
    """
    check = f"{table}_{column}_not_null_check"
    if not table or not column or schema == "":
        raise ValueError("the table, the column and the schema need names")
    if len(check.encode()) > LONGEST_NAME:
        raise ValueError(f"PostgreSQL would cut the name of the constraint: {check}")
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
    alter = f"ALTER TABLE {f'{quote(schema)}.' if schema else ''}{quote(table)}"
    name, column = quote(check), quote(column)
    return (
        f"{alter} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID",
        f"{alter} VALIDATE CONSTRAINT {name}",
        f"{alter} ALTER COLUMN {column} SET NOT NULL",
        f"{alter} DROP CONSTRAINT {name}",
    )
