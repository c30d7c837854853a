"""A partial rollback that keeps the rest, and misuse that does not pass in silence."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import exc, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import User
from snippets.transactions.savepoint import Outcome, attempt
from workbench.lesson import record

DUPLICATE = insert(User).values(email="ada@example.org", name="Second")


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        session.add(User(email="ada@example.org", name="Ada"))
        await session.commit()
        yield session


async def names(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list((await connection.scalars(select(User.name).order_by(User.name))).all())


def ben() -> User:
    return User(email="ben@example.org", name="Ben")


async def test_a_failed_attempt_keeps_what_came_before_and_after(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    session.add(ben())
    async with attempt(session, exc.IntegrityError) as outcome:
        session.add(User(email="eve@example.org", name="Eve"))
        session.add(User(email="ada@example.org", name="Second"))
    session.add(User(email="cyd@example.org", name="Cyd"))
    await session.commit()
    assert await names(engine) == ["Ada", "Ben", "Cyd"]
    assert not outcome.succeeded
    assert isinstance(outcome.error, exc.IntegrityError)


async def test_a_successful_attempt_is_committed_with_the_rest(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    async with attempt(session, exc.IntegrityError) as outcome:
        session.add(ben())
        assert not outcome.succeeded
    assert outcome == Outcome(succeeded=True)
    await session.rollback()
    assert await names(engine) == ["Ada"]


async def test_success_costs_two_statements_and_failure_three(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    with record(engine) as sent:
        async with attempt(session, exc.IntegrityError):
            await session.execute(text("SELECT 1"))
    assert sent.verbs() == ["SAVEPOINT", "SELECT", "RELEASE"]
    with record(engine) as sent:
        async with attempt(session, exc.IntegrityError):
            await session.execute(DUPLICATE)
    assert sent.verbs() == ["SAVEPOINT", "INSERT", "ROLLBACK", "RELEASE"]


async def test_failures_leave_no_savepoint_behind(session: AsyncSession) -> None:
    for _ in range(3):
        async with attempt(session, exc.IntegrityError):
            await session.execute(DUPLICATE)
    with pytest.raises(exc.DBAPIError, match='savepoint "sa_savepoint_1" does not exist'):
        await session.execute(text("RELEASE SAVEPOINT sa_savepoint_1"))


async def test_an_error_that_is_not_named_passes(session: AsyncSession) -> None:
    with pytest.raises(ValueError, match="not named"):
        async with attempt(session, exc.IntegrityError):
            raise ValueError("not named")


async def test_an_error_of_the_program_may_be_named(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    async with attempt(session, ValueError) as outcome:
        session.add(ben())
        await session.flush()
        raise ValueError("no address")
    await session.commit()
    assert str(outcome.error) == "no address"
    assert await names(engine) == ["Ada"]


async def test_what_was_pending_before_is_not_part_of_the_attempt(session: AsyncSession) -> None:
    session.add(User(email="ada@example.org", name="Second"))
    with pytest.raises(exc.IntegrityError):
        async with attempt(session, exc.IntegrityError):
            pytest.fail("the block must not run")


async def test_what_was_pending_is_not_part_of_an_inner_attempt_either(
    session: AsyncSession,
) -> None:
    with pytest.raises(exc.IntegrityError):
        async with attempt(session, ZeroDivisionError):
            session.add(User(email="ada@example.org", name="Second"))
            async with attempt(session, exc.IntegrityError):
                pytest.fail("the block must not run")


async def test_attempts_nest(session: AsyncSession, engine: AsyncEngine) -> None:
    async with attempt(session, exc.IntegrityError) as outer:
        session.add(ben())
        async with attempt(session, exc.IntegrityError) as inner:
            await session.execute(DUPLICATE)
        session.add(User(email="cyd@example.org", name="Cyd"))
    await session.commit()
    assert (outer.succeeded, inner.succeeded) == (True, False)
    assert await names(engine) == ["Ada", "Ben", "Cyd"]


async def test_an_outer_failure_undoes_an_inner_success(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    async with attempt(session, ZeroDivisionError) as outer:
        async with attempt(session, exc.IntegrityError) as inner:
            session.add(ben())
        raise ZeroDivisionError
    await session.commit()
    assert (outer.succeeded, inner.succeeded) == (False, True)
    assert await names(engine) == ["Ada"]


async def test_cancellation_is_not_swallowed(session: AsyncSession) -> None:
    entered = asyncio.Event()

    async def work() -> None:
        async with attempt(session, Exception):
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_inside_that_broke_the_connection_is_raised(session: AsyncSession) -> None:
    with pytest.raises(TimeoutError):
        async with attempt(session, TimeoutError):
            async with asyncio.timeout(0.05):
                await session.execute(text("SELECT pg_sleep(60)"))


async def test_a_timeout_inside_that_left_the_connection_alone_is_caught(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    session.add(ben())
    async with attempt(session, TimeoutError) as outcome:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(60)
    await session.commit()
    assert isinstance(outcome.error, TimeoutError)
    assert await names(engine) == ["Ada", "Ben"]


async def test_a_lost_connection_is_raised(session: AsyncSession, engine: AsyncEngine) -> None:
    own = await session.scalar(text("SELECT pg_backend_pid()"))
    with pytest.raises(exc.DBAPIError):
        async with attempt(session, Exception):
            async with engine.connect() as other:
                await other.execute(text(f"SELECT pg_terminate_backend({own}, 5000)"))
            await session.execute(text("SELECT 1"))


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_ending_the_transaction_inside_is_raised(session: AsyncSession, end: str) -> None:
    with pytest.raises((exc.InvalidRequestError, ZeroDivisionError)):
        async with attempt(session, Exception):
            await session.execute(text("SELECT 1"))
            await getattr(session, end)()
            raise ZeroDivisionError


@pytest.mark.parametrize("named", [exc.IntegrityError, exc.DBAPIError, Exception])
async def test_an_error_of_core_caught_inside_is_raised_on_leaving(
    session: AsyncSession, named: type[Exception]
) -> None:
    with pytest.raises(exc.DBAPIError, match="current transaction is aborted"):
        async with attempt(session, named):
            with pytest.raises(exc.IntegrityError):
                await session.execute(DUPLICATE)


@pytest.mark.parametrize("named", [exc.IntegrityError, Exception])
async def test_an_error_of_a_flush_caught_inside_is_raised_on_leaving(
    session: AsyncSession, named: type[Exception]
) -> None:
    with pytest.raises(exc.InvalidRequestError, match="caught an error"):
        async with attempt(session, named):
            session.add(User(email="ada@example.org", name="Second"))
            with pytest.raises(exc.IntegrityError):
                await session.flush()


async def test_a_serialization_failure_is_raised(engine: AsyncEngine) -> None:
    repeatable = engine.execution_options(isolation_level="REPEATABLE READ")
    async with AsyncSession(engine) as other, AsyncSession(repeatable) as session:
        other.add(ben())
        await other.commit()
        await session.execute(select(User))
        await other.execute(text("UPDATE app_user SET name = 'Other'"))
        await other.commit()
        with pytest.raises(exc.DBAPIError, match="could not serialize access"):
            async with attempt(session, exc.DBAPIError):
                await session.execute(text("UPDATE app_user SET name = 'Own'"))


async def test_a_deferred_constraint_is_beyond_the_attempt(session: AsyncSession) -> None:
    await session.execute(
        text("CREATE TABLE unique_later (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    )
    async with attempt(session, exc.IntegrityError) as outcome:
        await session.execute(text("INSERT INTO unique_later VALUES (1), (1)"))
    assert outcome.succeeded
    with pytest.raises(exc.IntegrityError):
        await session.commit()


async def test_objects_changed_in_a_failed_attempt_are_expired_and_others_are_not(
    session: AsyncSession,
) -> None:
    ada = (await session.scalars(select(User))).one()
    other = ben()
    session.add(other)
    await session.flush()
    added = User(email="ada@example.org", name="Second")
    async with attempt(session, exc.IntegrityError):
        ada.name = "Changed"
        session.add(added)
    assert "name" not in ada.__dict__
    assert other.name == "Ben"
    assert added not in session
    await session.refresh(ada)
    assert ada.name == "Ada"


@pytest.mark.parametrize(
    "errors", [(), (asyncio.CancelledError,), (BaseException,), ((ValueError, KeyError),), (1,)]
)
async def test_only_subclasses_of_exception_can_be_named(
    session: AsyncSession, errors: tuple[type[Exception], ...]
) -> None:
    with pytest.raises(TypeError, match="name the errors"):
        async with attempt(session, *errors):
            pytest.fail("the block must not run")


async def test_many_failures_stay_below_the_overflow_of_subtransactions(
    session: AsyncSession,
) -> None:
    version = await session.scalar(text("SELECT current_setting('server_version_num')::int"))
    if version < 160000:
        pytest.skip("pg_stat_get_backend_subxact came with PostgreSQL 16")
    subtransactions = text(
        "SELECT s.subxact_count, s.subxact_overflowed "
        "FROM pg_stat_get_backend_idset() AS b(id), pg_stat_get_backend_subxact(b.id) AS s "
        "WHERE pg_stat_get_backend_pid(b.id) = pg_backend_pid()"
    )
    for _ in range(70):
        async with attempt(session, exc.IntegrityError):
            await session.execute(DUPLICATE)
    assert (await session.execute(subtransactions)).one() == (0, False)


async def test_listeners_do_not_pile_up_on_the_connection(session: AsyncSession) -> None:
    connection = (await session.connection()).sync_connection
    assert connection is not None
    for _ in range(2):
        async with attempt(session, exc.IntegrityError):
            await session.execute(DUPLICATE)
    assert not list(connection.dispatch.rollback_savepoint)


async def test_uuid_keys_of_objects_added_in_a_failed_attempt_stay(session: AsyncSession) -> None:
    added = User(email="dan@example.org", name="Dan")
    async with attempt(session, ZeroDivisionError):
        session.add(added)
        await session.flush()
        assert isinstance(added.id, uuid.UUID)
        raise ZeroDivisionError
    assert added not in session
    session.add(added)
    await session.commit()
