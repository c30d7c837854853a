"""Naive datetimes are refused before they reach the driver."""
# ruff: noqa: RUF012 - SQLAlchemy reads the dictionary of a class, and nobody changes it

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from snippets.models.aware_datetime import AwareDateTime
from workbench.lesson import record

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: AwareDateTime()}


class Meeting(Base):
    __tablename__ = "meeting"
    id: Mapped[int] = mapped_column(primary_key=True)
    begins_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class NoOffset(tzinfo):
    def utcoffset(self, when: datetime | None) -> None:
        return None

    def dst(self, when: datetime | None) -> None:
        return None

    def tzname(self, when: datetime | None) -> None:
        return None


@pytest.fixture
async def session(empty_engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with empty_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(empty_engine, expire_on_commit=False) as session:
        yield session


@pytest.mark.parametrize(
    "value",
    [datetime(2026, 7, 1, 12), datetime(2026, 7, 1, 12, tzinfo=NoOffset()), date(2026, 7, 1)],
    ids=["naive", "without-offset", "date"],
)
async def test_a_value_without_an_offset_is_refused_and_nothing_is_sent(
    empty_engine: AsyncEngine, session: AsyncSession, value: Any
) -> None:
    session.add(Meeting(begins_at=value))
    with (
        record(empty_engine) as sent,
        pytest.raises(StatementError, match="offset is needed") as refused,
    ):
        await session.flush()
    assert isinstance(refused.value.orig, ValueError)
    assert len(sent) == 0


async def test_a_comparison_and_an_update_with_a_naive_value_are_refused(
    session: AsyncSession,
) -> None:
    naive = datetime(2026, 7, 1, 12)
    for statement in (
        select(Meeting).where(Meeting.begins_at > naive),
        select(Meeting).where(Meeting.begins_at.in_([NOON, naive])),
        update(Meeting).values(begins_at=naive),
    ):
        with pytest.raises(StatementError, match="offset is needed"):
            await session.execute(statement)


async def test_the_moment_is_kept_and_comes_back_in_utc(session: AsyncSession) -> None:
    tokyo = timezone(timedelta(hours=9))
    session.add(Meeting(begins_at=NOON.astimezone(tokyo)))
    await session.commit()
    fresh = select(Meeting).execution_options(populate_existing=True)
    meeting = (await session.scalars(fresh)).one()
    assert meeting.begins_at == NOON
    assert meeting.begins_at.utcoffset() == timedelta(0)
    assert meeting.ended_at is None
    assert meeting.made_at.utcoffset() == timedelta(0)


async def test_arithmetic_with_intervals_still_works(session: AsyncSession) -> None:
    session.add(Meeting(begins_at=NOON))
    await session.flush()
    hour = timedelta(hours=1)
    assert await session.scalar(select(Meeting.begins_at + hour)) == NOON + hour
    assert await session.scalar(select(Meeting.id).where(Meeting.begins_at - hour < NOON))


async def test_the_column_is_timestamp_with_time_zone(session: AsyncSession) -> None:
    assert await session.scalar(select(func.pg_typeof(Meeting.begins_at).label("type"))) is None
    session.add(Meeting(begins_at=NOON))
    await session.flush()
    kind = select(func.format_type(func.pg_typeof(Meeting.begins_at), None))
    assert await session.scalar(kind) == "timestamp with time zone"
