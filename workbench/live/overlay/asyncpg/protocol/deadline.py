"""How much of a timeout is left.

The backend answers before anything else happens, so nothing can interrupt it. A statement that took
too long outside of a transaction is undone instead: a second one, sent with it, fails after the
deadline, and both stand or fall together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

from . import requests
from .answers import Message

_NO_ARGUMENTS = b"\0\0" * 3


class Deadline:
    """A moment after which an operation is too late; without a timeout it never is."""

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout

    def left(self) -> float | None:
        """Return the seconds left, which may be negative, or None where there is no timeout."""
        return None if self._end is None else self._end - time.monotonic()

    def passed(self) -> bool:
        """Whether it is too late."""
        left = self.left()
        return left is not None and left <= 0

    async def wait(self, awaited: Awaitable[Any]) -> Any:
        """Await, or raise TimeoutError when it is too late."""
        if self._end is None:
            return await awaited
        async with asyncio.timeout(self.left()):
            return await awaited

    def guard(self) -> bytes:
        """Return a statement that fails after the deadline, as messages."""
        left = self.left()
        assert left is not None
        sql = f"SELECT 1 / (clock_timestamp() < to_timestamp({time.time() + left:.6f}))::int"
        return (
            requests.parse("", sql) + requests.bind("", "", _NO_ARGUMENTS) + requests.execute("", 0)
        )


def split_guard(found: list[Message], parsed: int) -> tuple[list[Message], bool]:
    """Return the messages before the guard's, and whether the guard failed.

    ``parsed`` is how many statements were parsed before it.
    """
    starts = [at for at, (kind, _) in enumerate(found) if kind == b"1"]
    if len(starts) <= parsed:
        return found, False
    at = starts[-1]
    rest = [message for message in found[at:] if message[0] in {b"Z", b"S", b"N"}]
    return found[:at] + rest, any(kind == b"E" for kind, _ in found[at:])
