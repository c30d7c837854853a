"""Divide the connections that a role may open among the engines that share them.

Buys: pools that cannot be refused a connection, because all of them full still fit.
Needs: the number of engines alive at once: processes, times event loops in each, times two while
a rolling deployment runs old and new ones side by side.
Limits: the server's figures are read at one moment; other programs of the same server must stay
within ``spare``; behind PgBouncer its ``default_pool_size`` is the capacity instead.
"""

from typing import TypedDict

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class PoolBudget(TypedDict):
    """Arguments for create_async_engine."""

    pool_size: int
    max_overflow: int


async def connection_capacity(connection: AsyncConnection) -> int:
    """Return how many connections all programs of the current role may hold in this database.

    The least of the limits of server (its reserved slots taken off, even for a superuser), role
    and database. Costs 1 statement.
    """
    capacity: int = (await connection.execute(_CAPACITY)).scalar_one()
    return capacity


def pool_budget(
    capacity: int, *, engines: int, spare: int = 5, max_overflow: int = 0
) -> PoolBudget:
    """Return the largest pool that ``engines`` engines can all fill within ``capacity``.

    ``spare`` connections are left to migrations, jobs, monitoring and people; ``max_overflow``
    of each engine's share are opened for a burst and closed after. Raises ValueError where a
    number is out of range or the share leaves no persistent connection.
    """
    if engines < 1 or spare < 0 or max_overflow < 0:
        raise ValueError("engines must be at least 1, spare and max_overflow at least 0")
    share = (capacity - spare) // engines
    if share <= max_overflow:
        raise ValueError(
            f"{engines} engines share {capacity} - {spare} connections: {max(share, 0)} each is "
            f"too few for max_overflow={max_overflow} and one that stays; run fewer engines, raise "
            "the limit, or put a transaction pooler between"
        )
    return PoolBudget(pool_size=share - max_overflow, max_overflow=max_overflow)


_CAPACITY = text("""\
SELECT least(
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0),
    (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user AND rolconnlimit >= 0),
    (SELECT datconnlimit FROM pg_database
     WHERE datname = current_database() AND datconnlimit >= 0))""")
