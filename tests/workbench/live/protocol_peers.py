"""The same scenario on asyncpg as installed, and on its replacement for the tab.

The installed one runs in the test. The replacement has the same name, so it runs in a process of
its own, on the tab's event loop, with the packages laid out as they are in a page and a socket in
the place of PGlite.
"""

from __future__ import annotations

import copyreg
import importlib.util
import itertools
import pickle
import secrets
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from asyncpg.types import Box, Circle, Line, LineSegment, Point
from sqlalchemy import URL

from workbench.execution.lessons import ROOT
from workbench.postgres import Server, create_database, drop_database
from workbench.postgres.address import connect_arguments

OVERLAY = ROOT / "workbench/live/overlay"
# Tuples whose class takes their parts one by one.
for _kind in (Point, Box, Line, LineSegment, Circle):
    copyreg.pickle(_kind, lambda value: (type(value), tuple(value)))

EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
_COMPILED = shutil.ignore_patterns("*.so", "*.pyd", "*.py[xi]", "*.px[di]", "__pycache__")


@dataclass
class Place:
    """Where a scenario finds its database, which is empty."""

    url: URL
    """For SQLAlchemy."""
    arguments: dict[str, Any]
    """For asyncpg."""

    async def connect(self, **options: Any) -> Any:
        """Connect with asyncpg."""
        return await asyncpg.connect(**self.arguments, **options)

    def pool(self, **options: Any) -> Any:
        """Return a pool of asyncpg's, to be awaited or entered."""
        return asyncpg.create_pool(**self.arguments, **options)


type Scenario = Callable[..., Awaitable[Any]]


def layout(folder: Path) -> Path:
    """Lay the replacement over asyncpg's own files, as the page's packages have it."""
    found = importlib.util.find_spec("asyncpg")
    assert found is not None
    assert found.origin is not None
    package = folder / "asyncpg"
    shutil.copytree(Path(found.origin).parent, package, ignore=_COMPILED)
    shutil.copytree(OVERLAY / "asyncpg", package, ignore=_COMPILED, dirs_exist_ok=True)
    return folder


class Peer:
    """The process in which ``asyncpg`` is the replacement."""

    def __init__(self, packages: Path) -> None:
        path = [str(packages), str(OVERLAY), str(ROOT)]
        program = f"import sys; sys.path[:0] = {path!r}; " + (
            "from tests.workbench.live.protocol_peer import serve; serve()"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def run(self, url: URL, scenario: Scenario, *arguments: Any, empty: bool = True) -> str:
        """Run the scenario there and return the representation of what it returned."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        where = (scenario.__module__, scenario.__qualname__)  # type: ignore[attr-defined]
        asked = (url.render_as_string(hide_password=False), *where, arguments, empty)
        pickle.dump(asked, self._process.stdin)
        self._process.stdin.flush()
        worked, result = pickle.load(self._process.stdout)
        if not worked:
            pytest.fail(f"in the tab:\n{result}", pytrace=False)
        return str(result)

    def stop(self) -> None:
        """End the process."""
        self._process.communicate(timeout=10)


@pytest.fixture(scope="session", name="peer")
def _peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    peer = Peer(layout(tmp_path_factory.mktemp("packages")))
    yield peer
    peer.stop()


class Both:
    """Runs a scenario on both and returns what it returned, which has to be the same."""

    def __init__(self, peer: Peer, real: URL, tab: URL) -> None:
        self._peer, self._real, self._tab = peer, real, tab

    async def __call__(self, scenario: Scenario, *arguments: Any, empty: bool = True) -> Any:
        """Run it in a database each, emptied before."""
        place = Place(self._real, connect_arguments(self._real))
        if empty:
            emptying = await place.connect()
            await emptying.execute(EMPTY)
            await emptying.close()
        expected = await scenario(place, *arguments)
        seen = self._peer.run(self._tab, scenario, *arguments, empty=empty)
        if seen != repr(expected):
            pytest.fail(_difference(repr(expected), seen), pytrace=False)
        return expected

    def in_the_tab(self, scenario: Scenario, *arguments: Any) -> str:
        """Run what only the tab does, and return its representation."""
        return self._peer.run(self._tab, scenario, *arguments)


def _difference(expected: str, seen: str) -> str:
    """Return both, each from a little before where they differ."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(expected, seen, strict=False))
    at = max(sum(1 for _ in same) - 200, 0)
    return f"asyncpg:    {expected[at : at + 600]}\nin the tab: {seen[at : at + 600]}"


@pytest.fixture(scope="session", name="both")
def _both(peer: Peer, server: Server) -> Iterator[Both]:
    urls = [create_database(server.url, label="test", run=secrets.token_hex(4)) for _ in range(2)]
    yield Both(peer, *urls)
    for url in urls:
        drop_database(server.url, str(url.database))
