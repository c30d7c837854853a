"""Databases for tests: a fresh one each, on whatever server is in use."""

from __future__ import annotations

import secrets
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from snippets.domain import Base
from tests.missing import skip_unless_on_ci
from workbench.live.build import build_live
from workbench.live.node import NodeFailed, NoNode
from workbench.live.site_files import LiveFiles
from workbench.postgres import Server, create_database, drop_database, open_server

# A shell that runs this in the background has it ignore Ctrl-C, which children would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with open_server() as running:
        yield running


@pytest.fixture
def empty_database(server: Server) -> Iterator[URL]:
    url = create_database(server.url, label="test", run=secrets.token_hex(4))
    yield url
    drop_database(server.url, str(url.database))


@pytest.fixture
async def empty_engine(empty_database: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(empty_database)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(empty_engine: AsyncEngine) -> AsyncEngine:
    """An engine on a fresh database that holds the tables of the example domain."""
    async with empty_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return empty_engine


@pytest.fixture(scope="session")
def live_files() -> LiveFiles:
    """What lessons run on in the page. Without Node the test is skipped, except on CI."""
    try:
        return build_live(compressed=True, report=print)
    except (NoNode, NodeFailed) as error:
        skip_unless_on_ci(str(error))
