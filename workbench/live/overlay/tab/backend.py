"""The one PostgreSQL backend of the tab, below all connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tab.place import DATABASE, USER
from tab.wire import message, messages, values

type Raw = Callable[[bytes], bytes]
"""Takes whole frontend messages and returns every backend message that they caused."""


@dataclass
class Greeting:
    """What the backend says once, at its start, and each connection wants to hear."""

    parameters: dict[str, str] = field(default_factory=dict)
    pid: int = 0
    key: int = 0


class Backend:
    """Talks to the backend over ``raw``."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self._number = 0
        self.greeting = self._greet()

    def _greet(self) -> Greeting:
        body = (3 << 16).to_bytes(4, "big")
        body += f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
        greeting = Greeting()
        for kind, content in messages(self.raw((len(body) + 4).to_bytes(4, "big") + body)):
            if kind == b"S":
                name, value = content.decode().split("\0")[:2]
                greeting.parameters[name] = value
            elif kind == b"K":
                greeting.pid = int.from_bytes(content[:4], "big")
                greeting.key = int.from_bytes(content[4:8], "big")
        return greeting

    def rows(self, sql: str) -> list[list[str | None]]:
        """Run ``sql`` as one simple query and return the rows as text.

        Raises RuntimeError, with the database's message, where it fails.
        """
        found = []
        for kind, body in messages(self.answer(sql)):
            if kind == b"D":
                found.append([None if v is None else v.decode() for v in values(body)])
            elif kind == b"E":
                raise RuntimeError(body.decode(errors="replace").replace("\0", " "))
        return found

    def answer(self, sql: str) -> bytes:
        """Run ``sql`` as one simple query and return the messages, an error's too."""
        return self.raw(message(b"Q", sql.encode(), b"\0"))

    def next_number(self) -> int:
        """Return a number that was not returned before."""
        self._number += 1
        return self._number


def literal(text: str) -> str:
    """Return ``text`` as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return ``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
