"""The application on a database that its migrations made, behind a real socket."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
from alembic import command
from alembic.config import Config
from httpx import AsyncClient
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from application.main import create_app
from snippets.connections.engine import async_engine
from workbench.execution.lessons import ROOT
from workbench.lesson import served
from workbench.postgres import Server, create_database, drop_database

CURSOR_KEY = b"a key for the tests alone"


@pytest.fixture
def config() -> Config:
    return Config(ROOT / "application" / "alembic.ini")


@pytest.fixture
async def migrated(empty_engine: AsyncEngine, config: Config) -> AsyncEngine:
    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with empty_engine.begin() as connection:
        await connection.run_sync(upgrade)
    return empty_engine


@pytest.fixture
async def second_engine(server: Server) -> AsyncIterator[AsyncEngine]:
    """An engine on an empty database beside the other one."""
    url = create_database(server.url, label="test", run=secrets.token_hex(4))
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()
    drop_database(server.url, str(url.database))


@pytest.fixture
async def failures() -> list[Exception]:
    return []


@pytest.fixture
async def app_engine(migrated: AsyncEngine, empty_database: URL) -> AsyncEngine:
    return async_engine(empty_database, application_name="tasks", pool_size=3)


@pytest.fixture
async def client(app_engine: AsyncEngine, failures: list[Exception]) -> AsyncIterator[AsyncClient]:
    app = create_app(app_engine, cursor_key=CURSOR_KEY)
    async with served(app, failures=failures) as client:
        yield client
