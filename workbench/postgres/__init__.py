"""Which PostgreSQL a run uses, starting one if need be, and databases for the run on it."""

from workbench.postgres.check import check_server
from workbench.postgres.databases import (
    create_database,
    drop_database,
    drop_databases_of_run,
    sweep,
)
from workbench.postgres.server import Server, open_server
from workbench.postgres.unavailable import ServerUnavailable

__all__ = [
    "Server",
    "ServerUnavailable",
    "check_server",
    "create_database",
    "drop_database",
    "drop_databases_of_run",
    "open_server",
    "sweep",
]
