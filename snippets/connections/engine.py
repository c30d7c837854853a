"""An engine on which every wait ends: for a connection, for an answer, for a forgotten COMMIT.

Buys: a pool that never exceeds ``pool_size + max_overflow``, a caller that waits seconds and not
half a minute, statements and idle transactions that the server ends, and sessions that
``pg_stat_activity`` names.
Needs: asyncpg; one engine for each process and event loop; ``pool_size`` from a budget.
Limits: the timeouts hold for whatever the engine runs, so migrations and reports take an engine
of their own; PgBouncer refuses them at connect unless ``ignore_startup_parameters`` names them;
``pool_timeout`` covers the queue and not the connecting, which has a timeout of its own.
"""

import re
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from snippets.connections.closed_connections import replace_closed


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds after which a wait ends; raises ValueError outside of 0.001 to 1,000,000.

    The server cancels a statement and keeps the connection; five seconds later the client gives
    up on a server that is silent, and the connection is lost. The server ends the connection of
    a transaction that waits for its next statement.
    """

    connect: float = 5
    statement: float = 30
    idle_in_transaction: float = 60

    def __post_init__(self) -> None:
        if not all(0.001 <= seconds <= 1_000_000 for seconds in astuple(self)):
            raise ValueError("every timeout must lie between 0.001 and 1,000,000 seconds")

    def connect_args(self, application_name: str) -> dict[str, Any]:
        """Return arguments for asyncpg; the server's settings are milliseconds."""
        settings = {
            "application_name": application_name,
            "statement_timeout": f"{self.statement * 1000:.0f}",
            "idle_in_transaction_session_timeout": f"{self.idle_in_transaction * 1000:.0f}",
        }
        return {
            "timeout": self.connect,
            "command_timeout": self.statement + 5,
            "server_settings": settings,
        }


def async_engine(
    url: str | URL,
    *,
    application_name: str,
    pool_size: int = 5,
    max_overflow: int = 0,
    pool_timeout: float = 3,
    pre_ping: bool = True,
    timeouts: Timeouts = Timeouts(),
    **options: Any,
) -> AsyncEngine:
    """Return an engine for ``url`` that sends nothing before its first use.

    With ``pre_ping`` a checkout costs three round trips more; without, connections known to be
    closed are replaced at no cost. ``options`` go to create_async_engine. Raises ValueError for
    another driver, a size out of range, a ``pool_timeout`` (seconds) that is not positive, a
    name that PostgreSQL would change; TypeError for an option that is given here already.
    """
    if make_url(url).drivername != "postgresql+asyncpg":
        raise ValueError("the URL must begin with postgresql+asyncpg")
    if not (0 < len(application_name) < 64 and re.fullmatch("[ -~]+", application_name)):
        raise ValueError("application_name must have 1 to 63 printable ASCII characters")
    if pool_size < 1 or max_overflow < 0 or not pool_timeout > 0:
        raise ValueError("pool_size must be at least 1, max_overflow 0, pool_timeout above 0")
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=pool_timeout,
        pool_pre_ping=pre_ping,
        connect_args=timeouts.connect_args(application_name),
        **options,
    )
    if not pre_ping:
        replace_closed(engine)
    return engine
