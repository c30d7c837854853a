"""Whether a server can be used at all."""

from sqlalchemy import URL

from workbench.postgres.address import place
from workbench.postgres.administration import Connection, administer
from workbench.postgres.unavailable import ServerUnavailable

OLDEST_SUPPORTED = 15


def check_server(url: URL) -> tuple[int, int]:
    """The version (major, minor) of the server at ``url``, once it is known to be usable.

    Usable means: it answers within ten seconds, takes the role and its password, is PostgreSQL
    15 or later, is not a read-only standby, and lets the role create databases. Raises
    `ServerUnavailable` with one sentence otherwise.
    """

    async def check(connection: Connection) -> tuple[int, int]:
        reported = connection.get_server_version()
        # asyncpg puts the 6 of 18.6 into "micro", as the third part of 18.0.6.
        version = (int(reported.major), int(reported.micro))
        require_supported(version, url)
        if await connection.fetchval("SELECT pg_is_in_recovery()"):
            raise ServerUnavailable(
                f"The server at {place(url)} is a read-only standby: name the primary in "
                "DATABASE_URL."
            )
        role, may_create = (
            await connection.fetch(
                "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            )
        )[0]
        if not may_create:
            raise ServerUnavailable(
                f"The role {role} on the server at {place(url)} may not create databases: run "
                f'ALTER ROLE "{role}" CREATEDB there as an administrator, or use another role in '
                "DATABASE_URL."
            )
        return version

    return administer(url, check)


def require_supported(version: tuple[int, int], url: URL) -> None:
    """Raise `ServerUnavailable` when ``version`` is older than PostgreSQL 15."""
    if version[0] < OLDEST_SUPPORTED:
        raise ServerUnavailable(
            f"The server at {place(url)} is PostgreSQL {version[0]}.{version[1]}, and "
            f"{OLDEST_SUPPORTED} or later is needed: upgrade it, or unset DATABASE_URL to use the "
            "embedded server."
        )
