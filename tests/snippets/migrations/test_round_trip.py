"""Up, down and up again, and what each kind of leftover looks like."""

from __future__ import annotations

import pytest
from alembic.config import Config
from sqlalchemy import MetaData, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.domain import Base
from snippets.migrations.round_trip import check_round_trips, schema_lines
from workbench.lesson import Migrations, record


@pytest.fixture
def migrations(empty_engine: AsyncEngine) -> Migrations:
    return Migrations(empty_engine, MetaData())


def add(migrations: Migrations, name: str, upgrade: str, downgrade: str = "") -> None:
    migrations.revision(
        name,
        upgrade=f"op.execute({upgrade!r})",
        downgrade=f"op.execute({downgrade!r})" if downgrade else "",
    )


async def check(migrations: Migrations, rows: dict[str, str] | None = None) -> list[str]:
    config = Config(str(migrations.folder / "alembic.ini"))
    async with migrations.engine.connect() as connection:
        return await connection.run_sync(check_round_trips, config, rows=rows)


async def test_it_returns_the_revisions_in_order_and_ends_at_the_last(
    migrations: Migrations,
) -> None:
    add(migrations, "one", "CREATE TABLE one (id int)", "DROP TABLE one")
    add(migrations, "two", "ALTER TABLE one ADD n int", "ALTER TABLE one DROP n")
    assert await check(migrations) == ["one", "two"]
    assert await migrations.current() == "two (head)"


async def test_the_migrations_of_the_domain_pass(empty_engine: AsyncEngine) -> None:
    domain = Migrations(empty_engine, Base.metadata)
    await domain.autogenerate("create the domain")
    assert await check(domain) == ["create_the_domain"]


