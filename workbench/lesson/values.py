"""Bind values as text that is the same in every run."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

_LONGEST = 60
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_MOMENT = re.compile(
    r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::\d\d)?)?(?![\d:])"
)
_CLOCK_TOLERANCE = dt.timedelta(days=1)


class ValueNames:
    """Names for values that differ from run to run, numbered by first appearance.

    A UUID becomes ``<uuid 1>``, ``<uuid 2>`` and so on: equal UUIDs keep equal numbers.
    A date and time within a day of the clock becomes ``<now>``; any other is shown.
    """

    def __init__(self) -> None:
        self._numbers: dict[uuid.UUID, int] = {}

    def literal(self, value: Any) -> str:
        """Return ``value`` in the notation of SQL, cut to 60 characters."""
        match value:
            case None:
                return "NULL"
            case bool():
                return "true" if value else "false"
            case uuid.UUID():
                return self._name(uuid.UUID(int=value.int))
            case dt.datetime() if _near_now(value):
                return "<now>"
            case dt.datetime() | dt.date() | dt.time():
                return f"'{value}'"
            case bytes():
                return _cut(f"'\\x{value.hex()}'")
            case str():
                return _cut("'" + self.text(value).replace("'", "''") + "'")
            case list() | tuple():
                return _cut("{" + ", ".join(self.literal(item) for item in value) + "}")
            case _:
                return _cut(self.text(str(value)))

    def text(self, text: str) -> str:
        """Return ``text`` with each UUID and each date and time near the clock named."""
        text = _MOMENT.sub(_named_if_now, text)
        return _UUID.sub(lambda found: self._name(uuid.UUID(found[0])), text)

    def _name(self, value: uuid.UUID) -> str:
        number = self._numbers.setdefault(value, len(self._numbers) + 1)
        return f"<uuid {number}>"


def _named_if_now(found: re.Match[str]) -> str:
    try:
        return "<now>" if _near_now(dt.datetime.fromisoformat(found[0])) else found[0]
    except ValueError:
        return found[0]


def _near_now(value: dt.datetime) -> bool:
    return abs(dt.datetime.now(value.tzinfo) - value) < _CLOCK_TOLERANCE


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
