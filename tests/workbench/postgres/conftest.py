"""Fixtures on real servers and real processes, each in a temporary directory of the test's own."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from workbench.postgres import Server, open_server
from workbench.postgres.account import server_account
from workbench.postgres.binaries import Binaries, find_binaries

# The modules of tests are no packages here, so what they share is found through the path.
sys.path.append(str(Path(__file__).parent))

from real_servers import (
    LOCAL_SERVERS,
    PASSWORD,
    assert_nothing_left,
    directory_for_all,
    execute,
    launched_over_tcp,
)


@pytest.fixture(scope="session")
def shared_cache() -> Iterator[Path]:
    with directory_for_all() as directory:
        yield directory


@pytest.fixture
def temporary() -> Iterator[Path]:
    with directory_for_all() as directory:
        yield directory


@pytest.fixture(autouse=True)
def own_environment(
    monkeypatch: pytest.MonkeyPatch, shared_cache: Path, temporary: Path
) -> Iterator[None]:
    """No address from outside, a cache of these tests, and nothing running at the end."""
    for name in list(os.environ):
        if name.startswith("PG") or name in ("DATABASE_URL", "WORKBENCH_POSTGRES_BIN"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WORKBENCH_CACHE", str(shared_cache))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    yield
    assert_nothing_left(temporary)


@pytest.fixture
def unprivileged() -> tuple[str, ...]:
    """What to put before a command so that it runs as an ordinary user."""
    account = server_account()
    if account is None:
        return ()
    # The interpreter may lie in root's home: the process may read there, and is not root.
    return (
        *("setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"),
        *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
    )


@pytest.fixture(scope="session")
def binaries() -> Iterator[Binaries]:
    with directory_for_all() as copies:
        found = find_binaries(server_account(), copies)
        assert found is not None
        yield found


@pytest.fixture(scope="session", params=["embedded", *map(str, LOCAL_SERVERS)])
def server(request: pytest.FixtureRequest, shared_cache: Path) -> Iterator[Server]:
    """A server of our own, once for each version that is here."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(directory_for_all())
        # For the start alone: tests that follow keep their own environment.
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("DATABASE_URL", raising=False)
            patch.setenv("WORKBENCH_CACHE", str(shared_cache))
            patch.setattr(tempfile, "tempdir", str(directory))
            if request.param != "embedded":
                patch.setenv("WORKBENCH_POSTGRES_BIN", request.param)
            opened = stack.enter_context(open_server())
        yield opened


@pytest.fixture(scope="session")
def password_server(binaries: Binaries) -> Iterator[URL]:
    """A server on a port of 127.0.0.1 that asks for passwords; the URL is its superuser's."""
    with directory_for_all() as directory, launched_over_tcp(binaries, directory) as url:
        execute(
            url,
            f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
            f"CREATE ROLE creator LOGIN CREATEDB PASSWORD '{PASSWORD}'",
            f"CREATE ROLE crowded LOGIN CREATEDB CONNECTION LIMIT 0 PASSWORD '{PASSWORD}'",
            "CREATE ROLE only_with_tls LOGIN CREATEDB",
        )
        yield url
