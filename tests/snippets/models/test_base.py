"""Names by rule for constraints, offsets by default for datetimes."""

from datetime import datetime

import pytest
from sqlalchemy import (
    CheckConstraint,
    Connection,
    DateTime,
    ForeignKey,
    MetaData,
    UniqueConstraint,
    inspect,
)
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateTable

from snippets.models.base import Base
from workbench.lesson import Migrations


def no_tables() -> MetaData:
    """Return metadata with the same rules and no tables yet."""
    return MetaData(naming_convention=Base.metadata.naming_convention)


def test_a_bare_datetime_keeps_its_offset() -> None:
    class Isolated(DeclarativeBase):
        metadata = no_tables()
        type_annotation_map = Base.type_annotation_map

    class Meeting(Isolated):
        __tablename__ = "meeting"
        id: Mapped[int] = mapped_column(primary_key=True)
        begins_at: Mapped[datetime]
        ended_at: Mapped[datetime | None]

    for column in (Meeting.__table__.c.begins_at, Meeting.__table__.c.ended_at):
        assert isinstance(column.type, DateTime)
        assert column.type.timezone


async def test_every_kind_of_constraint_gets_a_name_that_a_migration_can_drop(
    empty_engine: AsyncEngine,
) -> None:

    class Isolated(DeclarativeBase):
        metadata = no_tables()
        type_annotation_map = Base.type_annotation_map

    class Place(Isolated):
        __tablename__ = "place"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Room(Isolated):
        __tablename__ = "room"
        __table_args__ = (
            UniqueConstraint("floor", "door"),
            CheckConstraint("floor >= 0", name="floor_not_negative"),
        )
        id: Mapped[int] = mapped_column(primary_key=True)
        floor: Mapped[int]
        door: Mapped[int]
        size: Mapped[int] = mapped_column(index=True)
        place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))

    async with empty_engine.begin() as connection:
        await connection.run_sync(Isolated.metadata.create_all)

        def names(sync_connection: Connection) -> set[str | None]:
            inspector = inspect(sync_connection)
            return {
                inspector.get_pk_constraint("room")["name"],
                *(found["name"] for found in inspector.get_unique_constraints("room")),
                *(found["name"] for found in inspector.get_check_constraints("room")),
                *(found["name"] for found in inspector.get_foreign_keys("room")),
                *(
                    found["name"]
                    for found in inspector.get_indexes("room")
                    if "duplicates_constraint" not in found
                ),
            }

        assert await connection.run_sync(names) == {
            "pk_room",
            "uq_room_floor_door",
            "ck_room_floor_not_negative",
            "fk_room_place_id_place",
            "ix_room_size",
        }


def test_two_unique_constraints_that_begin_with_the_same_column_have_different_names() -> None:
    class Isolated(DeclarativeBase):
        metadata = no_tables()
        type_annotation_map = Base.type_annotation_map

    class Seat(Isolated):
        __tablename__ = "seat"
        __table_args__ = (UniqueConstraint("line", "chair"), UniqueConstraint("line", "ticket"))
        id: Mapped[int] = mapped_column(primary_key=True)
        line: Mapped[int]
        chair: Mapped[int]
        ticket: Mapped[int]

    statement = str(CreateTable(Seat.metadata.tables["seat"]))
    assert "uq_seat_line_chair" in statement
    assert "uq_seat_line_ticket" in statement


def test_a_check_without_a_name_is_refused() -> None:
    class Isolated(DeclarativeBase):
        metadata = no_tables()
        type_annotation_map = Base.type_annotation_map

    with pytest.raises(InvalidRequestError, match="explicitly named"):

        class Lamp(Isolated):
            __tablename__ = "lamp"
            __table_args__ = (CheckConstraint("watts > 0"),)
            id: Mapped[int] = mapped_column(primary_key=True)
            watts: Mapped[int]


async def test_a_migration_can_drop_the_constraint_that_it_added(
    empty_engine: AsyncEngine,
) -> None:
    class Isolated(DeclarativeBase):
        metadata = no_tables()
        type_annotation_map = Base.type_annotation_map

    class Book(Isolated):
        __tablename__ = "book"
        id: Mapped[int] = mapped_column(primary_key=True)
        isbn: Mapped[str]

    migrations = Migrations(empty_engine, Book.metadata)
    await migrations.autogenerate("create book")
    await migrations.upgrade()
    Book.metadata.tables["book"].append_constraint(UniqueConstraint("isbn"))
    await migrations.autogenerate("add unique isbn")
    await migrations.upgrade()
    assert await migrations.changes() == []
    await migrations.downgrade()
    assert await migrations.changes() == [
        "op.create_unique_constraint(op.f('uq_book_isbn'), 'book', ['isbn'])"
    ]
