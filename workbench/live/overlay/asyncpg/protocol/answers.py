"""What the backend answered to one request."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tab.wire import fields

type Message = tuple[bytes, bytes]

_HEAD = struct.Struct("!ci")


def messages(stream: bytes) -> Iterator[Message]:
    """Yield the type and the body of each message; rows are many, so this is kept quick."""
    head, at, end = _HEAD.unpack_from, 0, len(stream)
    while at < end:
        kind, length = head(stream, at)
        stop = at + 1 + length
        yield kind, stream[at + 5 : stop]
        at = stop


@dataclass
class Answer:
    """The backend's messages, sorted."""

    rows: list[Any] = field(default_factory=list)
    status: bytes | None = None
    completed: bool = False
    """Whether the statement has no more rows to give."""
    parameters: bytes | None = None
    columns: bytes | None = None
    copied: list[bytes] = field(default_factory=list)
    error: dict[str, str] | None = None
    undecodable: Exception | None = None
    """What reading a row raised."""


class Reader:
    """Sorts messages into an Answer, and tells of what belongs to no request at once."""

    def __init__(
        self,
        *,
        noticed: Callable[[dict[str, str]], None],
        set_parameter: Callable[[str, str], None],
    ) -> None:
        self._noticed = noticed
        self._set_parameter = set_parameter

    def read(self, found: Iterator[Message], row: Callable[[bytes], Any] | None = None) -> Answer:
        """Return the answer; ``row`` reads a DataRow, and without it rows are skipped."""
        answer = Answer()
        for kind, body in found:
            if kind == b"D":
                if row is not None and answer.undecodable is None:
                    try:
                        answer.rows.append(row(body))
                    except Exception as raised:
                        answer.undecodable = raised
            else:
                self._note(answer, kind, body)
        return answer

    def _note(self, answer: Answer, kind: bytes, body: bytes) -> None:
        match kind:
            case b"C":
                answer.status, answer.completed = body[:-1], True
            case b"d":
                answer.copied.append(body)
            case b"t":
                answer.parameters = body
            case b"T":
                answer.columns = body
            case b"E":
                answer.error = fields(body)
            case b"N":
                self._noticed(fields(body))
            case b"S":
                name, value, _ = body.decode().split("\0")
                self._set_parameter(name, value)
