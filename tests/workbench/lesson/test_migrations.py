"""A lesson's Alembic environment is the real one and shows the same text in every run."""

import asyncio
import os

import pytest
from alembic.util import CommandError
from sqlalchemy import Column, Integer, MetaData, String, Table, text
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.domain import Base
from workbench.lesson import Migrations, record
from workbench.lesson.migrations import revision_id


def one_table(*columns: Column) -> MetaData:
    metadata = MetaData()
    Table("task", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


async def test_the_domain_goes_up_down_and_up_again(empty_engine: AsyncEngine) -> None:
    migrations = Migrations(empty_engine, Base.metadata)
    await migrations.autogenerate("create the domain")
    await migrations.upgrade()
    await migrations.check()
    assert await migrations.current() == "create_the_domain (head)"
    await migrations.downgrade("base")
    assert await migrations.current() == ""
    await migrations.upgrade()
    assert await migrations.changes() == []


async def test_a_generated_script_is_the_same_in_every_run(empty_engine: AsyncEngine) -> None:
    texts = set()
    for _ in range(2):
        migrations = Migrations(empty_engine, one_table(Column("title", String)))
        texts.add((await migrations.autogenerate("Add the task table")).text)
    assert len(texts) == 1
    assert "Revision ID: add_the_task_table" in texts.pop()


async def test_a_revision_shows_its_functions_only(empty_engine: AsyncEngine) -> None:
    migrations = Migrations(empty_engine, one_table(Column("title", String)))
    revision = await migrations.autogenerate("add task")
    data, metadata = revision._repr_mimebundle_()
    assert data["text/markdown"].startswith(
        "```python\ndef upgrade() -> None:\n    op.create_table("
    )
    assert data["text/markdown"].rstrip().endswith("op.drop_table('task')\n```")
    assert "###" not in str(revision)
    assert metadata["text/markdown"]["kind"] == "code"


async def test_bodies_given_as_text_run(empty_engine: AsyncEngine) -> None:
    migrations = Migrations(empty_engine)
    migrations.revision(
        "add note",
        upgrade="""
            op.create_table("note", sa.Column("body", postgresql.JSONB))
            op.execute("INSERT INTO note VALUES ('{}')")
        """,
        downgrade="op.drop_table('note')",
        imports="from sqlalchemy.dialects import postgresql",
    )
    await migrations.upgrade()
    async with empty_engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM note")) == 1
    await migrations.downgrade()
    async with empty_engine.connect() as connection:
        assert await connection.scalar(text("SELECT to_regclass('note')")) is None


async def test_an_edit_takes_effect_although_the_file_ran_before(
    empty_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    migrations = Migrations(empty_engine)
    revision = migrations.revision("a", upgrade="op.execute('CREATE TABLE one (id int)')")
    migrations.sql()
    before = revision.path.stat().st_mtime_ns
    revision.replace("TABLE one", "TABLE two")  # as long as before
    os.utime(revision.path, ns=(before, before))  # and within the same second
    assert "CREATE TABLE two" in migrations.sql()
    with pytest.raises(ValueError, match="0 times in a"):
        revision.replace("TABLE one", "TABLE two")


async def test_changes_are_the_operations_that_autogenerate_would_write(
    empty_engine: AsyncEngine,
) -> None:
    migrations = Migrations(empty_engine, one_table(Column("name", String)))
    await migrations.autogenerate("add task")
    await migrations.upgrade()
    migrations.metadata = one_table(Column("title", String(50), nullable=False))
    assert await migrations.changes() == [
        "op.add_column('task', sa.Column('title', sa.String(length=50), nullable=False))",
        "op.drop_column('task', 'name')",
    ]
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        await migrations.check()


async def test_server_defaults_are_compared_unless_the_option_says_no(
    empty_engine: AsyncEngine,
) -> None:
    migrations = Migrations(empty_engine, one_table(Column("status", String)))
    await migrations.autogenerate("add task")
    await migrations.upgrade()
    changed = one_table(Column("status", String, server_default="open"))
    migrations.metadata = changed
    assert len(await migrations.changes()) == 1
    with pytest.raises(CommandError):
        await migrations.check()
    plain = Migrations(empty_engine, changed, compare_server_default=False)
    assert await plain.changes() == []


async def test_the_engines_recording_sees_what_a_migration_sends(
    empty_engine: AsyncEngine,
) -> None:
    migrations = Migrations(empty_engine)
    migrations.revision("a", upgrade="op.execute('CREATE TABLE one (id int)')")
    with record(empty_engine) as sent:
        await migrations.upgrade()
    assert "CREATE TABLE one (id int)" in [statement.sql for statement in sent]


async def test_commands_run_beside_other_work_of_the_loop(empty_engine: AsyncEngine) -> None:
    migrations = Migrations(empty_engine)
    migrations.revision("a", upgrade="op.execute('SELECT pg_advisory_lock(1)')")
    async with empty_engine.connect() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(1)"))
        upgrade = asyncio.create_task(migrations.upgrade())
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not await connection.scalar(waiting):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not upgrade.done()
        await connection.execute(text("SELECT pg_advisory_unlock(1)"))
        await upgrade


async def test_stamp_and_history(empty_engine: AsyncEngine) -> None:
    migrations = Migrations(empty_engine)
    migrations.revision("first", upgrade="op.execute('SELECT 1/0')")
    migrations.revision("second")
    await migrations.stamp("head")
    assert await migrations.current() == "second (head)"
    await migrations.stamp("base", purge=True)
    assert await migrations.current() == ""
    assert migrations.history().splitlines() == [
        "first -> second (head), second",
        "<base> -> first, first",
    ]


async def test_the_command_line_runs_the_same_folder(empty_engine: AsyncEngine) -> None:
    migrations = Migrations(empty_engine)
    migrations.revision("first", upgrade="op.execute('CREATE TABLE one (id int)')")
    done = migrations.command_line("upgrade", "head")
    assert (done.returncode, done.stdout) == (0, "")
    assert await migrations.current() == "first (head)"
    assert "first (head)" in migrations.command_line("current").stdout


def test_an_identifier_is_at_most_as_wide_as_its_column() -> None:
    assert revision_id("Backfill user display-names") == "backfill_user_display_names"
    assert revision_id("one two three four five six seven eight") == "one_two_three_four_five_six"
    assert revision_id("a" * 40) == "a" * 32


async def test_the_folder_is_real_and_private(empty_engine: AsyncEngine) -> None:
    folder = Migrations(empty_engine).folder
    names = {"env.py", "alembic.ini", "script.py.mako", "versions"}
    assert {path.name for path in folder.iterdir()} == names
    assert folder != Migrations(empty_engine).folder
