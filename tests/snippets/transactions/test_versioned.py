"""The second of two writers that began from one version is refused."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped
from sqlalchemy.orm.exc import StaleDataError

from snippets.models.timestamps import Timestamps
from snippets.models.uuid_key import UUIDKey
from snippets.transactions.versioned import Versioned, require_version
from workbench.lesson import record


class Base(DeclarativeBase):
    pass


class Note(Versioned, UUIDKey, Timestamps, Base):
    __tablename__ = "note"
    title: Mapped[str]
    body: Mapped[str]


@pytest.fixture
async def key(empty_engine: AsyncEngine) -> uuid.UUID:
    async with empty_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(empty_engine, expire_on_commit=False) as session:
        session.add(note := Note(title="t", body="b"))
        await session.commit()
    assert note.version == 1
    return note.id


@pytest.fixture
async def two(empty_engine: AsyncEngine) -> AsyncIterator[tuple[AsyncSession, AsyncSession]]:
    async with AsyncSession(empty_engine) as one, AsyncSession(empty_engine) as other:
        yield one, other


async def test_the_second_writer_is_refused_also_for_another_column(
    two: tuple[AsyncSession, AsyncSession], key: uuid.UUID
) -> None:
    first, second = [await session.get_one(Note, key) for session in two]
    first.title, second.body = "first", "second"
    await two[0].commit()
    with pytest.raises(StaleDataError):
        await two[1].commit()
    await two[1].rollback()
    note = await two[1].get_one(Note, key)
    assert (note.title, note.body, note.version) == ("first", "b", 2)


async def test_a_writer_that_waited_for_the_row_is_refused(
    two: tuple[AsyncSession, AsyncSession], key: uuid.UUID, empty_engine: AsyncEngine
) -> None:
    first, second = [await session.get_one(Note, key) for session in two]
    first.title = "first"
    await two[0].flush()
    second.title = "second"
    waiting = asyncio.create_task(two[1].commit())
    async with empty_engine.connect() as connection:
        for _ in range(500):
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if await connection.scalar(waits):
                break
            await asyncio.sleep(0.01)
    await two[0].commit()
    with pytest.raises(StaleDataError):
        await waiting


async def test_the_version_costs_no_statement_and_moves_by_one(
    two: tuple[AsyncSession, AsyncSession], key: uuid.UUID, empty_engine: AsyncEngine
) -> None:
    note = await two[0].get_one(Note, key)
    with record(empty_engine) as sent:
        note.title = "changed"
        await two[0].flush()
        assert note.version == 2
        assert note.updated_at
    assert sent.verbs() == ["UPDATE"]


async def test_a_version_read_earlier_is_required(
    two: tuple[AsyncSession, AsyncSession], key: uuid.UUID
) -> None:
    note = await two[0].get_one(Note, key)
    require_version(note, 1)
    note.title = "changed"
    await two[0].flush()
    with pytest.raises(StaleDataError, match="version 1 was read, 2 is current"):
        require_version(note, 1)


@pytest.mark.parametrize("version", ["1", None, 1.0, True])
async def test_a_version_is_an_int(
    two: tuple[AsyncSession, AsyncSession], key: uuid.UUID, version: object
) -> None:
    note = await two[0].get_one(Note, key)
    with pytest.raises(TypeError, match="a version is an int"):
        require_version(note, version)  # type: ignore[arg-type]


async def test_a_bulk_update_neither_checks_nor_moves_it(
    two: tuple[AsyncSession, AsyncSession], key: uuid.UUID
) -> None:
    await two[0].execute(update(Note).values(body="bulk"))
    assert (await two[0].get_one(Note, key)).version == 1


def test_a_mixin_that_would_hide_the_version_is_refused() -> None:
    class Other(DeclarativeBase):
        pass

    with pytest.raises(TypeError, match="put Versioned before the other mixins"):

        class Hidden(UUIDKey, Timestamps, Versioned, Other):
            __tablename__ = "hidden"


def test_a_mixin_may_be_made_from_it() -> None:
    class Audited(Versioned):
        pass

    class Other(DeclarativeBase):
        pass

    class Entry(Audited, UUIDKey, Other):
        __tablename__ = "entry"

    assert Entry.__mapper__.version_id_col is Entry.__table__.c.version


async def test_other_writers_begin_at_version_one(
    two: tuple[AsyncSession, AsyncSession], key: uuid.UUID
) -> None:
    await two[0].execute(text("INSERT INTO note (title, body) VALUES ('t', 'b')"))
    versions = await two[0].execute(text("SELECT DISTINCT version FROM note"))
    assert versions.scalars().all() == [1]
