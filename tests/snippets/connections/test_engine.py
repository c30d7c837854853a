"""The engine: every wait ends, and the server knows who is connected."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from snippets.connections.engine import Timeouts, async_engine


async def test_nothing_is_sent_before_the_first_use() -> None:
    engine = async_engine("postgresql+asyncpg://nobody@nowhere.invalid/x", application_name="web")
    await engine.dispose()


async def test_the_settings_arrive_at_the_server_and_after_a_reset(empty_database: URL) -> None:
    engine = async_engine(
        empty_database,
        application_name="web",
        timeouts=Timeouts(statement=1.5, idle_in_transaction=120),
    )
    names = ("application_name", "statement_timeout", "idle_in_transaction_session_timeout")
    async with engine.connect() as connection:
        await connection.execute(text("SET statement_timeout = 60000"))
        await connection.execute(text("RESET ALL"))
        found = [(await connection.execute(text(f"SHOW {name}"))).scalar_one() for name in names]
    await engine.dispose()
    assert found == ["web", "1500ms", "2min"]


async def test_the_server_cancels_a_long_statement_and_the_connection_stays(
    empty_database: URL,
) -> None:
    engine = async_engine(
        empty_database, application_name="web", pool_size=1, timeouts=Timeouts(statement=0.05)
    )
    pid = text("SELECT pg_backend_pid()")
    async with engine.connect() as connection:
        before = (await connection.execute(pid)).scalar_one()
        with pytest.raises(DBAPIError, match="statement timeout") as canceled:
            await connection.execute(text("SELECT pg_sleep(60)"))
        await connection.rollback()
        assert (await connection.execute(pid)).scalar_one() == before
    await engine.dispose()
    assert not canceled.value.connection_invalidated


async def test_the_server_ends_a_forgotten_transaction(empty_database: URL) -> None:
    engine = async_engine(
        empty_database,
        application_name="web",
        pool_size=1,
        timeouts=Timeouts(idle_in_transaction=0.05),
    )
    closed = asyncio.Event()
    connection = await engine.connect()
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    driver.add_termination_listener(lambda _: closed.set())
    await connection.execute(text("SELECT 1"))
    await asyncio.wait_for(closed.wait(), timeout=10)
    with pytest.raises(DBAPIError, match="connection is closed") as lost:
        await connection.execute(text("SELECT 1"))
    assert lost.value.connection_invalidated
    await connection.close()
    await engine.dispose()


async def test_a_full_pool_refuses_after_its_timeout(empty_database: URL) -> None:
    engine = async_engine(empty_database, application_name="web", pool_size=2, pool_timeout=0.01)
    async with engine.connect(), engine.connect():
        with pytest.raises(PoolTimeout, match=r"size 2 overflow 0 .* timeout 0\.01"):
            await engine.connect()
    await engine.dispose()


async def test_the_client_gives_up_on_a_silent_server_after_the_server_would_have_answered(
    empty_database: URL,
) -> None:
    engine = async_engine(empty_database, application_name="web", timeouts=Timeouts(statement=30))
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        assert driver._config.command_timeout == 35
    await engine.dispose()


async def test_connecting_to_a_silent_server_ends() -> None:
    done = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    engine = async_engine(
        URL.create("postgresql+asyncpg", username="nobody", host=host, port=port, database="x"),
        application_name="web",
        timeouts=Timeouts(connect=0.05),
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(20) as test:
            await engine.connect()
    assert not test.expired()
    done.set()
    server.close()
    await engine.dispose()


@pytest.mark.parametrize("pre_ping", [True, False])
async def test_closed_connections_are_replaced(empty_database: URL, pre_ping: bool) -> None:
    engine = async_engine(empty_database, application_name="web", pool_size=1, pre_ping=pre_ping)
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.close()
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await engine.dispose()


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"pool_size": 0}, "pool_size"),
        ({"pool_size": -1}, "pool_size"),
        ({"max_overflow": -1}, "max_overflow"),
        ({"pool_timeout": 0}, "pool_timeout"),
        ({"pool_timeout": float("nan")}, "pool_timeout"),
        ({"application_name": ""}, "application_name"),
        ({"application_name": "ü"}, "application_name"),
        ({"application_name": "web\n"}, "application_name"),
        ({"application_name": "x" * 64}, "application_name"),
        ({"url": "postgresql://postgres@localhost/x"}, "asyncpg"),
    ],
)
def test_bad_input_is_refused(wrong: dict[str, Any], complaint: str) -> None:
    good = {"url": "postgresql+asyncpg://postgres@localhost/x", "application_name": "web"}
    with pytest.raises(ValueError, match=complaint):
        async_engine(**(good | wrong))


@pytest.mark.parametrize("option", ["connect_args", "pool_pre_ping"])
def test_an_option_that_the_engine_sets_itself_is_refused(option: str) -> None:
    options: dict[str, Any] = {option: {}}
    with pytest.raises(TypeError, match=option):
        async_engine("postgresql+asyncpg://h/x", application_name="web", **options)


@pytest.mark.parametrize(
    "wrong",
    [
        {"connect": -1},
        {"connect": 0},
        {"statement": 0.0004},
        {"statement": float("nan")},
        {"idle_in_transaction": 3_000_000},
    ],
)
def test_a_timeout_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="every timeout"):
        Timeouts(**wrong)
