"""Databases for the tests of copied snippets: a fresh one each, on the server of DATABASE_URL."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@pytest.fixture
async def empty_database() -> AsyncIterator[URL]:
    """Make a database under a name of its own, and drop it after the test; touch no other."""
    server = server_url()
    name = f"snippet_test_{secrets.token_hex(8)}"
    await administer(server, f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield server.set(database=name)
    await administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def empty_engine(empty_database: URL) -> AsyncIterator[AsyncEngine]:
    """An engine on a database without tables."""
    engine = create_async_engine(empty_database)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(empty_engine: AsyncEngine) -> AsyncEngine:
    """An engine on a database that holds the tables of the example domain."""
    domain = importlib.import_module("snippets.domain")
    async with empty_engine.begin() as connection:
        await connection.run_sync(domain.Base.metadata.create_all)
    return empty_engine


def server_url() -> URL:
    """Return DATABASE_URL for asyncpg; its role may create databases."""
    given = os.environ.get("DATABASE_URL", "")
    try:
        url = make_url(given)
    except ArgumentError:
        url = URL.create("none")
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        pytest.fail(
            "Set DATABASE_URL to a PostgreSQL whose role may create databases, such as "
            "postgresql://postgres:postgres@127.0.0.1:5432/postgres.",
            pytrace=False,
        )
    return url.set(drivername="postgresql+asyncpg")


async def administer(server: URL, statement: str) -> None:
    """Run ``statement`` outside of a transaction."""
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()
