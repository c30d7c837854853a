import asyncio
import re
import secrets
import threading
import time
from collections.abc import Iterator

import pytest
from real_servers import execute, query
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from workbench.postgres import (
    Server,
    ServerUnavailable,
    create_database,
    drop_database,
    drop_databases_of_run,
    sweep,
)
from workbench.postgres.databases import COMMENT, STALE_SECONDS
from workbench.postgres.settings import SETTINGS

DAY_OLD = int(time.time()) - STALE_SECONDS - 60


@pytest.fixture
def run() -> str:
    return secrets.token_hex(4)


@pytest.fixture
def users_databases(server: Server, run: str) -> Iterator[frozenset[str]]:
    """Databases of a user, some with names like ours, one with our comment, one with both."""
    stale = f"{DAY_OLD:08x}"
    names = {
        "app": None,
        "database_patterns": COMMENT,
        "database_patterns_prod": None,
        "database_patterns_orders_2024": COMMENT,
        f"database_patterns_test_{stale}_{run}": COMMENT,
        f"my_database_patterns_test_{stale}_{run}_00000001": COMMENT,
        f"database_patterns_test_{stale}_{run}_00000002": None,
        f"database_patterns_test_{stale}_{run}_00000003": "A comment of the user.",
        f"database_patterns_test_{stale}_{run}_0000000G": COMMENT,
    }
    for name, comment in names.items():
        execute(server.url, f'CREATE DATABASE "{name}"')
        if comment:
            execute(server.url, f"COMMENT ON DATABASE \"{name}\" IS '{comment}'")
    yield frozenset(names)
    for name in names:
        execute(server.url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def databases(url: URL) -> set[str]:
    names = query(url, "SELECT array_agg(datname::text) FROM pg_database")
    assert isinstance(names, list)
    return set(names)


def stale_database(server: Server, run: str, suffix: str = "0000000a") -> str:
    """A database of ours that a killed run left more than a day ago."""
    made = str(create_database(server.url, label="old", run=run).database)
    name = f"database_patterns_old_{DAY_OLD:08x}_{run}_{suffix}"
    execute(server.url, f"ALTER DATABASE {made} RENAME TO {name}")
    return name


def test_a_users_databases_survive_everything(
    server: Server, users_databases: frozenset[str], run: str
) -> None:
    before = databases(server.url)
    made = create_database(server.url, label="lesson", run=run).database
    stale = stale_database(server, run)
    assert drop_databases_of_run(server.url, run) == sorted([str(made), stale])
    stale = stale_database(server, run)
    assert sweep(server.url) == [stale]
    for name in users_databases:
        with pytest.raises(ValueError, match="not a database of Database Patterns"):
            drop_database(server.url, name)
    assert databases(server.url) == before


def test_a_database_of_the_server_itself_is_never_dropped(server: Server) -> None:
    for name in ("postgres", "template0", "template1"):
        with pytest.raises(ValueError, match=name):
            drop_database(server.url, name)


def test_dropping_a_database_that_is_gone_does_nothing(server: Server, run: str) -> None:
    name = str(create_database(server.url, label="lesson", run=run).database)
    drop_database(server.url, name)
    drop_database(server.url, name)
    assert name not in databases(server.url)


def test_a_name_that_is_a_statement_is_refused(server: Server) -> None:
    with pytest.raises(ValueError, match="not a database"):
        drop_database(server.url, "postgres; DROP TABLE users")


def test_the_url_keeps_everything_but_the_database(server: Server, run: str) -> None:
    url = create_database(server.url, label="lesson", run=run)
    assert url.set(database=server.url.database) == server.url
    assert query(url, "SELECT current_database()") == url.database
    drop_databases_of_run(server.url, run)


@pytest.mark.parametrize(
    ("label", "run_text"),
    [
        ("lesson", "0123abcd"),
        ("", ""),
        ("A very long label, with Ünïcode; and 'quotes'", "a run with a name " * 9),
    ],
)
def test_each_name_is_sane_and_is_found_again(server: Server, label: str, run_text: str) -> None:
    name = create_database(server.url, label=label, run=run_text).database
    assert re.fullmatch(
        r"database_patterns_[a-z0-9_]+_[0-9a-f]{8}_[a-z0-9]+_[0-9a-f]{8}", str(name)
    )
    assert len(str(name).encode()) <= 63
    assert drop_databases_of_run(server.url, run_text) == [name]


def test_runs_with_similar_names_do_not_drop_each_others_databases(server: Server) -> None:
    runs = ["a-b", "ab", "A-B", "a_b", "abcdefghijkl", "abcdefghijklm", "a", ""]
    made = {run: create_database(server.url, label="lesson", run=run).database for run in runs}
    for run in runs:
        assert drop_databases_of_run(server.url, run) == [made[run]]


def test_dropping_the_databases_of_a_run_ends_their_connections(server: Server, run: str) -> None:
    async def connected() -> None:
        engine = create_async_engine(create_database(server.url, label="lesson", run=run))
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
            assert len(drop_databases_of_run(server.url, run)) == 1
            await connection.invalidate()
        await engine.dispose()

    asyncio.run(connected())


def test_sweeping_leaves_what_is_younger_than_a_day(server: Server, run: str) -> None:
    url = create_database(server.url, label="lesson", run=run)
    assert sweep(server.url) == []
    assert url.database in databases(server.url)
    drop_databases_of_run(server.url, run)


def test_sweeping_leaves_what_somebody_uses(server: Server, run: str) -> None:
    used, unused = stale_database(server, run, "0000000a"), stale_database(server, run, "0000000b")

    async def connected() -> None:
        engine = create_async_engine(server.url.set(database=used))
        async with engine.connect() as connection:
            assert sweep(server.url) == [unused]
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
        await engine.dispose()

    asyncio.run(connected())
    assert sweep(server.url) == [used]


def test_a_database_has_the_same_settings_on_every_server(server: Server, run: str) -> None:
    url = create_database(server.url, label="lesson", run=run)
    for name, value in {**SETTINGS, "lc_messages": "C", "track_io_timing": "off"}.items():
        assert query(url, f"SELECT current_setting('{name}')") == value
    assert query(url, "SHOW server_encoding") == "UTF8"
    collation = "SELECT datcollate || datctype || datlocprovider::text FROM pg_database"
    assert query(url, f"{collation} WHERE datname = current_database()") == "CCc"
    assert query(url, "SELECT 'B' < 'a'") is True
    drop_databases_of_run(server.url, run)


def test_settings_of_the_server_and_of_the_role_do_not_reach_a_database(
    server: Server, run: str
) -> None:
    execute(
        server.url,
        "CREATE ROLE tuner LOGIN CREATEDB",
        "ALTER ROLE tuner SET DateStyle TO 'German'",
        "ALTER ROLE tuner SET enable_seqscan TO off",
        "ALTER ROLE tuner SET join_collapse_limit TO 1",
        "ALTER ROLE tuner SET statement_timeout TO 1",
        "ALTER ROLE tuner SET default_transaction_read_only TO on",
        "ALTER ROLE tuner SET search_path TO elsewhere",
    )
    try:
        url = create_database(server.url.set(username="tuner"), label="lesson", run=run)
        shown = "SELECT concat_ws('; ', {})".format(
            ", ".join(
                f"current_setting('{name}')"
                for name in ("DateStyle", "enable_seqscan", "join_collapse_limit", "search_path")
            )
        )
        assert query(url, shown) == 'ISO, MDY; on; 8; "$user", public'
        execute(url, "CREATE TABLE written (id int)")
        assert query(url, "SELECT pg_sleep(0.01)::text") == ""
        assert len(drop_databases_of_run(server.url.set(username="tuner"), run)) == 1
    finally:
        execute(server.url, "DROP ROLE tuner")


def test_a_role_without_superuser_rights_makes_and_drops_databases(
    password_server: URL, run: str
) -> None:
    address = password_server.set(username="creator")
    url = create_database(address, label="lesson", run=run)
    assert query(url, "SHOW work_mem") == "4MB"
    assert sweep(address) == []
    assert drop_databases_of_run(address, run) == [url.database]


def test_a_role_may_not_drop_what_another_role_made_and_is_told_so(
    password_server: URL, run: str
) -> None:
    url = create_database(password_server, label="lesson", run=run)
    with pytest.raises(ServerUnavailable, match="does not allow role creator"):
        drop_databases_of_run(password_server.set(username="creator"), run)
    assert drop_databases_of_run(password_server, run) == [url.database]


def test_a_role_that_may_not_create_databases_is_told_so(password_server: URL, run: str) -> None:
    with pytest.raises(ServerUnavailable, match="does not allow role reader"):
        create_database(password_server.set(username="reader"), label="lesson", run=run)


def test_databases_are_made_inside_a_running_loop(server: Server, run: str) -> None:
    async def in_a_kernel() -> str | None:
        return create_database(server.url, label="lesson", run=run).database

    name = asyncio.run(in_a_kernel())
    assert drop_databases_of_run(server.url, run) == [name]


def test_databases_are_made_at_the_same_time(server: Server, run: str) -> None:
    names: list[str | None] = []

    def make() -> None:
        names.append(create_database(server.url, label="lesson", run=run).database)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drop_databases_of_run(server.url, run) == sorted(map(str, names))
    assert len(names) == 6
