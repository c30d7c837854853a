"""Try part of a transaction; where it fails with a named error, undo that part and go on.

Buys: a partial rollback that catches only the errors you name, and only once PostgreSQL has
confirmed that the rest of the transaction is intact.
Needs: an AsyncSession whose transaction the caller commits; a block that lets its errors out.
Limits: after a failure, objects changed in the block are expired (refresh them) and objects
added in it are transient; a deferred constraint fails at COMMIT, where no savepoint helps;
nothing outside the database is undone. Not for a loop over many rows: see the lesson.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass
class Outcome:
    """What became of an attempt; ``succeeded`` stays False until its savepoint is released."""

    succeeded: bool = False
    error: Exception | None = None


@asynccontextmanager
async def attempt(session: AsyncSession, *errors: type[Exception]) -> AsyncIterator[Outcome]:
    """Run the block under a savepoint and report the outcome; catch ``errors``, nothing else.

    Costs 2 statements, or 3 where the block fails: its savepoint is rolled back and released.
    Not caught: errors of what was pending before the block; cancellation; SQLSTATE class 40
    (deadlock, serialization failure: try the whole transaction again); any error after which
    PostgreSQL cannot release the savepoint. Raises TypeError unless each of ``errors`` is a
    subclass of Exception, InvalidRequestError where the block hid the error of a flush.
    """
    if not errors or not all(isinstance(e, type) and issubclass(e, Exception) for e in errors):
        raise TypeError("name the errors to catch, each a subclass of Exception")
    await session.flush()  # what is pending is not part of the attempt
    connection = await session.connection()
    listened, rolled_back, outcome = connection.sync_connection, list[str](), Outcome()

    def note(_connection: Any, name: str, _context: Any) -> None:
        rolled_back.append(name)

    event.listen(listened, "rollback_savepoint", note)
    try:
        async with session.begin_nested() as savepoint:
            await session.connection()  # sends SAVEPOINT
            yield outcome
            intact = savepoint.is_active
        outcome.succeeded = intact
    except errors as error:
        if _sqlstate(error).startswith("40") or not rolled_back:
            raise
        try:
            await connection.execute(text(f"RELEASE SAVEPOINT {rolled_back[-1]}"))
        except SQLAlchemyError as refused:
            raise error from refused
        outcome.error = error
    finally:
        event.remove(listened, "rollback_savepoint", note)
    if not outcome.succeeded and outcome.error is None:
        raise InvalidRequestError("the block caught an error that had undone its savepoint")


def _sqlstate(error: Exception) -> str:
    return str(getattr(getattr(error, "orig", None), "sqlstate", None))
