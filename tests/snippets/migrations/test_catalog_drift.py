"""The catalog of the database is compared with what the models create."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.domain import Base
from snippets.migrations.catalog_drift import Drift, catalog_drift
from workbench.lesson import record


def models(*items: Any, **options: Any) -> MetaData:
    metadata = MetaData()
    Table("parent", metadata, Column("id", Integer, primary_key=True))
    columns = [] if any(isinstance(item, Column) for item in items) else [Column("n", Integer)]
    key = Column("id", Integer, nullable=False)
    Table("task", metadata, key, *columns, *items, **options)
    return metadata


async def drift(engine: AsyncEngine, metadata: MetaData, **options: Any) -> list[Drift]:
    async with engine.connect() as connection:
        return await connection.run_sync(catalog_drift, metadata, **options)


async def sql(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def create(engine: AsyncEngine, metadata: MetaData) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)


async def test_the_domain_is_what_its_models_create(engine: AsyncEngine) -> None:
    assert await drift(engine, Base.metadata) == []


def changes() -> Iterator[Any]:
    def n(kind: Any = Integer, *items: Any, **options: Any) -> Column[Any]:
        return Column("n", kind, *items, **options)

    yield pytest.param("constraint", [], [CheckConstraint("n > 0", name="positive")], id="check")
    yield pytest.param(
        "constraint",
        [PrimaryKeyConstraint("id", name="old")],
        [PrimaryKeyConstraint("id", name="new")],
        id="primary key",
    )
    yield pytest.param(
        "constraint",
        [n(Integer, ForeignKey("parent.id"))],
        [n(Integer, ForeignKey("parent.id", ondelete="CASCADE"))],
        id="foreign key",
    )
    yield pytest.param(
        "index", [Index("i", "n")], [Index("i", "n", postgresql_include=["id"])], id="include"
    )
    yield pytest.param("column", [n()], [n(nullable=False)], id="not null")
    yield pytest.param("column", [n()], [n(server_default="1")], id="default")
    yield pytest.param("column", [n()], [n(comment="points")], id="comment")
    yield pytest.param("column", [n(String)], [n(String(collation="POSIX"))], id="collation")
    yield pytest.param(
        "column", [n(Integer, Identity())], [n(Integer, Identity(always=True))], id="identity"
    )
    yield pytest.param(
        "column",
        [n(Integer, Computed("id * 2", persisted=True))],
        [n(Integer, Computed("id * 3", persisted=True))],
        id="computed",
    )
    yield pytest.param(
        "enum", [n(Enum("a", "b", name="e"))], [n(Enum("b", "a", name="e"))], id="enum"
    )


@pytest.mark.parametrize(("kind", "before", "after"), list(changes()))
async def test_a_change_is_seen_and_its_own_models_match(
    empty_engine: AsyncEngine, kind: str, before: list[Any], after: list[Any]
) -> None:
    old, new = models(*before), models(*after)
    await create(empty_engine, old)
    assert await drift(empty_engine, old) == []
    assert {each.kind for each in await drift(empty_engine, new)} == {kind}


async def test_what_is_missing_on_a_side_is_none(empty_engine: AsyncEngine) -> None:
    await create(empty_engine, models())
    await sql(
        empty_engine,
        "CREATE INDEX extra ON task (n)",
        "CREATE TRIGGER quiet BEFORE UPDATE ON task FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE VIEW few AS SELECT 1 AS one",
        "CREATE SEQUENCE numbers",
    )
    found = await drift(empty_engine, models(Index("wanted", "n")))
    assert [(each.kind, each.name, each.database is None) for each in found] == [
        ("column", "one", False),
        ("index", "extra", False),
        ("index", "wanted", True),
        ("sequence", "numbers", False),
        ("table", "few", False),
        ("trigger", "quiet", False),
    ]
    assert all((each.database is None) != (each.models is None) for each in found)


async def test_an_invalid_index_and_an_unvalidated_constraint_differ(
    empty_engine: AsyncEngine,
) -> None:
    metadata = models(Index("i", "n"), CheckConstraint("n > 0", name="positive"))
    await create(empty_engine, metadata)
    await sql(
        empty_engine,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass",
        "ALTER TABLE task DROP CONSTRAINT positive",
        "ALTER TABLE task ADD CONSTRAINT positive CHECK (n > 0) NOT VALID",
    )
    found = {each.name: each.database or "" for each in await drift(empty_engine, metadata)}
    assert found["i"].endswith("INVALID")
    assert found["positive"].endswith("NOT VALID")


async def test_the_order_of_columns_is_left_out(empty_engine: AsyncEngine) -> None:
    await create(empty_engine, models(Column("n", Integer), Column("m", Integer)))
    swapped = models(Column("m", Integer), Column("n", Integer))
    assert await drift(empty_engine, swapped) == []


async def test_partitions_extensions_and_ignored_names_are_left_out(
    empty_engine: AsyncEngine,
) -> None:
    metadata = models(postgresql_partition_by="RANGE (n)")
    await create(empty_engine, metadata)
    await sql(
        empty_engine,
        "CREATE EXTENSION pg_stat_statements",
        "CREATE TABLE first PARTITION OF task FOR VALUES FROM (0) TO (9)",
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
        "CREATE TABLE theirs (id int)",
        "CREATE SEQUENCE numbers",
    )
    ignore = ("alembic_version", "theirs", "numbers")
    assert await drift(empty_engine, metadata, ignore=ignore) == []


async def test_mixed_case_names_and_another_search_path(empty_engine: AsyncEngine) -> None:
    metadata = models(Column("Points", Integer), Index("By Points", "Points"))
    async with empty_engine.connect() as connection:
        await connection.execute(text('CREATE SCHEMA "Tenant"'))
        await connection.execute(text('SET LOCAL search_path = "Tenant"'))
        await connection.run_sync(metadata.create_all, checkfirst=False)
        assert await connection.run_sync(catalog_drift, metadata) == []


async def test_nothing_stays_behind(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as connection:
        await connection.run_sync(catalog_drift, models(Column("n", Enum("a", name="e"))))
        path = await connection.scalar(text("SHOW search_path"))
        assert path == '"$user", public'
        await connection.commit()
    async with empty_engine.connect() as connection:
        schemas = text("SELECT count(*) FROM pg_namespace WHERE nspname = 'catalog_drift'")
        assert await connection.scalar(schemas) == 0


async def test_no_default_is_run(empty_engine: AsyncEngine) -> None:
    await sql(empty_engine, "CREATE SEQUENCE numbers")
    numbered = models(Column("n", Integer, server_default=text("nextval('numbers')")))
    await drift(empty_engine, numbered, ignore=("numbers",))
    async with empty_engine.connect() as connection:
        assert await connection.scalar(text("SELECT nextval('numbers')")) == 1


async def test_it_costs_six_statements_and_those_of_create_all(
    empty_engine: AsyncEngine,
) -> None:
    metadata = models()
    await create(empty_engine, metadata)
    with record(empty_engine) as sent:
        await drift(empty_engine, metadata)
    assert sent.verbs() == [
        "SAVEPOINT",
        "WITH",
        "CREATE",
        "SELECT",
        *["CREATE"] * 2,
        "WITH",
        "ROLLBACK",
    ]


async def test_models_that_name_a_schema_are_refused(empty_engine: AsyncEngine) -> None:
    with pytest.raises(ValueError, match="the models name schemas"):
        await drift(empty_engine, models(schema="other"))
