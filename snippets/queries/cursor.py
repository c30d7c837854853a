"""A position in a list as a token that a client can hold, but neither alter nor use elsewhere.

Buys: the next page without a lookup, also after the row of the position was deleted; a token
that was altered, or made for another list or key, is refused before any SQL.
Needs: a secret of 16 bytes or more, the same in every process. To replace it without refusing
anyone: accept the new one everywhere, then sign with it, then drop the old one.
Limits: signed, not encrypted: a client can read the ordering values, so order by what it may
see. A token does not expire. It knows None, bool, int, float, Decimal, str, bytes, UUID, date,
datetime and nothing else. asyncpg reads ``infinity`` and the year 9999's last moment as one
value; such values are refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from hmac import compare_digest, digest
from typing import Any, NamedTuple
from uuid import UUID


class InvalidCursor(ValueError):
    """A token that this list did not give out: answer 400 and begin again at the first page."""


class Position(NamedTuple):
    """A place between rows; ``values`` of None are the end that the reader starts from."""

    values: tuple[Any, ...] | None
    backward: bool = False


class CursorCodec:
    """Turns positions into tokens and back: HMAC-SHA256 over a typed, versioned payload.

    The first of ``keys`` signs, all verify. Raises TypeError for keys that are not bytes,
    ValueError for none and for one below 16 bytes. Sends nothing.
    """

    version = 1

    def __init__(self, *, keys: Sequence[bytes], longest: int = 1024) -> None:
        self._keys, self._longest = checked_keys(keys), longest

    def encode(self, position: Position, *, bound_to: str) -> str:
        """Return the token of ``position`` in the list ``bound_to``: ASCII, safe in a URL.

        Raises TypeError or ValueError for values that it could not give back whole.
        """
        values = None if position.values is None else [*map(dump_value, position.values)]
        payload = json.dumps([self.version, position.backward, values], separators=(",", ":"))
        token = seal(payload.encode(), bound_to, self._keys[0])
        if len(token) > self._longest:
            raise ValueError(f"a cursor of {len(token)} characters: order by shorter values")
        return token

    def decode(self, token: str, *, bound_to: str) -> Position:
        """Return the position that ``encode`` was given; raises InvalidCursor."""
        if not isinstance(token, str) or len(token) > self._longest or not token.isascii():
            raise InvalidCursor(f"a cursor is ASCII text of at most {self._longest} characters")
        try:
            payload = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[32:]
        except ValueError:
            raise InvalidCursor("the cursor is cut short or is not base64") from None
        if not any(compare_digest(token, seal(payload, bound_to, key)) for key in self._keys):
            raise InvalidCursor("the cursor was altered, or made for another list or key")
        version, backward, values = json.loads(payload)
        if version != self.version:
            raise InvalidCursor(f"a cursor of version {version}, not {self.version}")
        return Position(None if values is None else tuple(map(load_value, values)), backward)


def seal(payload: bytes, bound_to: str, key: bytes) -> str:
    """Return the only text that is accepted for ``payload``, although base64 knows several."""
    message = hashlib.sha256(bound_to.encode()).digest() + payload
    return base64.urlsafe_b64encode(digest(key, message, "sha256") + payload).rstrip(b"=").decode()


def checked_keys(keys: Sequence[bytes]) -> list[bytes]:
    """Return ``keys`` as a list; raise TypeError or ValueError for what should sign nothing."""
    if not all(isinstance(key, bytes) for key in keys):
        raise TypeError("keys must be a sequence of bytes")
    if not keys or any(len(key) < 16 for key in keys):
        raise ValueError("give at least one key, each of 16 bytes or more")
    return list(keys)


def dump_value(value: Any) -> list[str] | None:
    """Return ``value`` as a type and a text that keep every digit; None stays None.

    Raises TypeError for other types, ValueError for a date or datetime that may be infinity.
    """
    match value:
        case None:
            return None
        case bool():
            return ["bool", str(value)]
        case int() if not isinstance(value, Enum):
            return ["int", str(value)]
        case float():
            return ["float", value.hex()]
        case Decimal():
            return ["Decimal", str(value)]
        case str() if not isinstance(value, Enum):
            return ["str", str(value)]
        case bytes():
            return ["bytes", value.hex()]
        case UUID():
            return ["UUID", str(value)]
        case datetime() if value.replace(tzinfo=None) not in (datetime.min, datetime.max):
            return ["datetime", value.isoformat()]
        case date() if value not in (date.min, date.max) and not isinstance(value, datetime):
            return ["date", value.isoformat()]
        case date():
            raise ValueError(f"{value} stands for infinity too: order by an expression without it")
    raise TypeError(f"a cursor cannot hold a value of type {type(value).__name__}")


def load_value(dumped: list[str] | None) -> Any:
    """Return the value that ``dump_value`` was given."""
    return None if dumped is None else _LOADERS[dumped[0]](dumped[1])


_LOADERS: dict[str, Callable[[str], Any]] = {
    "bool": "True".__eq__,
    "int": int,
    "float": float.fromhex,
    "Decimal": Decimal,
    "str": str,
    "bytes": bytes.fromhex,
    "UUID": UUID,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}
