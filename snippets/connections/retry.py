"""Run an idempotent unit of work again when its connection was lost.

Buys: the one error that neither ``pool_pre_ping`` nor ``pool_recycle`` prevents: a connection
that closes while a transaction runs.
Needs: work that may run twice and opens its own session; a connection lost at COMMIT leaves
unknown whether the transaction happened.
Limits: no waiting between attempts, so a server that is still down fails the second one with
the error of connecting; a timeout, a deadlock and a serialization failure are not retried.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy.exc import DBAPIError


async def retry_on_disconnect[T](work: Callable[[], Awaitable[T]], *, attempts: int = 2) -> T:
    """Return ``await work()``; where it lost its connection, up to ``attempts`` times in all.

    ``work`` opens and closes its own session and commits. Costs nothing when nothing fails; a
    repetition sends everything again. Raises the last error once the attempts are used up, any
    other error at once, ValueError for fewer than two attempts.
    """
    if attempts < 2:
        raise ValueError("attempts counts the first one: it must be at least 2")
    for _ in range(attempts - 1):
        try:
            return await work()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
    return await work()
