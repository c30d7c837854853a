"""The migrations make what the models and the snippets describe, and take it away again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from application.migrations.versions import refuse_delete as refusals
from application.migrations.versions import touch_updated_at as stamps
from snippets.domain import Base
from snippets.migrations.round_trip import check_round_trips, schema_lines
from snippets.models.refuse_delete import refuse_delete
from snippets.models.soft_delete import SoftDelete
from snippets.models.timestamps import Timestamps
from snippets.models.touch_trigger import touch_trigger
from workbench.execution.lessons import ROOT


async def test_every_revision_goes_up_and_down_and_up(
    empty_engine: AsyncEngine, config: Config
) -> None:
    async with empty_engine.connect() as connection:
        done = await connection.run_sync(lambda sync: check_round_trips(sync, config))
    assert done == ["create_tables", "touch_updated_at", "refuse_delete"]


async def test_autogenerate_finds_nothing_to_add(migrated: AsyncEngine, config: Config) -> None:
    def check(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.check(config)

    async with migrated.connect() as connection:
        await connection.run_sync(check)


async def test_the_schema_is_that_of_models_and_snippets(
    migrated: AsyncEngine, second_engine: AsyncEngine
) -> None:
    async with second_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        for mapper in Base.registry.mappers:
            table = mapper.local_table.name  # type: ignore[attr-defined]
            if issubclass(mapper.class_, Timestamps):
                for statement in touch_trigger(table):
                    await connection.exec_driver_sql(statement)
            if issubclass(mapper.class_, SoftDelete):
                for statement in refuse_delete(table):
                    await connection.exec_driver_sql(statement)
        expected = await connection.run_sync(schema_lines)
    async with migrated.connect() as connection:
        found = await connection.run_sync(schema_lines)
    assert {line for line in found if "alembic_version" not in line} == expected


def test_the_triggers_stand_on_every_table_that_needs_them() -> None:
    tables = {m.class_: m.local_table.name for m in Base.registry.mappers}  # type: ignore[attr-defined]
    assert set(stamps.TABLES) == {t for c, t in tables.items() if issubclass(c, Timestamps)}
    assert set(refusals.TABLES) == {t for c, t in tables.items() if issubclass(c, SoftDelete)}


@pytest.mark.parametrize("arguments", [("upgrade", "head"), ("upgrade", "head", "--sql")])
def test_the_command_line_migrates(empty_database: URL, arguments: tuple[str, ...]) -> None:
    done = alembic(*arguments, url=empty_database.render_as_string(hide_password=False))
    assert done.returncode == 0, done.stderr
    assert ("CREATE TABLE project" in done.stdout) == ("--sql" in arguments)


@pytest.mark.parametrize("url", ["", "mysql://u:secret@h/d", "nonsense secret"])
def test_a_missing_database_is_one_sentence(url: str) -> None:
    done = alembic("upgrade", "head", url=url)
    assert done.returncode != 0
    assert "DATABASE_URL" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr + done.stdout


def alembic(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    command_line = [sys.executable, "-m", "alembic", "-c", "application/alembic.ini", *arguments]
    return subprocess.run(
        command_line,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
