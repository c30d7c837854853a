"""The body of an ``env.py``: Alembic's migrations through an async engine.

Buys: one ``env.py`` that runs from the command line, with ``--sql``, and inside a test or a
notebook whose event loop runs already; a comparison that looks at server defaults as well.
Needs: an async driver in the URL; named constraints (a naming convention on the metadata).
Limits: each revision commits on its own, so the second of two pending ones can fail and leave
the first applied; ``alembic ensure_version`` has no revision to commit and keeps nothing. A
connection that is in a transaction already keeps it, and nothing is committed. Comparing two
server defaults that PostgreSQL spells differently runs both: sequences lose a value, and
``random() * 2`` differs on every run. Logging stays with ``env.py``.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from alembic import context
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool


def run_migrations(
    metadata: MetaData | Sequence[MetaData] | None,
    *,
    url: URL | str | None = None,
    **options: Any,
) -> None:
    """Run the command that Alembic was called with; call this at the end of ``env.py``.

    The migrations run on ``config.attributes["connection"]``, else on a connection to ``url``,
    else to ``sqlalchemy.url`` of ``alembic.ini`` (where ``%`` is written ``%%``). ``options`` are
    those of ``EnvironmentContext.configure()`` and win over the defaults here. Raises CommandError
    where there is no URL, where an event loop runs and no connection was given, and for a
    connection that is not a SQLAlchemy ``Connection``, which is what ``run_sync()`` hands out.
    Costs no statements but Alembic's own.
    """
    options = {
        "target_metadata": metadata,
        "compare_server_default": True,
        "transaction_per_migration": True,
        **options,
    }
    connection = context.config.attributes.get("connection")
    url = url or context.config.get_main_option("sqlalchemy.url")
    if not context.is_offline_mode() and connection is not None:
        if not isinstance(connection, Connection):
            raise CommandError(f"a Connection from run_sync() is needed, not {connection!r}")
        _run(connection=connection, **options)
    elif not url:
        raise CommandError("no database: pass url, or set sqlalchemy.url in alembic.ini")
    elif context.is_offline_mode():
        _run(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"}, **options)
    elif _loop_runs():
        raise CommandError('an event loop runs: set config.attributes["connection"] in run_sync()')
    else:
        asyncio.run(_connect_and_run(url, options))


def _run(**options: Any) -> None:
    context.configure(**options)
    with context.begin_transaction():
        context.run_migrations()


async def _connect_and_run(url: URL | str, options: dict[str, Any]) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: _run(connection=sync, **options))


def _loop_runs() -> bool:
    try:
        return asyncio.get_running_loop() is not None
    except RuntimeError:
        return False
