"""The parameters that a connection starts with (``server_settings``).

A server takes them as what RESET goes back to. Here they are set in the session, and set again
after a RESET.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from asyncpg.exceptions import _base as messages_of_exceptions
from tab.backend import literal
from tab.links import Link
from tab.refusals import Refused
from tab.wire import fields, messages

from . import requests

_RESET = re.compile(r"\b(?:reset|discard)\s+(\"[^\"]+\"|[\w.]+)", re.IGNORECASE)


class Parameters:
    """What one connection asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    def check(self) -> None:
        """Raise the database's error for a parameter that it does not take."""
        if not self.values:
            return
        link = Link(user=None, database=None, settings={}, notified=lambda _: None)
        try:
            sql = "BEGIN;" + "".join(map(self._set, self.values)) + "ROLLBACK"
            for kind, body in messages(link.exchange(requests.query(sql))):
                if kind == b"E":
                    raise messages_of_exceptions.PostgresError.new(fields(body))
        except Refused:
            # Another link's transaction is open: the first statement will tell.
            pass
        finally:
            link.close()

    def reported(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters that the server reports, as this connection starts with them."""
        asked = {name.lower(): value for name, value in self.values.items()}
        return {name: asked.get(name.lower(), value) for name, value in parameters.items()}

    def after(self, sql: str) -> Iterator[bytes]:
        """Yield the requests that put back what ``sql`` has reset."""
        if not self.values:
            return
        names = {name.strip('"').lower() for name in _RESET.findall(sql)}
        again = [name for name in self.values if "all" in names or name.lower() in names]
        if again:
            yield requests.query("".join(map(self._set, again)))

    def _set(self, name: str) -> str:
        return f"SELECT set_config({literal(name)}, {literal(self.values[name])}, false);"
