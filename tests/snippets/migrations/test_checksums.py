"""An applied migration that is edited, deleted or taken back."""

from __future__ import annotations

import locale
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, text
from sqlalchemy.exc import IntegrityError, NoSuchTableError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.migrations.checksums import (
    edited_revisions,
    record_checksum,
    without_checksums,
)
from workbench.lesson import Migrations, record


@pytest.fixture
def migrations(empty_engine: AsyncEngine) -> Migrations:
    environment = Migrations(
        empty_engine,
        MetaData(),
        on_version_apply=record_checksum,
        include_name=without_checksums,
    )
    for name in ("first", "second"):
        environment.revision(
            name,
            upgrade=f'op.execute("CREATE TABLE {name} ()")',
            downgrade=f'op.execute("DROP TABLE {name}")',
        )
    return environment


def script(migrations: Migrations, name: str) -> Path:
    return migrations.folder / "versions" / f"{name}.py"


async def edited(migrations: Migrations) -> list[str]:
    async with migrations.engine.connect() as connection:
        scripts = ScriptDirectory(str(migrations.folder))
        return await connection.run_sync(edited_revisions, scripts)


async def test_nothing_is_reported_after_an_upgrade(migrations: Migrations) -> None:
    await migrations.upgrade()
    assert await edited(migrations) == []


async def test_an_edit_of_an_applied_file_is_reported(migrations: Migrations) -> None:
    await migrations.upgrade()
    file = script(migrations, "first")
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("first ()", "first (id int)"), encoding="utf-8")
    assert await edited(migrations) == ["first"]
    file.write_text(before, encoding="utf-8")
    assert await edited(migrations) == []


async def test_a_pending_file_may_be_edited(migrations: Migrations) -> None:
    await migrations.upgrade("first")
    file = script(migrations, "second")
    file.write_text(file.read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8")
    assert await edited(migrations) == []


async def test_line_endings_do_not_count(migrations: Migrations) -> None:
    await migrations.upgrade()
    file = script(migrations, "first")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert await edited(migrations) == []


async def test_a_file_is_read_as_utf8_in_every_locale(migrations: Migrations) -> None:
    file = script(migrations, "first")
    file.write_text(file.read_text(encoding="utf-8") + "\n# größer\n", encoding="utf-8")
    await migrations.upgrade()
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C")
        assert await edited(migrations) == []
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


@pytest.mark.parametrize("row", ["'first', 'another'", "'third', NULL"])
async def test_the_table_holds_one_checksum_for_each_migration(
    migrations: Migrations, row: str
) -> None:
    await migrations.upgrade()
    async with migrations.engine.connect() as connection:
        with pytest.raises(IntegrityError):
            await connection.execute(text(f"INSERT INTO alembic_checksum VALUES ({row})"))


async def test_a_file_that_is_gone_is_reported(migrations: Migrations) -> None:
    await migrations.upgrade()
    script(migrations, "second").unlink()
    assert await edited(migrations) == ["second"]


async def test_a_downgrade_forgets_and_an_upgrade_takes_the_new_text(
    migrations: Migrations,
) -> None:
    await migrations.upgrade()
    await migrations.downgrade()
    file = script(migrations, "second")
    file.write_text(file.read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8")
    assert await edited(migrations) == []
    await migrations.upgrade()
    assert await edited(migrations) == []


async def test_a_migration_that_fails_leaves_no_checksum(migrations: Migrations) -> None:
    migrations.revision("third", upgrade='op.execute("CREATE TABLE first ()")')
    with pytest.raises(ProgrammingError, match="already exists"):
        await migrations.upgrade()
    async with migrations.engine.connect() as connection:
        recorded = await connection.scalars(
            text("SELECT revision FROM alembic_checksum ORDER BY 1")
        )
        assert list(recorded) == ["first", "second"]


async def test_autogenerate_leaves_the_table_alone(migrations: Migrations) -> None:
    await migrations.upgrade()
    await migrations.downgrade("base")
    assert await migrations.changes() == []
    migrations.options.pop("include_name")
    assert "alembic_checksum" in str(await migrations.changes())


async def test_a_migration_costs_three_statements(migrations: Migrations) -> None:
    await migrations.upgrade("first")
    with record(migrations.engine) as sent:
        await migrations.upgrade()
    texts = [statement.sql for statement in sent]
    stamped = next(n for n, sql in enumerate(texts) if "UPDATE alembic_version" in sql)
    assert len(texts[stamped + 1 :]) == 3
    with record(migrations.engine) as sent:
        await edited(migrations)
    assert len(sent) == 2


async def test_offline_sql_is_written_without_checksums(migrations: Migrations) -> None:
    assert "alembic_checksum" not in migrations.sql()


async def test_a_database_without_checksums_is_refused(empty_engine: AsyncEngine) -> None:
    bare = Migrations(empty_engine, MetaData())
    bare.revision("first")
    await bare.upgrade()
    with pytest.raises(NoSuchTableError):
        await edited(bare)


def test_other_names_stay_in_autogenerate() -> None:
    names: list[tuple[Any, str]] = [
        ("task", "table"),
        ("alembic_checksum", "column"),
        (None, "schema"),
    ]
    assert all(without_checksums(name, kind, {}) for name, kind in names)
