"""A block is committed once, at its end, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from sqlalchemy import exc, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import User
from snippets.transactions.unit_of_work import unit_of_work
from workbench.lesson import record


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as opened:
        yield opened


async def add(session: AsyncSession, name: str) -> None:
    session.add(User(email=f"{name}@example.org", name=name))
    await session.flush()


async def unit(session: AsyncSession, *steps: Callable[[], Awaitable[None]]) -> None:
    async with unit_of_work(session):
        for step in steps:
            await step()


async def users(engine: AsyncEngine) -> int:
    async with AsyncSession(engine) as session:
        return (await session.scalars(select(func.count()).select_from(User))).one()


async def test_the_block_is_committed_once_and_the_session_can_begin_another(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    with record(engine) as sent:
        async with unit_of_work(session) as same:
            assert same is session
            await add(session, "a")
            await add(session, "b")
        async with unit_of_work(session):
            await add(session, "c")
    assert sent.verbs() == ["INSERT"] * 3
    assert sent.boundaries == ["BEGIN", "COMMIT"] * 2
    assert await users(engine) == 3
    await add(session, "d")
    await session.commit()


async def test_a_commit_inside_is_refused_and_nothing_is_kept(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    with (
        record(engine) as sent,
        pytest.raises(exc.InvalidRequestError, match="flush\\(\\) instead"),
    ):
        await unit(session, partial(add, session, "a"), session.commit)
    assert sent.boundaries == ["BEGIN", "ROLLBACK"]
    assert await users(engine) == 0


async def test_a_commit_inside_a_savepoint_is_refused(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    async def commit_in_savepoint() -> None:
        async with session.begin_nested():
            await add(session, "a")
            await session.commit()

    with pytest.raises(exc.InvalidRequestError, match="flush\\(\\) instead"):
        await unit(session, commit_in_savepoint)
    assert await users(engine) == 0


async def test_a_refused_commit_that_is_caught_leaves_the_unit_whole(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    async with unit_of_work(session):
        await add(session, "a")
        with pytest.raises(exc.InvalidRequestError):
            await session.commit()
        await add(session, "b")
    assert await users(engine) == 2


async def test_savepoints_are_free(session: AsyncSession, engine: AsyncEngine) -> None:
    async with unit_of_work(session):
        async with session.begin_nested():
            await add(session, "a")
        async with session.begin_nested() as savepoint:
            await add(session, "b")
            await savepoint.rollback()
    assert await users(engine) == 1


async def test_a_rollback_inside_cannot_end_in_silence(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    first = partial(add, session, "a")
    with pytest.raises(exc.InvalidRequestError, match="the block rolled back"):
        await unit(session, first, session.rollback)
    with pytest.raises(exc.InvalidRequestError, match="closed transaction"):
        await unit(session, first, session.rollback, first)
    assert await users(engine) == 0


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_an_error_rolls_back_and_passes_through(
    session: AsyncSession, engine: AsyncEngine, error: type[BaseException]
) -> None:
    async def fail() -> None:
        raise error

    with pytest.raises(error):
        await unit(session, partial(add, session, "a"), fail)
    assert await users(engine) == 0
    await add(session, "b")
    await session.commit()
    assert await users(engine) == 1


async def test_a_flush_that_failed_and_was_caught_cannot_end_in_silence(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    async def add_again() -> None:
        with pytest.raises(exc.IntegrityError):
            await add(session, "a")

    with pytest.raises(exc.InvalidRequestError, match="the block rolled back"):
        await unit(session, partial(add, session, "a"), add_again)
    assert await users(engine) == 0


async def test_a_session_that_has_begun_is_refused(session: AsyncSession) -> None:
    await add(session, "a")
    with pytest.raises(exc.InvalidRequestError, match="already begun"):
        await unit(session)