START = "CREATE TABLE one (id int DEFAULT 1)"
LEFT_BEHIND = [
    ("CREATE TABLE t ()", "table t"),
    ("ALTER TABLE one ADD n int", "column one.n integer"),
    ("ALTER TABLE one ALTER id SET NOT NULL", "column one.id integer NOT NULL DEFAULT 1"),
    ("ALTER TABLE one ALTER id TYPE bigint", "column one.id bigint DEFAULT 1"),
    ("ALTER TABLE one ALTER id SET DEFAULT 2", "column one.id integer DEFAULT 2"),
    ("ALTER TABLE one ADD CONSTRAINT c CHECK (id > 0) NOT VALID", "NOT VALID"),
    ("CREATE INDEX i ON one (id) WHERE id > 0", "CREATE INDEX i"),
    ("CREATE TYPE mood AS ENUM ('b', 'a')", "enum mood (b, a)"),
    ("CREATE SEQUENCE s", "sequence s"),
    ("CREATE VIEW v AS SELECT 1 AS n", "view v"),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1", "function f()"),
    (
        (
            "CREATE TRIGGER g BEFORE UPDATE ON one"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
        "CREATE TRIGGER g",
    ),
    ("CREATE SCHEMA x CREATE TABLE t ()", "table x.t"),
]


@pytest.mark.parametrize(("change", "line"), LEFT_BEHIND, ids=[c for c, _ in LEFT_BEHIND])
async def test_what_a_downgrade_leaves_behind_is_named(
    migrations: Migrations, change: str, line: str
) -> None:
    add(migrations, "one", START, "DROP TABLE one")
    add(migrations, "two", change)
    with pytest.raises(AssertionError, match="downgrade of two") as found:
        await check(migrations)
    assert line in str(found.value)


async def test_what_a_downgrade_loses_is_named(migrations: Migrations) -> None:
    add(migrations, "one", START, "DROP TABLE one")
    add(migrations, "two", "ALTER TABLE one ADD n int", "ALTER TABLE one DROP n, DROP id")
    with pytest.raises(AssertionError, match=r"lost: column one\.id integer DEFAULT 1"):
        await check(migrations)


async def test_a_second_upgrade_that_differs_is_named(migrations: Migrations) -> None:
    """A comment, which is not compared, tells the second upgrade from the first."""
    once = (
        "DO $$ BEGIN IF obj_description('alembic_version'::regclass) IS NULL THEN"
        " COMMENT ON TABLE alembic_version IS 'seen'; CREATE TABLE t (); END IF; END $$"
    )
    add(migrations, "one", once, "DROP TABLE t")
    with pytest.raises(AssertionError, match="second upgrade to one\nlost: table t"):
        await check(migrations)


async def test_the_error_of_a_downgrade_is_raised(migrations: Migrations) -> None:
    add(migrations, "one", START, "DROP TABLE nowhere")
    with pytest.raises(ProgrammingError, match="does not exist"):
        await check(migrations)


async def test_rows_reveal_what_an_empty_table_hides(migrations: Migrations) -> None:
    add(migrations, "one", START, "DROP TABLE one")
    add(migrations, "two", "ALTER TABLE one ADD n int NOT NULL", "ALTER TABLE one DROP n")
    with pytest.raises(IntegrityError, match="contains null values"):
        await check(migrations, {"one": "INSERT INTO one VALUES (1)"})


async def test_rows_are_committed_before_the_next_revision(migrations: Migrations) -> None:
    add(migrations, "one", START, "DROP TABLE one")
    add(migrations, "two", "UPDATE one SET id = id + 1", "UPDATE one SET id = id - 1")
    assert await check(migrations, {"one": "INSERT INTO one VALUES (1)"}) == ["one", "two"]
    async with migrations.engine.connect() as connection:
        assert await connection.scalar(text("SELECT id FROM one")) == 2


REFUSING = """
from alembic import context
from snippets.migrations.environment import run_migrations

assert not context.config.attributes["connection"].in_transaction(), "one is open"
run_migrations(None)
"""


async def test_each_command_begins_without_a_transaction(migrations: Migrations) -> None:
    (migrations.folder / "env.py").write_text(REFUSING, encoding="utf-8")
    add(migrations, "one", START, "DROP TABLE one")
    add(migrations, "two", "ALTER TABLE one ADD n int", "ALTER TABLE one DROP n")
    assert await check(migrations, {"one": "INSERT INTO one VALUES (1)"}) == ["one", "two"]


async def test_rows_of_the_last_revision_are_committed(migrations: Migrations) -> None:
    add(migrations, "one", START, "DROP TABLE one")
    await check(migrations, {"one": "INSERT INTO one VALUES (5)"})
    async with migrations.engine.connect() as connection:
        assert await connection.scalar(text("SELECT id FROM one")) == 5


async def test_branches_are_refused(migrations: Migrations) -> None:
    add(migrations, "one", START, "DROP TABLE one")
    left = migrations.revision("left")
    right = left.text.replace("'left'", "'right'")
    left.path.with_name("right.py").write_text(right, encoding="utf-8")
    with pytest.raises(ValueError, match="branches"):
        await check(migrations)


async def test_rows_of_an_unknown_revision_are_refused(migrations: Migrations) -> None:
    add(migrations, "one", START, "DROP TABLE one")
    with pytest.raises(ValueError, match=r"do not exist: \['on'\]"):
        await check(migrations, {"on": "INSERT INTO one VALUES (1)"})


async def test_a_database_with_a_table_is_refused(migrations: Migrations) -> None:
    add(migrations, "one", START, "DROP TABLE one")
    await migrations.upgrade()
    with pytest.raises(ValueError, match="not empty"):
        await check(migrations)


async def test_a_transaction_is_refused(migrations: Migrations) -> None:
    config = Config(str(migrations.folder / "alembic.ini"))
    async with migrations.engine.begin() as connection:
        with pytest.raises(InvalidRequestError, match="transaction of yours"):
            await connection.run_sync(check_round_trips, config)


async def test_the_lines_cost_one_statement_and_are_empty_without_tables(
    empty_engine: AsyncEngine,
) -> None:
    async with empty_engine.connect() as connection:
        with record(empty_engine) as sent:
            assert await connection.run_sync(schema_lines) == set()
    assert len(sent) == 1
