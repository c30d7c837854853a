"""Closed connections are replaced at checkout, at no cost in statements."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.connections.closed_connections import replace_closed


async def drivers(engine: AsyncEngine, count: int) -> list[Any]:
    """Open ``count`` connections, return them to the pool, and answer with asyncpg's objects."""
    held = [await engine.connect() for _ in range(count)]
    found = [(await each.get_raw_connection()).driver_connection for each in held]
    for each in held:
        await each.close()
    return found


async def close_from_the_server(engine: AsyncEngine, count: int) -> None:
    opened = await drivers(engine, count)
    closed = [asyncio.Event() for _ in opened[:-1]]
    for driver, event in zip(opened, closed, strict=False):
        driver.add_termination_listener(lambda _, event=event: event.set())
    pids = [driver.get_server_pid() for driver in opened[:-1]]
    for pid in pids:
        await opened[-1].fetch("SELECT pg_terminate_backend($1)", pid)
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in closed)), timeout=10)


async def succeeded(engine: AsyncEngine, attempts: int) -> int:
    answers = 0
    for _ in range(attempts):
        try:
            async with engine.connect() as connection:
                answers += (await connection.execute(text("SELECT 1"))).scalar_one()
        except DBAPIError:
            pass
    return answers


async def test_every_request_succeeds_after_the_server_closed_connections(
    empty_engine: AsyncEngine,
) -> None:
    replace_closed(empty_engine)
    await close_from_the_server(empty_engine, 4)
    assert await succeeded(empty_engine, 6) == 6


async def test_without_it_one_request_fails(empty_engine: AsyncEngine) -> None:
    await close_from_the_server(empty_engine, 4)
    assert await succeeded(empty_engine, 6) == 5


async def test_connections_that_are_open_stay(empty_engine: AsyncEngine) -> None:
    replace_closed(empty_engine)
    await close_from_the_server(empty_engine, 4)
    survivor = (await drivers(empty_engine, 4))[-1]
    assert not survivor.is_closed()
    assert survivor in await drivers(empty_engine, 4)


async def test_a_checkout_sends_nothing(empty_engine: AsyncEngine) -> None:
    replace_closed(empty_engine)
    (driver,) = await drivers(empty_engine, 1)
    sent: list[Any] = []
    driver.add_query_logger(lambda query: sent.append(query.query))
    async with empty_engine.connect():
        pass
    assert sent == []


def test_another_driver_is_refused() -> None:
    other = AsyncEngine(create_engine("postgresql+asyncpg://"))
    other.sync_engine.dialect.driver = "psycopg"
    with pytest.raises(ValueError, match="psycopg"):
        replace_closed(other)
