"""PostgreSQL refuses to delete, however it is asked, unless the purge is meant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import ForeignKey, delete, exc, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from snippets.models.refuse_delete import refuse_delete
from snippets.models.soft_delete import SoftDelete


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[list[Book]] = relationship(
        cascade="all, delete-orphan", passive_deletes=False, lazy="selectin"
    )


class Book(SoftDelete, Base):
    __tablename__ = "the book"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id", ondelete="CASCADE"))


@pytest.fixture
async def session(empty_engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with empty_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        for statement in refuse_delete("the book"):
            await connection.exec_driver_sql(statement)
    async with AsyncSession(empty_engine, expire_on_commit=False) as session:
        session.add(Shelf(id=1, books=[Book(id=1), Book(id=2)]))
        await session.commit()
        yield session


async def books(session: AsyncSession) -> int:
    return (await session.scalars(select(func.count(Book.id)))).one()


async def by_session_delete(session: AsyncSession) -> None:
    await session.delete(await session.get_one(Book, 1))
    await session.flush()


async def by_cascade_of_the_orm(session: AsyncSession) -> None:
    await session.delete(await session.get_one(Shelf, 1))
    await session.flush()


async def by_orphaning(session: AsyncSession) -> None:
    shelf = await session.get_one(Shelf, 1)
    shelf.books.clear()
    await session.flush()


WAYS: dict[str, Any] = {
    "bulk": delete(Book),
    "core": delete(Book.__table__),  # type: ignore[arg-type]
    "no_row": delete(Book).where(Book.id == 3),
    "text": text('DELETE FROM "the book"'),
    "cascade_of_the_database": text("DELETE FROM shelf"),
    "truncate": text('TRUNCATE "the book"'),
}


@pytest.mark.parametrize("way", [by_session_delete, by_cascade_of_the_orm, by_orphaning])
async def test_the_unit_of_work_is_refused(session: AsyncSession, way: Any) -> None:
    with pytest.raises(exc.IntegrityError, match="rows of the book are not deleted"):
        await way(session)
    await session.rollback()
    assert await books(session) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_statements_are_refused(session: AsyncSession, way: str) -> None:
    with pytest.raises(exc.IntegrityError, match="rows of the book are not deleted"):
        await session.execute(WAYS[way])
    await session.rollback()
    assert await books(session) == 2


async def test_a_purge_that_is_meant_goes_through_until_the_transaction_ends(
    session: AsyncSession,
) -> None:
    await session.execute(text("SET LOCAL soft_delete.purge = 'on'"))
    await session.execute(delete(Book).where(Book.id == 1))
    await session.commit()
    assert await books(session) == 1
    with pytest.raises(exc.IntegrityError):
        await session.execute(delete(Book))


async def test_inserts_and_updates_are_not_hindered(session: AsyncSession) -> None:
    book = await session.get_one(Book, 1)
    book.deleted_at = func.now()
    session.add(Book(id=3, shelf_id=1))
    await session.commit()
    assert await books(session) == 3


async def test_installing_twice_in_a_schema_is_harmless(empty_engine: AsyncEngine) -> None:
    async with AsyncSession(empty_engine) as session:
        await session.execute(text('CREATE SCHEMA "Archive"'))
        await session.execute(text('CREATE TABLE "Archive".plain (n int)'))
        for statement in refuse_delete("plain", schema="Archive") * 2:
            await session.execute(text(statement))
        with pytest.raises(exc.IntegrityError, match="rows of plain are not deleted"):
            await session.execute(text('DELETE FROM "Archive".plain'))


@pytest.mark.parametrize(("table", "schema"), [("", None), ("book", "")])
def test_empty_names_are_refused(table: str, schema: str | None) -> None:
    with pytest.raises(ValueError, match="need names"):
        refuse_delete(table, schema=schema)
