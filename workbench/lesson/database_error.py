"""What the database itself said, out of the layers of exceptions around it."""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import SQLAlchemyError


def server_error(error: BaseException | None) -> asyncpg.PostgresError | None:
    """Return the server's own error among the causes of ``error``, or None."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, asyncpg.PostgresError):
            return error
        seen.add(id(error))
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return None


def database_message(error: BaseException) -> str:
    """Return the primary message of ``error``, without statement, parameters or links."""
    server = server_error(error)
    if server is not None:
        return str(server.args[0])
    if isinstance(error, SQLAlchemyError) and error.args:
        return str(error.args[0])
    return str(error)
