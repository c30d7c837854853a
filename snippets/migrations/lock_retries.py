"""Run DDL that gives up when it waits too long for a lock, and tries again.

Buys: other sessions queue behind a waiting ALTER TABLE for ``lock_timeout`` at most, and have the
table to themselves in the pauses.
Needs: a transaction that has written and locked nothing yet: one change in a migration, and
``transaction_per_migration=True`` in Alembic.
Limits: a lock that is granted is held until the transaction ends, however long the change takes. A
statement that locks two tables may wait twice. Not for CREATE INDEX CONCURRENTLY, which runs
outside of a transaction and leaves an invalid index where it gives up.
"""

import random
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError

# What others could wait for: anything written, or a lock stronger than a query or a write takes.
HOLDS_LOCKS = text(
    "SELECT pg_current_xact_id_if_assigned() IS NOT NULL OR EXISTS (SELECT FROM pg_locks"
    " WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND mode NOT IN"
    " ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))"
)
SET_TIMEOUT = text("SELECT set_config('lock_timeout', :timeout, true)")


def with_lock_retries(
    connection: Connection,
    change: Callable[[], object],
    *,
    lock_timeout: timedelta = timedelta(milliseconds=500),
    attempts: int = 10,
    pause: timedelta = timedelta(seconds=2),
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Call ``change`` under a savepoint until it gets its locks; return the attempts it took.

    Each attempt waits ``lock_timeout`` for each lock; the pauses are ``pause`` on average, give or
    take half of it at random. Costs 2 statements, and for each attempt 4 and those of ``change``,
    one fewer where it fails. Raises the database's error after the last attempt (SQLSTATE 55P03),
    any other at once; InvalidRequestError in AUTOCOMMIT, and where the transaction has written
    or locked a table, since the pauses would prolong its locks; ValueError for a time or a number
    of attempts that is not above zero.
    """
    if getattr(connection.connection.dbapi_connection, "autocommit", False):
        raise InvalidRequestError("a savepoint needs a transaction, and AUTOCOMMIT has none")
    milliseconds = lock_timeout // timedelta(milliseconds=1)
    if milliseconds < 1 or attempts < 1 or pause <= timedelta():
        raise ValueError("lock_timeout is 1 ms or more, attempts 1 or more, pause above zero")
    if connection.scalar(HOLDS_LOCKS):
        raise InvalidRequestError("the pauses would prolong the locks of what was done before")
    before, attempt = connection.scalar(text("SHOW lock_timeout")), 1
    while True:
        try:
            with connection.begin_nested():
                connection.execute(SET_TIMEOUT, {"timeout": f"{milliseconds}ms"})
                change()
                connection.execute(SET_TIMEOUT, {"timeout": before})
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
            if state != "55P03" or attempt == attempts:
                raise
        else:
            return attempt
        attempt += 1
        sleep(pause.total_seconds() * random.uniform(0.5, 1.5))
