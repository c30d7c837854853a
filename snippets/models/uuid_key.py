"""A UUID primary key that the application makes in ascending order.

Buys: keys without a round trip that fill an index from one end, like a sequence; batched
INSERTs; a random key of the server's own for writers other than SQLAlchemy.
Needs: nothing. PostgreSQL 18 can give ``uuidv7()`` as the server's default instead.
Limits: the key shows its time of creation to whoever reads it. Ascending within a process
only: other processes interleave by their clocks. One sentinel column for each table.
"""

import secrets
import threading
import time
import uuid
from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column


def _ascending_ticks() -> Iterator[int]:
    """Yield the time in steps of 1/4096 ms since 1970, each larger than the one before."""
    last = 0
    while True:
        last = max((time.time_ns() << 12) // 1_000_000, last + 1)
        yield last


_ticks = _ascending_ticks()
_lock = threading.Lock()


def uuid7() -> uuid.UUID:
    """Return a version 7 UUID, larger than all that this process made before.

    The layout is RFC 9562's, section 5.7, with the clock in the leftmost 12 random bits
    (section 6.2, method 3) and 62 random bits after it. When the clock stands still or steps
    back, the keys count on from the last one.
    """
    with _lock:
        milliseconds, fraction = divmod(next(_ticks), 4096)
    return uuid.UUID(
        int=milliseconds << 80 | 7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    )


class UUIDKey:
    """Adds ``id``: SQLAlchemy sets it at the flush, PostgreSQL where an INSERT leaves it out.

    It is None before the flush unless you pass ``id=uuid7()``, a UUID and not its text. Cost:
    ``add_all()`` of n objects sends one INSERT for each 1,000; without ``insert_sentinel`` the
    server's default would make that n.
    """

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True,
        default=uuid7,
        server_default=text("gen_random_uuid()"),
        insert_sentinel=True,
        sort_order=-1,
    )
