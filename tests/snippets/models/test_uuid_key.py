"""Keys that ascend, and INSERTs that stay batched."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from snippets.domain import User
from snippets.models.timestamps import Timestamps
from snippets.models.uuid_key import UUIDKey, uuid7
from workbench.lesson import record


def milliseconds(key: uuid.UUID) -> int:
    return key.int >> 80


def test_a_key_has_version_seven_and_the_layout_of_the_rfc() -> None:
    before = time.time_ns() // 1_000_000
    key = uuid7()
    after = time.time_ns() // 1_000_000
    assert key.version == 7
    assert key.variant == uuid.RFC_4122
    assert before <= milliseconds(key) <= after + 1


def test_keys_ascend_even_within_a_step_of_the_clock() -> None:
    keys = [uuid7() for _ in range(20_000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_keys_ascend_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: (milliseconds(first) - 60_000) * 1_000_000)
    assert first < uuid7() < uuid7()


def test_a_stopped_clock_carries_into_the_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    future = (milliseconds(uuid7()) + 1_000) * 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: future)
    keys = [uuid7() for _ in range(4_097)]
    assert keys == sorted(keys)
    assert milliseconds(keys[-1]) == milliseconds(keys[0]) + 1


def test_threads_get_different_keys() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [uuid7() for _ in range(500)], range(8)))
    keys = [key for batch in batches for key in batch]
    assert len(set(keys)) == len(keys)
    assert all(batch == sorted(batch) for batch in batches)


async def test_postgresql_reads_the_version_and_the_time_of_a_key(engine: AsyncEngine) -> None:
    key = uuid7()
    async with engine.connect() as connection:
        if (connection.dialect.server_version_info or ()) < (18,):
            pytest.skip("uuid_extract_timestamp() reads version 7 from PostgreSQL 18 on")
        found = await connection.scalar(
            text("SELECT uuid_extract_timestamp(CAST(:key AS uuid))"), {"key": key}
        )
    assert found == datetime.fromtimestamp(milliseconds(key) / 1000, UTC)


def test_the_key_is_the_first_column() -> None:
    assert User.__table__.columns.keys()[0] == "id"


async def test_the_id_is_none_before_the_flush_unless_given(engine: AsyncEngine) -> None:
    given = uuid7()
    user = User(email="ada@example.org", name="Ada")
    other = User(id=given, email="grace@example.org", name="Grace")
    assert user.id is None
    async with AsyncSession(engine) as session:
        session.add_all([user, other])
        await session.flush()
        assert user.id.version == 7
        assert other.id == given


async def test_a_flush_of_many_objects_is_batched_and_each_gets_its_own_key(
    engine: AsyncEngine,
) -> None:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        users = [User(email=f"{n}@example.org", name="Ada") for n in range(1_500)]
        session.add_all(users)
        with record(engine) as sent:
            await session.commit()
        assert sent.verbs() == ["INSERT"] * 2
        stored = dict((await session.execute(select(User.id, User.email))).all())
    assert [stored[user.id] for user in users] == [user.email for user in users]
    assert [user.id for user in users] == sorted(user.id for user in users)


class Base(DeclarativeBase):
    pass


class Unmarked(Timestamps, Base):
    __tablename__ = "unmarked"
    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=uuid7, server_default=text("gen_random_uuid()")
    )


class Note(UUIDKey, Timestamps, Base):
    __tablename__ = "note"


@pytest.mark.parametrize(("model", "statements"), [(Unmarked, 100), (Note, 1)])
async def test_without_the_sentinel_the_default_of_the_server_ends_batching(
    empty_engine: AsyncEngine, model: type[Base], statements: int
) -> None:
    async with empty_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(empty_engine) as session:
        session.add_all([model() for _ in range(100)])
        with record(empty_engine) as sent:
            await session.flush()
    assert len(sent) == statements


async def test_an_insert_that_leaves_the_key_out_gets_one_from_the_server(
    engine: AsyncEngine,
) -> None:
    async with engine.begin() as connection:
        key = await connection.scalar(
            text("INSERT INTO app_user (email, name) VALUES ('ada@example.org', '') RETURNING id")
        )
    assert key.version == 4


async def test_returning_in_the_order_of_the_parameters_is_batched(engine: AsyncEngine) -> None:
    rows = [{"email": f"{n}@example.org", "name": "Ada"} for n in range(100)]
    async with engine.begin() as connection:
        with record(engine) as sent:
            found = await connection.execute(
                insert(User).returning(User.email, sort_by_parameter_order=True), rows
            )
        assert found.scalars().all() == [row["email"] for row in rows]
    assert len(sent) == 1


async def test_several_keys_given_as_text_are_refused(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        session.add_all([User(id=str(uuid7()), email=f"{n}", name="") for n in range(2)])
        with pytest.raises(InvalidRequestError, match="sentinel"):
            await session.flush()
