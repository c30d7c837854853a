"""Notifications, settings, pools and SQLAlchemy on the replacement are those of asyncpg."""

from __future__ import annotations

import asyncio
import datetime
import uuid
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from tab import links
from tab.refusals import Refused

from tests.workbench.live.protocol_peers import Both, Place, _both, _peer  # noqa: F401


async def notified(place: Place) -> list[Any]:
    listening, other = await place.connect(), await place.connect()
    seen: list[Any] = []

    def hear(connection: Any, pid: int, channel: str, payload: str) -> None:
        seen.append((connection is listening, pid > 0, channel, payload))

    async def hear_later(connection: Any, pid: int, channel: str, payload: str) -> None:
        await asyncio.sleep(0)
        seen.append(("later", payload))

    await listening.add_listener("news", hear)
    await listening.add_listener("Other news", hear_later)
    await other.execute("notify news, 'one'")
    await other.execute("notify nothing, 'two'")
    async with other.transaction():
        await other.fetch("select pg_notify('Other news', 'three é')")
        await other.execute("notify news")
    await listening.execute("notify news, 'own'")
    await asyncio.sleep(0.05)
    await listening.remove_listener("news", hear)
    await other.execute("notify news, 'unheard'")
    await asyncio.sleep(0.05)
    await other.close()
    await listening.reset()
    await listening.close()
    return sorted(map(repr, seen))


async def test_listeners_are_notified(both: Both) -> None:
    seen = await both(notified)
    assert len(seen) == 4
    assert "('later', 'three é')" in seen


async def parameters(place: Place) -> list[Any]:
    options = {"application_name": "books", "timezone": "Asia/Tokyo", "work_mem": "5MB"}
    connection = await place.connect(server_settings=options)
    settings = connection.get_settings()

    async def shown() -> list[Any]:
        names = "application_name", "timezone", "work_mem"
        return [await connection.fetchval(f"show {name}") for name in names]

    seen: list[Any] = [await shown(), settings.TimeZone, settings.application_name]
    await connection.execute("set timezone = 'UTC'; set application_name = 'pages'")
    seen += [settings.TimeZone, settings.application_name, await shown()]
    await connection.reset()
    seen += [await shown(), settings.TimeZone, hasattr(settings, "nothing")]
    await connection.execute("set work_mem = '9MB'")
    await connection.execute("reset work_mem")
    seen += [await shown(), connection.get_server_version().major >= 15]
    seen += [settings.client_encoding, connection.get_server_pid() > 0]
    await connection.close()
    return seen


async def test_parameters_are_reported_and_reset_to_what_the_connection_started_with(
    both: Both,
) -> None:
    seen = await both(parameters)
    assert seen[0] == ["books", "Asia/Tokyo", "5MB"]
    assert seen[5] == ["pages", "UTC", "5MB"]
    assert seen[6] == seen[9] == seen[0]


async def pooled(place: Place) -> list[Any]:
    seen: list[Any] = []
    async with place.pool(min_size=2, max_size=3, command_timeout=60) as pool:
        await pool.execute("create table t (n int)")
        await pool.executemany("insert into t values ($1)", [(1,), (2,)])
        seen.append(await pool.fetch("select n from t order by n"))
        async with pool.acquire() as one, pool.acquire() as two:
            seen.append(await one.fetchval("select 1"))
            seen.append(await two.fetchval("select 2"))
            await one.execute("set work_mem = '7MB'")
        async with pool.acquire() as one, pool.acquire() as two:
            seen += [await each.fetchval("show work_mem") for each in (one, two)]
        held = [await pool.acquire() for _ in range(3)]
        with pytest.raises(TimeoutError):
            await pool.acquire(timeout=0.05)
        waiting = asyncio.ensure_future(pool.fetchval("select 'waited'"))
        await asyncio.sleep(0)
        for connection in held:
            await pool.release(connection)
        seen.append(await waiting)
        seen.append(pool.get_size())
        await pool.expire_connections()
        seen.append(await pool.fetchval("select 'new'"))
    try:
        await pool.fetch("select 1")
    except Exception as raised:
        seen.append(f"{type(raised).__name__}: {raised}")
    return seen


