"""One env.py runs from the command line, offline, and inside a running event loop."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Column, Connection, Integer, MetaData, Table, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

ENV = """
from alembic import context
from snippets.migrations.environment import run_migrations
arguments = context.config.attributes.get("arguments", {})
run_migrations(context.config.attributes.get("metadata"), **arguments)
"""
REVISION = """
revision, down_revision = {id!r}, {after!r}
def upgrade():
    from alembic import op
    op.execute({sql!r})
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Two revisions: ``one`` creates a table, ``two`` fails."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENV)
    (tmp_path / "script.py.mako").write_text("")
    for name, after, sql in (("one", None, "CREATE TABLE one (id int)"), ("two", "one", "oops")):
        text_ = REVISION.format(id=name, after=after, sql=sql)
        (tmp_path / "versions" / f"{name}.py").write_text(text_)
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    config.set_main_option("path_separator", "os")
    return config


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=False).replace("%", "%%")


async def run(engine: AsyncEngine, config: Config, call: Callable[[Config], Any]) -> None:
    def on_connection(connection: Connection) -> None:
        config.attributes["connection"] = connection
        call(config)

    async with engine.connect() as connection:
        await connection.run_sync(on_connection)


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return set(await connection.scalars(text(sql)))


async def test_a_command_runs_on_the_connection_it_is_given(
    empty_engine: AsyncEngine, config: Config
) -> None:
    await run(empty_engine, config, lambda config: command.upgrade(config, "one"))
    assert await tables(empty_engine) == {"alembic_version", "one"}


async def test_each_revision_commits_on_its_own(empty_engine: AsyncEngine, config: Config) -> None:
    with pytest.raises(ProgrammingError):
        await run(empty_engine, config, lambda config: command.upgrade(config, "head"))
    assert await tables(empty_engine) == {"alembic_version", "one"}


async def test_one_transaction_for_all_is_an_option(
    empty_engine: AsyncEngine, config: Config
) -> None:
    config.attributes["arguments"] = {"transaction_per_migration": False}
    with pytest.raises(ProgrammingError):
        await run(empty_engine, config, lambda config: command.upgrade(config, "head"))
    assert await tables(empty_engine) == set()


async def test_the_callers_transaction_stays_the_callers(
    empty_engine: AsyncEngine, config: Config
) -> None:
    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "one")

    async with empty_engine.connect() as connection:
        await connection.begin()
        await connection.run_sync(upgrade)
        await connection.rollback()
    assert await tables(empty_engine) == set()


async def test_without_a_connection_the_url_of_the_file_is_used(
    empty_engine: AsyncEngine, empty_database: URL, config: Config
) -> None:
    config.set_main_option("sqlalchemy.url", shown(empty_database))
    await asyncio.to_thread(command.upgrade, config, "one")
    assert await tables(empty_engine) == {"alembic_version", "one"}


async def test_the_connection_is_closed_before_the_loop_is(
    empty_database: URL, config: Config, recwarn: pytest.WarningsRecorder
) -> None:
    config.set_main_option("sqlalchemy.url", shown(empty_database))
    await asyncio.to_thread(command.upgrade, config, "one")
    gc.collect()
    assert [str(each.message) for each in recwarn] == []


async def test_a_url_that_is_passed_wins(
    empty_engine: AsyncEngine, empty_database: URL, config: Config
) -> None:
    config.set_main_option("sqlalchemy.url", "postgresql+asyncpg://nobody@127.0.0.1:1/none")
    config.attributes["arguments"] = {"url": empty_database}
    await asyncio.to_thread(command.upgrade, config, "one")
    assert await tables(empty_engine) == {"alembic_version", "one"}


def test_offline_mode_prints_a_transaction_for_each_revision(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    config.set_main_option("sqlalchemy.url", "postgresql+asyncpg://nobody@127.0.0.1:1/none")
    command.upgrade(config, "head", sql=True)
    printed = capsys.readouterr().out
    assert "CREATE TABLE one (id int);" in printed
    assert "SET version_num='two'" in printed
    assert printed.count("BEGIN;") == printed.count("COMMIT;") == 2


VALUES = """
revision, down_revision = "two", "one"
def upgrade():
    import sqlalchemy as sa
    from alembic import op
    one = sa.table("one", sa.column("id", sa.Integer))
    op.execute(sa.update(one).values(id=7).where(sa.literal_column("id % 2") == 1))
"""


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_offline_mode_prints_values_and_percent_signs_in_place(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str], driver: str
) -> None:
    """A driver that marks parameters by a percent sign needs two for one; a file does not."""
    config.set_main_option("sqlalchemy.url", f"postgresql+{driver}://nobody@127.0.0.1:1/none")
    (tmp_path / "versions" / "two.py").write_text(VALUES)
    command.upgrade(config, "head", sql=True)
    assert "UPDATE one SET id=7 WHERE id % 2 = 1;" in capsys.readouterr().out


async def test_offline_mode_prints_values_in_place_beside_a_connection(
    empty_engine: AsyncEngine,
    config: Config,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config.set_main_option("sqlalchemy.url", "postgresql+asyncpg://nobody@127.0.0.1:1/none")
    (tmp_path / "versions" / "two.py").write_text(VALUES)
    await run(empty_engine, config, lambda config: command.upgrade(config, "head", sql=True))
    assert "UPDATE one SET id=7 WHERE id % 2 = 1;" in capsys.readouterr().out
    assert await tables(empty_engine) == set()


async def test_a_running_loop_without_a_connection_is_refused(
    empty_database: URL, config: Config
) -> None:
    config.set_main_option("sqlalchemy.url", shown(empty_database))
    with pytest.raises(CommandError, match="an event loop runs"):
        command.upgrade(config, "one")


def test_no_database_at_all_is_refused(config: Config) -> None:
    for sql in (False, True):
        with pytest.raises(CommandError, match="no database"):
            command.upgrade(config, "one", sql=sql)


async def test_an_async_connection_is_refused(empty_engine: AsyncEngine, config: Config) -> None:
    async with empty_engine.connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(CommandError, match=r"from run_sync\(\) is needed"):
            command.upgrade(config, "one")


@pytest.mark.parametrize(
    ("option", "differs"), [({}, True), ({"compare_server_default": False}, False)]
)
async def test_server_defaults_are_compared(
    empty_engine: AsyncEngine, config: Config, option: dict[str, Any], *, differs: bool
) -> None:
    metadata = MetaData()
    Table("one", metadata, Column("id", Integer, server_default="7"))
    config.attributes |= {"metadata": metadata, "arguments": option}
    await run(empty_engine, config, lambda config: command.upgrade(config, "one"))
    await run(empty_engine, config, lambda config: command.stamp(config, "head"))
    if differs:
        with pytest.raises(CommandError, match="New upgrade operations"):
            await run(empty_engine, config, command.check)
    else:
        await run(empty_engine, config, command.check)
