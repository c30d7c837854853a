"""What the database itself said, out of the layers of exceptions around it."""

from __future__ import annotations

from typing import Any

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


def described(error: BaseException) -> str:
    """Return the kind and the message of ``error``, and what the server added to it."""
    server: Any = server_error(error)
    lines = [f"{type(error).__name__}: {database_message(error)}"]
    if server is not None:
        lines[0] += f" (SQLSTATE {server.sqlstate})"
        lines += [
            f"{label}: {text}"
            for label, text in (("DETAIL", server.detail), ("HINT", server.hint))
            if text
        ]
    return "\n".join(lines)
