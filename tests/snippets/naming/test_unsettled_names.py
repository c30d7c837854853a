"""Names that are missing, taken twice or cut, found in the metadata."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import SchemaItem

from snippets.domain import Base
from snippets.naming.unsettled_names import unsettled_names

FULL: Any = Base.metadata.naming_convention
FIRST_COLUMN = {kind: name.replace("column_0_N", "column_0") for kind, name in FULL.items()}


def table(*items: SchemaItem, name: str = "t", convention: Any = FULL) -> MetaData:
    metadata = MetaData(naming_convention=convention)
    columns = [Column(column, Integer) for column in ("a", "b", "c")]
    Table(name, metadata, *columns, *items)
    return metadata


def test_the_example_domain_has_a_name_of_its_own_for_everything() -> None:
    assert unsettled_names(Base.metadata) == []


def test_constraints_without_a_convention_have_no_names() -> None:
    metadata = table(
        UniqueConstraint("a"),
        CheckConstraint("a > 0"),
        Column("id", Integer, primary_key=True),
        Column("parent", ForeignKey("t.id")),
        convention=None,
    )
    assert unsettled_names(metadata) == [
        "no name: CheckConstraint(a > 0) on t",
        "no name: ForeignKeyConstraint(parent) on t",
        "no name: PrimaryKeyConstraint(id) on t",
        "no name: UniqueConstraint(a) on t",
    ]


def test_a_table_without_a_primary_key_has_nothing_to_name() -> None:
    assert unsettled_names(table(convention=None)) == []


@pytest.mark.parametrize("convention", [None, FULL])
def test_a_check_of_a_type_without_a_name_is_found(convention: object) -> None:
    status = Enum("x", "y", native_enum=False, create_constraint=True)
    metadata = table(Column("status", status), convention=convention)
    assert unsettled_names(metadata) == ["no name: CheckConstraint(status) on t"]


def test_names_of_the_first_column_collide_and_names_of_all_do_not() -> None:
    def rules() -> list[SchemaItem]:
        return [UniqueConstraint("a", "b"), UniqueConstraint("a", "c"), Index(None, "a", "c")]

    assert unsettled_names(table(*rules(), convention=FIRST_COLUMN)) == [
        "uq_t_a: UniqueConstraint(a, b) on t and UniqueConstraint(a, c) on t"
    ]
    assert unsettled_names(table(*rules())) == []


def test_an_index_collides_across_tables() -> None:
    metadata = table(Column("comment_id", Integer, index=True), name="task")
    Table("task_comment", metadata, Column("id", Integer, index=True))
    assert unsettled_names(metadata) == [
        "ix_task_comment_id: Index(comment_id) on task and Index(id) on task_comment"
    ]


def test_an_index_collides_with_a_table_and_a_constraint() -> None:
    metadata = table(Index("other", "a"), Index("rule", "b"), UniqueConstraint("c", name="rule"))
    Table("other", metadata)
    assert unsettled_names(metadata) == [
        "other: Index(a) on t and table other",
        "rule: Index(b) on t and UniqueConstraint(c) on t",
    ]


def test_names_in_two_schemas_do_not_collide() -> None:
    metadata = table(Index("same", "a"))
    Table("t", metadata, Column("a", Integer), Index("same", "a"), schema="archive")
    assert unsettled_names(metadata) == []


def test_foreign_keys_and_checks_collide_within_their_table_alone() -> None:
    def keys(name: str) -> list[SchemaItem]:
        return [CheckConstraint("a > 0", name=name), CheckConstraint("b > 0", name="other")]

    metadata = table(*keys("positive"), convention=None)
    Table("u", metadata, Column("a", Integer), Column("b", Integer), *keys("positive"))
    assert unsettled_names(metadata) == []
    assert unsettled_names(table(*keys("other"), convention=None)) == [
        "other: CheckConstraint(a > 0) on t and CheckConstraint(b > 0) on t"
    ]


def test_an_enum_class_names_one_check_of_a_table() -> None:
    class Status(enum.Enum):
        OPEN = "open"

    types = [Enum(Status, native_enum=False, create_constraint=True) for _ in range(2)]
    metadata = table(Column("now", types[0]), Column("before", types[1]))
    assert unsettled_names(metadata) == [
        "ck_t_status: CheckConstraint(before) on t and CheckConstraint(now) on t"
    ]


def test_an_exclude_constraint_shares_the_names_of_indexes() -> None:
    exclude = ExcludeConstraint((text("a"), "="), name="rule", using="btree")
    assert len(unsettled_names(table(exclude, Index("rule", "b")))) == 1


def test_a_name_of_ones_own_that_is_cut_is_found_and_a_composed_one_is_not() -> None:
    assert unsettled_names(table(UniqueConstraint("a", name="u" * 63))) == []
    assert unsettled_names(table(UniqueConstraint("a", name="u" * 64))) == [
        f"{'u' * 64}: UniqueConstraint(a) on t"
    ]
    assert unsettled_names(table(UniqueConstraint("a", name="ü" * 32))) == [
        f"{'ü' * 32}: UniqueConstraint(a) on t"
    ]
    long = Column("c" * 60, Integer, unique=True)
    assert unsettled_names(table(long)) == []


def test_an_index_on_an_expression_is_compared_by_its_name() -> None:
    metadata = table(Index("same", func.abs(text("a"))), Index("same", "b"))
    assert len(unsettled_names(metadata)) == 1


async def test_postgresql_refuses_what_is_found(empty_engine: AsyncEngine) -> None:
    metadata = table(Column("comment_id", Integer, unique=True), name="task")
    Table("task_comment", metadata, Column("id", Integer, unique=True))
    assert len(unsettled_names(metadata)) == 1
    with pytest.raises(ProgrammingError, match="already exists"):
        async with empty_engine.begin() as connection:
            await connection.run_sync(metadata.create_all)


def test_metadata_without_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="import the models first"):
        unsettled_names(MetaData())
