"""What a failed connection means, as a sentence for a person."""

import errno
import os
import socket
import ssl

import asyncpg
from sqlalchemy import URL

from workbench.postgres.address import place

CONNECT_SECONDS = 10
"""How long a connection may take, from resolving the name to the first answer."""

_REFUSED_CONNECTION = (
    "Nothing accepts connections at {where}: start the server (docker compose up -d --wait), or "
    "correct DATABASE_URL."
)
_OTHER_PROTOCOL = (
    "What listens at {where} broke off or does not speak PostgreSQL's protocol: check the port in "
    "DATABASE_URL."
)
_NO_TLS = (
    "The server at {where} does not offer TLS, which DATABASE_URL asks for: check the port, and "
    "remove the ssl parameter or switch TLS on in the server."
)
_NO_ROLE = "The server at {where} has no role named {role}: create it, or use another role."
_TLS_ONLY = (
    "The server at {where} admits role {role} only with TLS, or not from this machine: set "
    "ssl=require in DATABASE_URL, or allow the connection in its pg_hba.conf."
)
_NOT_ADMITTED = (
    "The server at {where} does not admit role {role} ({message}): check the role in DATABASE_URL "
    "and the server's pg_hba.conf."
)

# The first match counts, so the special ones come before their base classes.
_SENTENCES: tuple[tuple[type[BaseException], str], ...] = (
    (
        asyncpg.InvalidPasswordError,
        "The server at {where} refused the password of role {role}, or has no such role: correct "
        "the role or the password in DATABASE_URL.",
    ),
    (asyncpg.InvalidAuthorizationSpecificationError, _NOT_ADMITTED),
    (
        asyncpg.InvalidCatalogNameError,
        "The server at {where} has no database named {database}: name one that exists in "
        "DATABASE_URL, for example postgres.",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "The server at {where} has no connection left to give: close some, or raise "
        "max_connections.",
    ),
    (
        asyncpg.CannotConnectNowError,
        "The server at {where} is starting, stopping or recovering: try again in a few seconds.",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "The server at {where} does not allow role {role} to do this ({message}): grant it, or "
        "use another role in DATABASE_URL.",
    ),
    (
        asyncpg.DiskFullError,
        "The disk of the server at {where} is full: free some space there.",
    ),
    (asyncpg.ConnectionDoesNotExistError, _OTHER_PROTOCOL),
    (
        asyncpg.PostgresError,
        "The server at {where} refused: {message}; correct DATABASE_URL.",
    ),
    (
        asyncpg.ClientConfigurationError,
        "The connection to {where} cannot be configured ({message}): correct the parameters of "
        "DATABASE_URL or the PG… variables of the environment.",
    ),
    (
        TimeoutError,
        f"No PostgreSQL server answered at {{where}} within {CONNECT_SECONDS} seconds: check the "
        "host, the port and any firewall between.",
    ),
    (
        socket.gaierror,
        "The host of {where} cannot be resolved: correct the host in DATABASE_URL, or check the "
        "network.",
    ),
    (
        ssl.SSLCertVerificationError,
        "The certificate of the server at {where} is not trusted: put its authority into "
        "~/.postgresql/root.crt, or use ssl=require in DATABASE_URL.",
    ),
    (
        ssl.SSLError,
        "TLS with the server at {where} failed: check that a PostgreSQL server listens there, and "
        "the ssl parameter of DATABASE_URL.",
    ),
    (ConnectionRefusedError, _REFUSED_CONNECTION),
    (ConnectionError, _OTHER_PROTOCOL),
    (
        FileNotFoundError,
        "There is no PostgreSQL at {where}: start the server, or correct DATABASE_URL.",
    ),
    (
        PermissionError,
        "This account may not use {where}: ask for access, or correct DATABASE_URL.",
    ),
    (
        OSError,
        "The server at {where} cannot be reached ({message}): check the host in DATABASE_URL and "
        "the network.",
    ),
    (BaseException, _OTHER_PROTOCOL),
)


def explain(error: BaseException, url: URL) -> str:
    """One sentence that says why ``url`` could not be used and what to do; never a password."""
    sentence = _by_text(error, url) or next(
        text for kind, text in _SENTENCES if isinstance(error, kind)
    )
    return sentence.format(
        where=place(url),
        role=url.username or "of your account",
        database=url.database,
        message=_message(error),
    )


def _by_text(error: BaseException, url: URL) -> str | None:
    """The sentence for an error that only its text tells from others of its class."""
    text = str(error)
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        if "does not exist" in text:
            return _NO_ROLE
        if "no encryption" in text or "SSL off" in text:
            return _TLS_ONLY
    # asyncio joins the failures of several addresses of one host into one error of no number.
    elif isinstance(error, OSError) and error.errno is None:
        if "SSL upgrade" in text:
            # Any answer but yes counts as a rejection, also that of another protocol.
            asked = url.query.get("ssl") or os.environ.get("PGSSLMODE", "prefer")
            return _OTHER_PROTOCOL if asked in ("prefer", "allow") else _NO_TLS
        if "Connect call failed" in text:
            return _REFUSED_CONNECTION
    return None


def _message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, "no route")
    return str(error).strip().rstrip(".").split("\n")[0]
