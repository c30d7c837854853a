"""An expected error must come, and shows what the database said."""

import uuid

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError, MissingGreenlet, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import Project, User
from workbench.lesson import expect


def test_nothing_raised_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="expected ValueError, but nothing was raised"):  # noqa: SIM117
        with expect(ValueError):
            pass


def test_an_error_of_another_kind_passes_through() -> None:
    with pytest.raises(KeyError), expect(ValueError):
        raise KeyError("other")


def test_a_message_that_does_not_match_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="got: ValueError: some text"):  # noqa: SIM117
        with expect(ValueError, match="other"):
            raise ValueError("some text")


async def test_the_servers_message_and_detail_are_shown(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        user = insert(User).values(email="a@example.org", name="A")
        await session.execute(user)
        with expect(IntegrityError, match="already exists") as refused:
            await session.execute(user)
    assert str(refused).splitlines() == [
        "IntegrityError: duplicate key value violates unique constraint "
        '"uq_app_user_email" (SQLSTATE 23505)',
        "DETAIL: Key (email)=(a@example.org) already exists.",
    ]


async def test_uuids_in_a_message_are_named(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        session.add(Project(name="p", slug="p", owner_id=uuid.uuid4()))
        with expect(IntegrityError) as refused:
            await session.flush()
    assert "Key (owner_id)=(<uuid 1>) is not present" in str(refused)


async def test_links_and_statements_are_left_out(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        with expect(ProgrammingError) as refused:
            await session.execute(text("SELECT 1 FROM nowhere"))
    assert str(refused) == ('ProgrammingError: relation "nowhere" does not exist (SQLSTATE 42P01)')


async def test_an_error_of_sqlalchemy_itself_shows_its_sentence(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        user = User(email="a", name="a")
        session.add(user)
        await session.commit()
        with expect(MissingGreenlet) as refused:
            user.name  # noqa: B018
    assert str(refused).startswith("MissingGreenlet: greenlet_spawn has not been called")
    assert "http" not in str(refused)
