"""One transaction for everything that a block calls, and nobody in it who commits a part.

Buys: a service that commits by itself fails at once, before anything of the caller is kept;
one that rolled back cannot end in silence.
Needs: a session without a transaction, passed to every service; services that flush.
Limits: it holds for this session: a service that opens its own is on its own. An error of a
statement that is caught without a savepoint aborts the transaction, and COMMIT then rolls back
without an error: catch with ``attempt``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


@asynccontextmanager
async def unit_of_work(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    """Commit at the end of the block, or roll back where it raises; nothing in between.

    ``commit()`` in the block raises InvalidRequestError and sends nothing; savepoints may be
    released. A block that rolled back raises it at its next statement or at its end. Adds no
    statements. Raises InvalidRequestError where the session has begun a transaction already.
    """

    def refuse_commit(of: Session) -> None:
        if not of.in_nested_transaction():
            raise InvalidRequestError("the unit of work commits: flush() instead")

    async with session.begin() as transaction:
        event.listen(session.sync_session, "before_commit", refuse_commit)
        try:
            yield session
            if not transaction.is_active:
                raise InvalidRequestError("the block rolled back, so nothing can be committed")
        finally:
            event.remove(session.sync_session, "before_commit", refuse_commit)
