"""executemany(): arguments in portions of the size that asyncpg sends at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import requests
from .deadline import Deadline
from .statement import PreparedStatementState

_BUFFERS, _BUFFER = 4, 32768


class Batches:
    """Encodes sets of arguments until one cannot be.

    What came before its portion is sent nevertheless inside of a transaction, which thus keeps it.
    """

    def __init__(self, state: PreparedStatementState, args: Iterable[Any], portal: str) -> None:
        self._state, self._args, self._portal = state, args, portal
        self.sent: list[bytes] = []
        self.failure: Exception | None = None

    def fill(self, deadline: Deadline) -> bool:
        """Encode all that there is; return whether all could be."""
        state, portal = self._state, self._portal
        run = requests.execute(portal, 0)
        portion: list[bytes] = []
        filled = size = 0
        try:
            for at, arguments in enumerate(self._args):
                message = requests.bind(portal, state.name, state.encode(arguments, at)) + run
                portion.append(message)
                size += len(message)
                if size >= _BUFFER:
                    filled, size = filled + 1, 0
                if filled == _BUFFERS:
                    self.sent += portion
                    portion, filled = [], 0
                    if deadline.passed():
                        raise TimeoutError
        except Exception as raised:
            self.failure = raised
            return False
        self.sent += portion
        return True

    def stream(self) -> bytes:
        """Return what is to be sent."""
        return b"".join(self.sent) + requests.SYNC
