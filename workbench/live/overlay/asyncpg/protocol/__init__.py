"""asyncpg's compiled half in Python, for a tab: the same interface, on a link instead of a socket.

The rest of asyncpg runs on it unmodified.
"""

from .protocol import BUILTIN_TYPE_NAME_MAP, NO_TIMEOUT, Protocol
from .record import Record

__all__ = ["BUILTIN_TYPE_NAME_MAP", "NO_TIMEOUT", "Protocol", "Record"]
