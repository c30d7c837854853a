"""Which writers move ``updated_at``, and what reading it back costs."""
# ruff: noqa: RUF012 - SQLAlchemy reads the dictionary of a class, and nobody changes it

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from snippets.domain import User
from snippets.models.timestamps import Timestamps
from workbench.lesson import record

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


async def users(session: AsyncSession, count: int = 1) -> list[User]:
    made = [
        User(email=f"user{n}@example.org", name="Ada", created_at=LONG_AGO, updated_at=LONG_AGO)
        for n in range(count)
    ]
    session.add_all(made)
    await session.commit()
    return made


async def stamp(session: AsyncSession) -> datetime:
    return (await session.scalars(select(User.updated_at))).one()


async def test_both_are_readable_after_an_insert_of_one_statement(
    engine: AsyncEngine, session: AsyncSession
) -> None:
    user = User(email="ada@example.org", name="Ada")
    session.add(user)
    with record(engine) as sent:
        await session.flush()
        assert user.created_at == user.updated_at
    assert len(sent) == 1
    assert user.created_at.utcoffset() == timedelta(0)


async def test_both_columns_are_with_time_zone_and_never_null(session: AsyncSession) -> None:
    found = await session.execute(
        text(
            "SELECT data_type, is_nullable FROM information_schema.columns "
            "WHERE table_name = 'app_user' AND column_name IN ('created_at', 'updated_at')"
        )
    )
    assert found.all() == [("timestamp with time zone", "NO")] * 2


async def test_a_flush_moves_updated_at_and_it_is_readable_without_a_further_statement(
    engine: AsyncEngine, session: AsyncSession
) -> None:
    [user] = await users(session)
    user.name = "Grace"
    with record(engine) as sent:
        await session.commit()
        assert user.updated_at > LONG_AGO
    assert sent.verbs() == ["UPDATE"]
    assert "RETURNING app_user.updated_at" in sent[0].sql
    assert user.created_at == LONG_AGO


async def test_a_flush_of_many_changed_objects_sends_a_statement_for_each(
    engine: AsyncEngine, session: AsyncSession
) -> None:
    for user in await users(session, 20):
        user.name = "Grace"
    with record(engine) as sent:
        await session.flush()
    assert sent.verbs() == ["UPDATE"] * 20


async def test_a_flush_of_many_new_objects_sends_one_statement(
    engine: AsyncEngine, session: AsyncSession
) -> None:
    session.add_all([User(email=f"{n}@example.org", name="Ada") for n in range(100)])
    with record(engine) as sent:
        await session.flush()
    assert sent.verbs() == ["INSERT"]


@pytest.mark.parametrize("bulk", [False, True], ids=["where", "bulk-by-primary-key"])
async def test_update_moves_updated_at(session: AsyncSession, bulk: bool) -> None:
    [user] = await users(session)
    if bulk:
        await session.execute(update(User), [{"id": user.id, "name": "Grace"}])
    else:
        await session.execute(update(User).values(name="Grace"))
    assert await stamp(session) > LONG_AGO


async def test_setting_the_same_value_sends_nothing(
    engine: AsyncEngine, session: AsyncSession
) -> None:
    [user] = await users(session)
    user.name = "Ada"
    with record(engine) as sent:
        await session.commit()
    assert len(sent) == 0


async def test_text_and_on_conflict_do_not_move_updated_at(session: AsyncSession) -> None:
    await users(session)
    await session.execute(text("UPDATE app_user SET name = 'Grace'"))
    assert await stamp(session) == LONG_AGO
    new = pg_insert(User).values(email="user0@example.org", name="Mary")
    await session.execute(
        new.on_conflict_do_update(index_elements=["email"], set_={"name": new.excluded.name})
    )
    assert await session.scalar(select(User.name).execution_options(populate_existing=True)) == (
        "Mary"
    )
    assert await stamp(session) == LONG_AGO


async def test_update_expires_updated_at_of_the_objects_in_the_session(
    session: AsyncSession,
) -> None:
    [user] = await users(session)
    await session.execute(update(User).values(name="Grace"))
    assert user.name == "Grace"
    with pytest.raises(MissingGreenlet):
        _ = user.updated_at


async def test_all_rows_of_a_transaction_share_the_moment_it_began(session: AsyncSession) -> None:
    began = await session.scalar(select(func.now()))
    await asyncio.sleep(0.01)
    await session.execute(insert(User), [{"email": "ada@example.org", "name": "Ada"}])
    assert await stamp(session) == began
    assert await session.scalar(select(func.clock_timestamp())) > began


async def test_a_transaction_that_began_earlier_can_move_updated_at_back(
    engine: AsyncEngine, session: AsyncSession
) -> None:
    [user] = await users(session)
    await session.scalar(select(func.now()))
    async with engine.begin() as later:
        await later.execute(update(User).values(name="Grace"))
        newer = (await later.scalars(select(User.updated_at))).one()
    user.name = "Mary"
    await session.commit()
    assert user.updated_at < newer


class Base(DeclarativeBase):
    pass


class Hidden(Timestamps, Base):
    __tablename__ = "hidden"
    __mapper_args__ = {"confirm_deleted_rows": False}
    id: Mapped[int] = mapped_column(primary_key=True)


class Merged(Timestamps, Base):
    __tablename__ = "merged"
    __mapper_args__ = {**Timestamps.__mapper_args__, "confirm_deleted_rows": False}
    id: Mapped[int] = mapped_column(primary_key=True)


def test_mapper_arguments_of_the_model_hide_those_of_the_mixin_unless_merged() -> None:
    assert Hidden.__mapper__.eager_defaults == "auto"
    assert Merged.__mapper__.eager_defaults is True
