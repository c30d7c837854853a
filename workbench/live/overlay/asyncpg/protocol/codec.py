"""One type's way from Python to PostgreSQL and back."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol


class Context(Protocol):
    """What codecs ask of the connection."""

    def encode_text(self, text: str) -> bytes:
        """Return ``text`` in the connection's character set."""

    def decode_text(self, data: bytes) -> str:
        """Return the text that ``data`` is in the connection's character set."""

    def get_data_codec(self, oid: int) -> Codec | None:
        """Return the codec of a type."""


type Encode = Callable[[Any, Any], bytes]
"""Takes a Context and a value; raises TypeError, ValueError… with asyncpg's words."""
type Decode = Callable[[Any, bytes], Any]
"""Takes a Context and what PostgreSQL sent."""


class Format(enum.IntEnum):
    """In which of its two formats PostgreSQL takes and gives a value."""

    ANY = -1
    TEXT = 0
    BINARY = 1


class Exchange(enum.IntEnum):
    """What a reader's own codec works on: text or bytes, or a tuple of integers."""

    OBJECT = 1
    TUPLE = 2


@dataclass(frozen=True, slots=True)
class Codec:
    """How values of the type ``oid`` are encoded and decoded; None where they cannot be."""

    oid: int
    name: str
    schema: str | None
    kind: str
    format: Format
    encode: Encode | None
    decode: Decode | None
    size: int | None = None
    """The number of bytes of each value, where all have the same."""

    def named(self, oid: int, name: str, schema: str, kind: str) -> Codec:
        """Return the same codec for another type."""
        return replace(self, oid=oid, name=name, schema=schema, kind=kind)


def prefixed(data: bytes) -> bytes:
    """Return ``data`` with its length before it, as values are sent."""
    return len(data).to_bytes(4, "big") + data


NULL = b"\xff\xff\xff\xff"
"""The length that stands for no value."""
