"""The database that a lesson runs in: the only one in the tab."""

from __future__ import annotations

from sqlalchemy import URL
from tab.place import DATABASE, HOST, USER

RUN_VARIABLE = "WORKBENCH_RUN"
LABEL_VARIABLE = "WORKBENCH_LESSON"


def database_url() -> URL:
    """Return the URL of the tab's database."""
    return URL.create("postgresql+asyncpg", username=USER, host=HOST, database=DATABASE)
