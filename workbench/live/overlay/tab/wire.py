"""PostgreSQL's message format, protocol version 3.

Source: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from __future__ import annotations

from collections.abc import Iterator

SYNC = b"S\0\0\0\4"


def message(kind: bytes, *parts: bytes) -> bytes:
    """Return one message: its type, its length, its body."""
    body = b"".join(parts)
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def messages(stream: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the body of each message of ``stream``, which holds whole ones."""
    start, end = 0, len(stream)
    while start < end:
        stop = start + 1 + int.from_bytes(stream[start + 1 : start + 5], "big")
        yield stream[start : start + 1], stream[start + 5 : stop]
        start = stop


def fields(body: bytes) -> dict[str, str]:
    """Return the fields of an ErrorResponse or a NoticeResponse by their one-letter codes."""
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}


def values(body: bytes) -> list[bytes | None]:
    """Return the values of a DataRow."""
    row: list[bytes | None] = []
    at = 2
    for _ in range(int.from_bytes(body[:2], "big")):
        length = int.from_bytes(body[at : at + 4], "big", signed=True)
        at += 4
        if length < 0:
            row.append(None)
        else:
            row.append(body[at : at + length])
            at += length
    return row
