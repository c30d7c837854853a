"""Databases of a run: made for it, recognised afterwards, and dropped; never anybody else's."""

import contextlib
import hashlib
import re
import secrets
import time

import asyncpg
from sqlalchemy import URL

from workbench.postgres.administration import Connection, administer
from workbench.postgres.settings import database_settings, role_has_settings

COMMENT = "Made by Database Patterns for one run; it may be dropped."
"""The comment of each database of ours; a database without it is never dropped."""

STALE_SECONDS = 24 * 60 * 60
"""The age from which `sweep` drops a database that nobody uses."""

_LONGEST_LABEL = 14
_LONGEST_RUN = 12
_OURS = re.compile(
    r"database_patterns_(?P<label>[a-z0-9_]+)_(?P<epoch>[0-9a-f]{8})_(?P<run>[a-z0-9]{1,12})"
    r"_(?P<random>[0-9a-f]{8})"
)
_ATTEMPTS = 5


def create_database(server_url: URL, *, label: str, run: str) -> URL:
    """Create an empty database for ``run`` and return its URL.

    The name is ``database_patterns_{label}_{time}_{run}_{random}``, at most 63 bytes; label and
    run are shortened to fit. The database is UTF8 with locale C, made from template0, and has
    the settings of `workbench.postgres.settings`. Host and credentials are those of
    ``server_url``. Raises `ServerUnavailable`; nothing is left behind then.
    """
    name = f"database_patterns_{_label(label)}_{int(time.time()):08x}_{_run(run)}"
    name += f"_{secrets.token_hex(4)}"

    async def create(connection: Connection) -> None:
        await _unhindered(connection)
        await _create_from_template(connection, name)
        try:
            await _furnish(connection, name)
        except BaseException:
            await connection.execute(f"DROP DATABASE {name}")
            raise

    administer(server_url, create)
    return server_url.set(database=name)


def drop_database(server_url: URL, name: str) -> None:
    """Drop the database ``name``, ending its connections; do nothing if it does not exist.

    Raises ValueError for a database that is not ours, and `ServerUnavailable`.
    """

    async def drop(connection: Connection) -> None:
        await _unhindered(connection)
        if name in await _ours(connection):
            await _drop(connection, name, options="WITH (FORCE)")
        elif not _OURS.fullmatch(name) or await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name
        ):
            raise ValueError(f"{name!r} is not a database of Database Patterns")

    administer(server_url, drop)


def drop_databases_of_run(server_url: URL, run: str) -> list[str]:
    """Drop each database that `create_database` made for ``run``, ending its connections.

    Returns the names dropped. Raises `ServerUnavailable`, after dropping what the role may, when
    another role owns one of them.
    """
    wanted = _run(run)

    async def drop(connection: Connection) -> list[str]:
        await _unhindered(connection)
        names = [
            name for name, found in (await _ours(connection)).items() if found["run"] == wanted
        ]
        refused: asyncpg.PostgresError | None = None
        for name in names:
            try:
                await _drop(connection, name, options="WITH (FORCE)")
            except asyncpg.InsufficientPrivilegeError as error:
                refused = error
        if refused is not None:
            raise refused
        return names

    return administer(server_url, drop)


def sweep(server_url: URL) -> list[str]:
    """Drop the databases of ours that are older than 24 hours and have no connection.

    They are left by runs that were killed. Connections are never ended: a database in use, or
    owned by another role, stays. Returns the names dropped. Raises `ServerUnavailable`.
    """
    before = time.time() - STALE_SECONDS

    async def drop(connection: Connection) -> list[str]:
        await _unhindered(connection)
        dropped = []
        for name, found in (await _ours(connection)).items():
            stale = int(found["epoch"], 16) < before
            if stale and await _is_unused(connection, name):
                with contextlib.suppress(
                    asyncpg.ObjectInUseError, asyncpg.InsufficientPrivilegeError
                ):
                    await _drop(connection, name)
                    dropped.append(name)
        return dropped

    return administer(server_url, drop)


def _label(text: str) -> str:
    cleaned = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return cleaned[:_LONGEST_LABEL].strip("_") or "unnamed"


def _run(text: str) -> str:
    if re.fullmatch(r"[a-z0-9]{1,12}", text):
        return text
    # Shortening could make two runs one, and one run would then drop the other's databases.
    return hashlib.blake2b(text.encode(), digest_size=_LONGEST_RUN // 2).hexdigest()


async def _unhindered(connection: Connection) -> None:
    await connection.execute(
        "SET default_transaction_read_only = off; SET statement_timeout = 0; SET lock_timeout = 0"
    )


async def _create_from_template(connection: Connection, name: str) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
                " LOCALE_PROVIDER libc LOCALE 'C'"
            )
            return
        except asyncpg.ObjectInUseError:
            # Somebody else is copying template0 in a way that excludes us for a moment.
            if attempt == _ATTEMPTS - 1:
                raise
            await connection.fetchval("SELECT pg_sleep(0.2)")


async def _furnish(connection: Connection, name: str) -> None:
    settings = await database_settings(connection)
    scopes = [f"DATABASE {name}"]
    if await role_has_settings(connection):
        scopes.append(f"ROLE CURRENT_USER IN DATABASE {name}")
    statements = [f"COMMENT ON DATABASE {name} IS {_literal(COMMENT)}"]
    statements += [
        f'ALTER {scope} SET "{setting}" TO {_value(setting, value)}'
        for scope in scopes
        for setting, value in settings.items()
    ]
    await connection.execute(";\n".join(statements))


def _value(setting: str, value: str) -> str:
    # A list has to stay a list: quoted as a whole it would name one schema.
    return value if setting == "search_path" else _literal(value)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def _ours(connection: Connection) -> dict[str, re.Match[str]]:
    rows = await connection.fetch(
        "SELECT datname FROM pg_database"
        " WHERE shobj_description(oid, 'pg_database') = $1 AND NOT datistemplate ORDER BY datname",
        COMMENT,
    )
    found = {name: _OURS.fullmatch(name) for (name,) in rows}
    return {name: match for name, match in found.items() if match}


async def _is_unused(connection: Connection, name: str) -> bool:
    # DROP DATABASE finds that out too, after waiting five seconds for the others to leave.
    connections = await connection.fetchval(
        "SELECT numbackends FROM pg_stat_database WHERE datname = $1", name
    )
    return bool(connections == 0)


async def _drop(connection: Connection, name: str, *, options: str = "") -> None:
    await connection.execute(f"DROP DATABASE IF EXISTS {name} {options}")
