"""Every writer stamps, unless it changes nothing."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Executable, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import User
from snippets.models.touch_trigger import touch_trigger
from workbench.lesson import record

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def upsert() -> Executable:
    new = insert(User).values(email="ada@example.org", name="Grace")
    return new.on_conflict_do_update(
        index_elements=["email"], set_={"name": new.excluded.name}
    ).returning(User.id)


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        session.add(User(email="ada@example.org", name="Ada", updated_at=LONG_AGO))
        for statement in touch_trigger("app_user"):
            await session.execute(text(statement))
        await session.commit()
        yield session


async def stamp(session: AsyncSession) -> datetime:
    return (await session.scalars(select(User.updated_at))).one()


@pytest.mark.parametrize(
    "writer",
    [
        lambda: text("UPDATE app_user SET name = 'Grace'"),
        upsert,
        lambda: update(User).values(name="Grace"),
        lambda: text(
            "MERGE INTO app_user u USING (VALUES ('Grace')) v (name) ON true "
            "WHEN MATCHED THEN UPDATE SET name = v.name"
        ),
    ],
    ids=["text", "on-conflict", "core", "merge"],
)
async def test_every_writer_stamps(session: AsyncSession, writer: Callable[[], Executable]) -> None:
    await session.execute(writer())
    assert await stamp(session) > LONG_AGO


async def test_the_object_holds_the_stamp_of_the_trigger_after_a_flush(
    engine: AsyncEngine, session: AsyncSession
) -> None:
    user = (await session.scalars(select(User))).one()
    user.name = "Grace"
    with record(engine) as sent:
        await session.commit()
    assert sent.verbs() == ["UPDATE"]
    assert user.updated_at == await stamp(session) > LONG_AGO


async def test_an_update_that_changes_nothing_does_not_stamp(session: AsyncSession) -> None:
    await session.execute(text("UPDATE app_user SET name = name"))
    assert await stamp(session) == LONG_AGO


async def test_a_stamp_never_moves_back(engine: AsyncEngine, session: AsyncSession) -> None:
    user = (await session.scalars(select(User))).one()
    async with engine.begin() as later:
        await later.execute(text("UPDATE app_user SET name = 'Grace'"))
        newer = (await later.scalars(select(User.updated_at))).one()
    user.name = "Mary"
    await session.commit()
    assert user.updated_at > newer


async def test_a_value_given_by_hand_is_replaced_while_the_trigger_is_enabled(
    session: AsyncSession,
) -> None:
    restore = text("UPDATE app_user SET updated_at = '2010-01-01Z'")
    await session.execute(restore)
    assert (await stamp(session)).year > 2010
    await session.execute(text("ALTER TABLE app_user DISABLE TRIGGER touch_updated_at"))
    await session.execute(restore)
    assert (await stamp(session)).year == 2010


async def test_installing_again_leaves_one_trigger(session: AsyncSession) -> None:
    for statement in touch_trigger("app_user"):
        await session.execute(text(statement))
    triggers = text("SELECT count(*) FROM pg_trigger WHERE tgname = 'touch_updated_at'")
    assert await session.scalar(triggers) == 1


async def test_it_compares_types_that_have_no_equality(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        await connection.execute(
            text("CREATE TABLE reading (note json, updated_at timestamptz DEFAULT '2000-01-01Z')")
        )
        for statement in touch_trigger("reading"):
            await connection.exec_driver_sql(statement)
        await connection.execute(text("INSERT INTO reading (note) VALUES ('{}')"))
        await connection.execute(text("UPDATE reading SET note = note"))
        year = text("SELECT extract(year FROM updated_at AT TIME ZONE 'UTC')::int FROM reading")
        assert await connection.scalar(year) == 2000
        await connection.execute(text("UPDATE reading SET note = '[]'"))
        assert await connection.scalar(year) > 2000


async def test_names_are_quoted_and_schemas_honoured(empty_engine: AsyncEngine) -> None:
    async with empty_engine.begin() as connection:
        await connection.execute(text('CREATE SCHEMA "Stock"'))
        await connection.execute(
            text('CREATE TABLE "Stock"."Order" (n int, updated_at timestamptz)')
        )
        for statement in touch_trigger("Order", schema="Stock"):
            await connection.exec_driver_sql(statement)
        await connection.execute(text('INSERT INTO "Stock"."Order" VALUES (1)'))
        await connection.execute(text('UPDATE "Stock"."Order" SET n = 2'))
        assert await connection.scalar(text('SELECT updated_at FROM "Stock"."Order"')) is not None


async def test_a_table_with_generated_columns_refuses_the_trigger(
    empty_engine: AsyncEngine,
) -> None:
    async with empty_engine.begin() as connection:
        await connection.execute(
            text(
                "CREATE TABLE sum (a int, b int GENERATED ALWAYS AS (a + 1) STORED, "
                "updated_at timestamptz)"
            )
        )
        function, trigger = touch_trigger("sum")
        await connection.exec_driver_sql(function)
        with pytest.raises(DBAPIError, match="generated columns"):
            await connection.exec_driver_sql(trigger)


@pytest.mark.parametrize(("table", "schema"), [("", None), ("app_user", "")])
def test_an_empty_name_is_refused(table: str, schema: str | None) -> None:
    with pytest.raises(ValueError, match="need names"):
        touch_trigger(table, schema=schema)
