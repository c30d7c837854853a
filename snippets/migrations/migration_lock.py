"""Let one deployment migrate at a time; the others wait and then find nothing to do.

Buys: two that start at once do not both run the same migration. A migration may still build an
index concurrently: those that wait ask again and again, and hold no snapshot in between.
Needs: an ``env.py`` that enters it before Alembic reads the version; a direct connection, since
the lock belongs to the session.
Limits: keeps out those that take the same lock, and no other program. Behind a pooler in
transaction mode it locks nothing.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import InvalidRequestError

ALEMBIC = int.from_bytes(b"alembic")  # any number that nothing else in the database locks
TRY = text("SELECT pg_try_advisory_lock(:key)")
UNLOCK = text("SELECT pg_advisory_unlock(:key)")


@contextmanager
def migration_lock(
    connection: Connection,
    *,
    key: int = ALEMBIC,
    attempts: int = 600,
    pause: timedelta = timedelta(seconds=1),
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[int]:
    """Hold the advisory lock ``key`` in the block; yield the attempts it took.

    Costs a statement for each attempt and one to unlock. What the block left open is rolled back
    at its end. Raises TimeoutError after the last attempt, InvalidRequestError inside a
    transaction, which would outlive the attempts, and ValueError for no attempt and for a pause
    that is not above zero.
    """
    if attempts < 1 or pause <= timedelta():
        raise ValueError("attempts are 1 or more, and the pause is above zero")
    if connection.in_transaction():
        raise InvalidRequestError("take the lock before the transaction begins")
    for attempt in range(1, attempts + 1):
        locked = connection.scalar(TRY, {"key": key})
        connection.rollback()
        if locked:
            break
        if attempt < attempts:
            sleep(pause.total_seconds())
    else:
        raise TimeoutError(f"another deployment holds the lock after {attempts} attempts")
    try:
        yield attempt
    finally:
        connection.rollback()
        connection.execute(UNLOCK, {"key": key})
        connection.rollback()