async def test_a_pool_shares_connections_and_resets_them(both: Both) -> None:
    seen = await both(pooled)
    assert seen[0] == [(1,), (2,)]
    assert seen[3] == seen[4] != "7MB"
    assert seen[5] == "waited"


class _Base(DeclarativeBase):
    pass


class _Book(_Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(8, 2))
    key: Mapped[uuid.UUID | None]
    tags: Mapped[list[str] | None] = mapped_column(pg.ARRAY(sa.Text))
    data: Mapped[dict[str, Any] | None] = mapped_column(pg.JSONB)
    at: Mapped[datetime.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    span: Mapped[Any] = mapped_column(pg.INT4RANGE, nullable=True)
    mood: Mapped[str | None] = mapped_column(sa.Enum("sad", "ok", name="mood"))
    took: Mapped[datetime.timedelta | None]


async def mapped(place: Place) -> list[Any]:
    engine = create_async_engine(place.url)
    seen: list[Any] = []
    async with engine.begin() as connection:
        await connection.run_sync(_Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        book = _Book(
            title="A",
            price=Decimal("1.50"),
            key=uuid.UUID(int=5),
            tags=["x", "y"],
            data={"a": [1, None]},
            at=datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC),
            span=pg.Range(1, 5),
            mood="ok",
            took=datetime.timedelta(minutes=5),
        )
        session.add_all([book, *(_Book(title=title) for title in "BCD")])
        await session.commit()
        session.expunge_all()
        for found in await session.scalars(sa.select(_Book).order_by(_Book.id)):
            values = {
                name: getattr(found, name)
                for name in _Book.__table__.columns.keys()  # noqa: SIM118
            }
            seen.append(repr(values))
        session.add(_Book(title="A"))
        with pytest.raises(IntegrityError) as raised:
            await session.commit()
        seen.append(str(raised.value.orig))
        await session.rollback()
        statement = sa.insert(_Book).returning(_Book.id, sort_by_parameter_order=True)
        rows = [{"title": f"many {n}"} for n in range(300)]
        seen.append(len((await session.scalars(statement, rows)).all()))
        titles = sa.select(_Book.title).execution_options(yield_per=7)
        streamed = await session.stream_scalars(titles)
        seen.append(len([title async for title in streamed]))
        try:
            await session.execute(sa.text("select :n / 0"), {"n": 1})
        except DBAPIError as error:
            seen += [type(error).__name__, str(error)]
    async with engine.connect() as connection:
        level = await connection.execution_options(isolation_level="AUTOCOMMIT")
        seen.append((await level.execute(sa.text("select 1"))).scalar_one())
        seen.append(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))
    await engine.dispose()
    return seen


async def test_sqlalchemy_maps_and_streams(both: Both) -> None:
    seen = await both(mapped)
    assert "'price': Decimal('1.50')" in seen[0]
    assert seen[5:7] == [300, 304]


async def refused(place: Place) -> list[str]:
    connection = await place.connect()
    seen = []
    for operation in (
        lambda: connection.execute("create database other"),
        lambda: connection.fetch("alter system reset all"),
        lambda: place_without_database(place),
    ):
        try:
            await operation()
        except asyncpg.InterfaceError as raised:
            seen.append(str(raised))
    seen.append(await connection.fetchval("select 'and it goes on'"))
    turn = links.Link.turn
    links.Link.turn = _no_turn
    try:
        await connection.fetch("select 1")
    except asyncpg.InterfaceError as raised:
        seen.append(str(raised))
    finally:
        links.Link.turn = turn
    seen.append(await connection.fetchval("select 'and on'"))
    await connection.close()
    return seen


async def _no_turn(link: links.Link, sql: str = "") -> None:
    raise Refused("No turn for you.")


async def place_without_database(place: Place) -> None:
    """Connect to a database that is not there."""
    await asyncpg.connect(**{**place.arguments, "database": "nowhere"})


def test_what_one_backend_cannot_do_is_an_interface_error(both: Both) -> None:
    seen = both.in_the_tab(refused)
    assert "has one database" in seen
    assert "nowhere" in seen
    assert "does not read its configuration again" in seen
    assert "and it goes on" in seen
    assert "No turn for you." in seen
    assert "and on" in seen
