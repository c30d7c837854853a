"""Relationships that load by themselves are found in the mapping."""
# ruff: noqa: RUF012 - SQLAlchemy reads the dictionary of a class, and nobody changes it

from __future__ import annotations

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    backref,
    mapped_column,
    relationship,
)

from snippets.domain import Base
from snippets.queries.implicit_loading import implicit_relationships


class Library(DeclarativeBase):
    """One relationship for each way of loading."""


class Author(Library):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "author"}

    by_default: Mapped[list[Book]] = relationship(viewonly=True)
    selectin: Mapped[list[Book]] = relationship(lazy="selectin", viewonly=True)
    joined: Mapped[list[Book]] = relationship(lazy="joined", viewonly=True)
    dynamic: DynamicMapped[Book] = relationship(viewonly=True)
    write_only: WriteOnlyMapped[Book] = relationship(viewonly=True)
    raising: Mapped[list[Book]] = relationship(lazy="raise", viewonly=True)
    raising_on_sql: Mapped[list[Book]] = relationship(lazy="raise_on_sql", viewonly=True)


class Poet(Author):
    __mapper_args__ = {"polymorphic_identity": "poet"}


class Book(Library):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(lazy="raise", backref=backref("books", lazy="immediate"))


def test_the_example_domain_loads_nothing_by_itself() -> None:
    assert implicit_relationships(Base) == []


def test_every_setting_that_loads_is_named_once() -> None:
    assert implicit_relationships(Library) == [
        "Author.books: immediate",
        "Author.by_default: select",
        "Author.dynamic: dynamic",
        "Author.joined: joined",
        "Author.selectin: selectin",
    ]


def test_a_mapping_that_is_not_complete_is_refused() -> None:
    class Unfinished(DeclarativeBase):
        pass

    class Page(Unfinished):
        __tablename__ = "page"
        id: Mapped[int] = mapped_column(primary_key=True)
        chapter = relationship("Chapter")

    with pytest.raises(InvalidRequestError, match="Chapter"):
        implicit_relationships(Unfinished)
    Unfinished.registry.dispose()
