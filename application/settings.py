"""What the application takes from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

SHORTEST_KEY = 16


class SettingsMissing(ValueError):
    """Says which variable is missing or wrong; shows no value."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``cursor_key`` signs the cursors of lists: 16 bytes or more, equal in every process."""

    database: URL
    cursor_key: bytes


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read DATABASE_URL and CURSOR_KEY. Raises SettingsMissing with one sentence."""
    database = database_from(environment)
    key = environment.get("CURSOR_KEY", "").encode()
    if len(key) < SHORTEST_KEY:
        raise SettingsMissing(f"CURSOR_KEY must be a secret of {SHORTEST_KEY} bytes or more")
    return Settings(database=database, cursor_key=key)


def database_from(environment: Mapping[str, str]) -> URL:
    """Read DATABASE_URL, whatever driver it names. Raises SettingsMissing with one sentence."""
    try:
        database = make_url(environment.get("DATABASE_URL", ""))
    except (ArgumentError, ValueError):
        raise SettingsMissing(
            "DATABASE_URL is not set to a URL such as postgresql://user@host/database"
        ) from None
    if database.get_backend_name() != "postgresql":
        raise SettingsMissing("DATABASE_URL must be the URL of a PostgreSQL database")
    return database.set(drivername="postgresql+asyncpg")
