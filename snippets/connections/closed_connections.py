"""Replace closed connections at checkout without asking the server.

Buys: what ``pool_pre_ping`` buys against a server that closed its connections (restart, failover,
``pg_terminate_backend``, an idle timeout), for no round trip instead of three: asyncpg reads the
end of the stream when it arrives, so the client knows.
Needs: asyncpg, and a direct connection to PostgreSQL.
Limits: use ``pool_pre_ping`` behind a proxy, which stays connected when the server goes, and
behind a firewall that drops idle connections in silence. Neither of the two helps a connection
that closes after the checkout, and neither finds a peer that no longer answers.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine


def replace_closed(engine: AsyncEngine) -> None:
    """From now on each checkout of ``engine`` replaces a connection that is known to be closed.

    Costs no statement. Each closed connection is replaced when its turn comes; the others stay.
    Raises ValueError for a driver other than asyncpg. The checkout raises what connecting
    raises; InvalidRequestError if two new connections in a row close at once.
    """
    if engine.dialect.driver != "asyncpg":
        raise ValueError(f"the driver is {engine.dialect.driver}, and only asyncpg tells")
    event.listen(engine.sync_engine, "checkout", _refuse_closed)


def _refuse_closed(_dbapi_connection: Any, entry: Any, _proxy: Any) -> None:
    if entry.driver_connection.is_closed():
        raise DisconnectionError("the connection is closed")
