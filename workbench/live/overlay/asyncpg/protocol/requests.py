"""The messages that a client sends.

Source: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from __future__ import annotations

from tab.wire import SYNC, message

__all__ = [
    "SYNC",
    "bind",
    "close",
    "copy_data",
    "copy_done",
    "copy_fail",
    "describe",
    "execute",
    "parse",
    "query",
]


def _text(text: str) -> bytes:
    return text.encode() + b"\0"


def query(sql: str) -> bytes:
    """Run statements without arguments."""
    return message(b"Q", _text(sql))


def parse(name: str, sql: str) -> bytes:
    """Prepare a statement."""
    return message(b"P", _text(name), _text(sql), b"\0\0")


def describe(name: str) -> bytes:
    """Ask for the types of a statement's arguments and columns."""
    return message(b"D", b"S", _text(name))


def bind(portal: str, name: str, arguments: bytes) -> bytes:
    """Bind arguments, as ``PreparedStatementState`` encodes them, to a statement."""
    return message(b"B", _text(portal), _text(name), arguments)


def execute(portal: str, limit: int) -> bytes:
    """Run what was bound, for at most so many rows; 0 is all."""
    return message(b"E", _text(portal), limit.to_bytes(4, "big"))


def close(name: str, *, portal: bool) -> bytes:
    """Forget a statement or a portal."""
    return message(b"C", b"P" if portal else b"S", _text(name))


def copy_data(data: bytes | memoryview) -> bytes:
    """Send a part of what COPY reads."""
    return message(b"d", bytes(data))


def copy_done() -> bytes:
    """End what COPY reads."""
    return message(b"c")


def copy_fail(reason: str) -> bytes:
    """Make COPY fail."""
    return message(b"f", _text(reason))
