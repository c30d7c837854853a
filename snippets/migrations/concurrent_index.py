"""Create an index without stopping writers, and leave none behind that does not work.

Buys: an attempt that failed leaves nothing, and one that was killed is dropped and repeated,
where ``IF NOT EXISTS`` takes its invalid index for the real one.
Needs: a connection in AUTOCOMMIT, which is ``op.get_context().autocommit_block()`` in Alembic.
Limits: waits without a timeout for every transaction that writes to the table or has an older
snapshot; no reader or writer queues behind it, but an ALTER TABLE does. A valid index of this name
is left, whatever its definition. Takes an index that another session is building for a failed
one. Not for partitioned tables.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Index, MetaData, Table, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.schema import CreateIndex, DropIndex

IS_VALID = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")


def create_index_concurrently(
    connection: Connection,
    /,
    name: str,
    table: str,
    columns: Sequence[str],
    *,
    schema: str | None = None,
    **options: Any,
) -> bool:
    """Create the index ``name``; return False where a valid one of this name was there already.

    ``options`` are those of ``Index``: ``unique``, ``postgresql_where`` and so on. Costs 5
    statements, one more for each invalid index that is dropped; ``lock_timeout`` is off meanwhile.
    Raises InvalidRequestError outside of AUTOCOMMIT, ValueError for no name and no column, and the
    database's error, such as IntegrityError for a unique index on equal rows.
    """
    if not getattr(connection.connection.dbapi_connection, "autocommit", False):
        raise InvalidRequestError("it cannot run in a transaction: use autocommit_block()")
    if not name or not columns:
        raise ValueError("the index needs a name and a column")
    target = Table(table, MetaData(), *map(Column, columns), schema=schema)
    index = Index(name, *target.c, postgresql_concurrently=True, **options)
    quote = connection.dialect.identifier_preparer.quote
    full_name = {"name": ".".join(quote(part) for part in (schema, name) if part)}
    timeout = connection.scalar(text("SHOW lock_timeout"))
    connection.execute(text("SET lock_timeout = 0"))
    try:
        if (valid := connection.scalar(IS_VALID, full_name)) is False:
            connection.execute(DropIndex(index))
        if not valid:
            connection.execute(CreateIndex(index))
        return not valid
    except DBAPIError:
        if connection.scalar(IS_VALID, full_name) is False:
            connection.execute(DropIndex(index))
        raise
    finally:
        connection.execute(text(f"SET lock_timeout = '{timeout}'"))
