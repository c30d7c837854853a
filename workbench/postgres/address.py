"""Reading the address of a server from ``DATABASE_URL``, and naming it without its password."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from workbench.postgres.unavailable import ServerUnavailable

DRIVER = "postgresql+asyncpg"
ADMINISTRATIVE_DATABASE = "postgres"

_ACCEPTED = frozenset({"postgresql", "postgres", DRIVER, "postgresql+psycopg"})
_ADVICE = (
    "write it as postgresql://role:password@host:port/database, with special characters of the "
    "password percent-encoded"
)
_LIFTED = {"user": "username", "password": "password", "dbname": "database"}
_RENAMED = {"sslmode": "ssl"}
# Parameters of libpq that change nothing in what is executed; asyncpg knows none of them.
_DROPPED = frozenset({"application_name", "client_encoding", "connect_timeout"})
_SQLALCHEMY_ONLY = frozenset({"prepared_statement_cache_size"})
_UNDERSTOOD = _SQLALCHEMY_ONLY | {"host", "port", "ssl", "target_session_attrs", "passfile"}


def read_database_url(text: str) -> URL:
    """The URL in ``text``, in the form that ``create_async_engine`` takes with asyncpg.

    The schemes ``postgresql``, ``postgres``, ``postgresql+asyncpg`` and ``postgresql+psycopg``
    are accepted. libpq's ``sslmode`` becomes asyncpg's ``ssl``; a URL without a database means
    the database ``postgres``. Raises `ServerUnavailable` for anything else, without repeating
    the parts of the URL that may hold a password.
    """
    url, mistake = _parse(text.strip())
    # Raised here and not in a handler: SQLAlchemy's own error repeats the URL.
    if url is None:
        raise ServerUnavailable(mistake)
    query: dict[str, str | tuple[str, ...]] = {}
    lifted: dict[str, str] = {}
    for name, value in url.query.items():
        single = value if isinstance(value, str) else value[-1]
        if name in _LIFTED:
            lifted[_LIFTED[name]] = single
        elif name in _RENAMED:
            query[_RENAMED[name]] = single
        elif name in _UNDERSTOOD:
            query[name] = value if name == "host" else single
        elif name not in _DROPPED:
            raise ServerUnavailable(
                f"DATABASE_URL has the parameter {name!r}, which the driver asyncpg does not "
                "take: remove it from the URL."
            )
    return URL.create(
        DRIVER,
        username=lifted.get("username", url.username),
        password=lifted.get("password", url.password),
        host=url.host,
        port=url.port,
        database=lifted.get("database", url.database) or ADMINISTRATIVE_DATABASE,
        query=query,
    )


def _parse(text: str) -> tuple[URL | None, str]:
    """The URL and what is wrong with it, if anything."""
    try:
        url = make_url(text)
    except ArgumentError:
        return None, f"DATABASE_URL is not a URL: {_ADVICE}."
    except ValueError:
        return None, f"The port in DATABASE_URL is not a number: {_ADVICE}."
    mistake = ""
    if url.drivername not in _ACCEPTED:
        mistake = (
            f"DATABASE_URL begins with {url.drivername}://, which is not PostgreSQL: {_ADVICE}."
        )
    elif "@" in (url.host or ""):
        # Part of a password with an unencoded "@" would be shown as the host.
        mistake = f"DATABASE_URL has an @ too many: {_ADVICE}."
    elif not all(_is_port(port) for port in _ports(url)):
        mistake = "The port in DATABASE_URL is not a number from 1 to 65535: correct it."
    return (None if mistake else url), mistake


def _ports(url: URL) -> tuple[str, ...]:
    in_query = url.query.get("port", ())
    several = in_query.split(",") if isinstance(in_query, str) else in_query
    return (*several, *([] if url.port is None else [str(url.port)]))


def _is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) < 65536


def connect_arguments(url: URL) -> dict[str, Any]:
    """What ``asyncpg.connect`` is called with for ``url``, exactly as SQLAlchemy would call it."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    return {name: value for name, value in arguments.items() if name not in _SQLALCHEMY_ONLY}


def place(url: URL) -> str:
    """Where the server of ``url`` is, for a sentence: ``host:port`` or its socket's directory."""
    arguments: Mapping[str, Any] = connect_arguments(url)
    host = arguments.get("host") or "the default host"
    port = arguments.get("port")
    if isinstance(host, list):
        return ", ".join(host)
    if str(host).startswith("/"):
        return f"the socket in {host}"
    return f"{host}:{port or 5432}"
