"""Run a unit of work again when a schema change made one of its prepared statements stale.

Buys: a migration under running programs without a failed request for each statement under way.
Needs: asyncpg; work that opens and closes its own session, and does nothing outside the database
before its commit: the failed transaction has changed nothing.
Limits: work in AUTOCOMMIT has kept what came before the failure; a result whose columns changed
reaches code that may not expect them; a schema change between two reads of the repetition fails it.
"""

from collections.abc import Awaitable, Callable

from asyncpg.exceptions import InvalidCachedStatementError
from sqlalchemy.exc import DBAPIError


async def retry_stale_statement[T](work: Callable[[], Awaitable[T]]) -> T:
    """Return ``await work()``, run a second time where a cached plan no longer fits the schema.

    SQLAlchemy then prepares again what the engine has cached, so that the repetition and all
    other connections succeed. Costs nothing when nothing fails. Raises whatever the repetition
    raises, and any other error of the first run at once.
    """
    try:
        return await work()
    except DBAPIError as error:
        if not isinstance(getattr(error.orig, "__cause__", None), InvalidCachedStatementError):
            raise
    return await work()
