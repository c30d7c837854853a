"""Each operation has its cost, reads what lives now, and refuses what it would lose."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from sqlalchemy import exc, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from snippets.domain import Document, Project, Task, User
from snippets.models.living_session import LivingSession
from snippets.queries.cursor import CursorCodec, InvalidCursor
from snippets.queries.eager import eager
from snippets.queries.keyset import Keyset
from snippets.queries.page import PageRequest
from snippets.repository.repository import FieldRefused, NotFound, Repository
from workbench.lesson import record

CURSORS = CursorCodec(keys=[b"a secret of 16 bytes or more"])
GONE = datetime(2026, 1, 1, tzinfo=UTC)


class Users(Repository[User]):
    model = User
    changeable = frozenset({"name"})


class Tasks(Repository[Task]):
    model = Task
    order = Keyset(Task.title, Task.id)
    changeable = frozenset({"title", "status", "due_date"})


class Documents(Repository[Document]):
    model = Document
    changeable = frozenset({"title"})


@pytest.fixture
def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, sync_session_class=LivingSession, expire_on_commit=False)


@pytest.fixture
async def session(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


@pytest.fixture
async def project(sessions: async_sessionmaker[AsyncSession]) -> Project:
    async with sessions.begin() as session:
        owner = User(email="ada@example.org", name="Ada")
        project = Project(name="Apollo", slug="apollo", owner=owner)
        project.tasks = [Task(title=title) for title in "edcba"]
        project.tasks.append(Task(title="gone", deleted_at=GONE))
        session.add(project)
    return project


async def first_task(session: AsyncSession, title: str = "a") -> Task:
    return (await session.scalars(select(Task).where(Task.title == title))).one()


async def test_get_costs_one_select_also_for_a_row_that_is_held(
    session: AsyncSession, project: Project, engine: AsyncEngine
) -> None:
    users = Users(session)
    with record(engine) as sent:
        user = await users.get_one(project.owner_id)
        assert await users.get(project.owner_id) is user
    assert sent.verbs() == ["SELECT", "SELECT"]


async def test_get_returns_what_another_transaction_has_committed(
    session: AsyncSession, project: Project, sessions: async_sessionmaker[AsyncSession]
) -> None:
    user = await Users(session).get_one(project.owner_id)
    async with sessions.begin() as other:
        await other.execute(update(User).values(name="Ada L."))
    assert user.name == "Ada"
    assert (await Users(session).get_one(project.owner_id)).name == user.name == "Ada L."


async def test_get_keeps_what_is_pending_also_without_autoflush(
    session: AsyncSession, project: Project
) -> None:
    user = await Users(session).get_one(project.owner_id)
    user.name = "pending"
    with session.no_autoflush:
        assert (await Users(session).get_one(project.owner_id)).name == "pending"


async def test_a_row_that_others_or_this_session_deleted_is_not_found(
    session: AsyncSession, project: Project, sessions: async_sessionmaker[AsyncSession]
) -> None:
    held, other_held = await first_task(session, "a"), await first_task(session, "b")
    await Tasks(session).delete(held)
    async with sessions.begin() as other:
        await other.execute(update(Task).where(Task.title == "b").values(deleted_at=GONE))
    for task in (held, other_held):
        assert await Tasks(session).get(task.id) is None
        with pytest.raises(NotFound, match="no Task has the key"):
            await Tasks(session).get_one(task.id)


async def test_options_load_living_children_and_nothing_else(
    session: AsyncSession, project: Project, engine: AsyncEngine
) -> None:
    class Projects(Repository[Project]):
        model = Project

    with record(engine) as sent:
        found = await Projects(session).get_one(project.id, *eager(Project.owner, Project.tasks))
    assert len(sent) == 2
    assert found.owner.name == "Ada"
    assert len(found.tasks) == 5


async def test_a_lock_makes_writers_wait_and_lets_children_in(
    session: AsyncSession, project: Project, sessions: async_sessionmaker[AsyncSession]
) -> None:
    class Projects(Repository[Project]):
        model = Project

    await Projects(session).get_one(project.id, *eager(Project.owner), lock=True)
    async with sessions() as other:
        await other.execute(text("SET lock_timeout = '50ms'"))
        await Tasks(other).add(Task(title="new", project_id=project.id))
        await other.execute(update(User).values(name="free"))
        with pytest.raises(exc.DBAPIError, match="lock timeout"):
            await other.execute(update(Project).values(name="blocked"))


@pytest.mark.parametrize("key", ["0191a7b0-0000-7000-8000-000000000000", 1, None])
async def test_a_key_that_is_no_uuid_is_refused(session: AsyncSession, key: object) -> None:
    with pytest.raises(TypeError, match="a key is a UUID"):
        await Users(session).get(key)  # type: ignore[arg-type]


async def test_a_plain_session_is_refused_for_what_is_soft_deleted(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as plain:
        with pytest.raises(TypeError, match="Task is soft-deleted"):
            Tasks(plain)
        Users(plain)


async def test_adding_costs_one_insert_and_leaves_everything_readable(
    session: AsyncSession, engine: AsyncEngine
) -> None:
    user = User(email="a@example.org", name="A")
    with record(engine) as sent:
        await Users(session).add(user)
        await Users(session).add(*(User(email=f"{n}@example.org", name="n") for n in range(1000)))
        assert user.id.version == 7
        assert user.created_at == user.updated_at
        await Users(session).add()
    assert sent.verbs() == ["INSERT", "INSERT"]


async def test_what_is_not_new_or_of_another_model_is_not_added(
    session: AsyncSession, project: Project, engine: AsyncEngine
) -> None:
    user = User(email="new@example.org", name="New")
    with record(engine) as sent:
        with pytest.raises(TypeError, match="a User is needed, not Task"):
            await Users(session).add(user, Task(title="t"))  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="use update"):
            await Users(session).add(user, project.owner)
    assert len(sent) == 0
    assert user not in session


async def test_an_update_costs_one_statement_and_none_where_nothing_differs(
    session: AsyncSession, project: Project, engine: AsyncEngine
) -> None:
    task = await first_task(session)
    before = task.updated_at
    await session.commit()
    with record(engine) as sent:
        await Tasks(session).update(task, {"title": "a", "status": "open"})
        await Tasks(session).update(task, {})
        assert len(sent) == 0
        await Tasks(session).update(task, {"title": "A", "status": "done"})
        assert task.updated_at > before
    assert sent.verbs() == ["UPDATE"]


@pytest.mark.parametrize("name", ["id", "created_at", "deleted_at", "project", "titel", ""])
async def test_an_update_refuses_other_fields_before_it_sets_any(
    session: AsyncSession, project: Project, engine: AsyncEngine, name: str
) -> None:
    task = await first_task(session)
    with record(engine) as sent, pytest.raises(FieldRefused, match=f"Task takes no {name}"):
        await Tasks(session).update(task, {"title": "changed", name: None})
    assert (len(sent), task.title) == (0, "a")
    assert not hasattr(task, "titel")


async def test_an_update_of_an_object_outside_the_session_is_refused(
    session: AsyncSession, sessions: async_sessionmaker[AsyncSession], project: Project
) -> None:
    async with sessions() as closed:
        detached = await first_task(closed)
    pending = Task(title="pending", project_id=project.id)
    session.add(pending)
    async with sessions() as other:
        elsewhere = await first_task(other)
        for outsider in (detached, pending, elsewhere, Task(title="transient")):
            with pytest.raises(ValueError, match="does not hold the object"):
                await Tasks(session).update(outsider, {"title": "changed"})
            with pytest.raises(ValueError, match="does not hold the object"):
                await Tasks(session).delete(outsider)


async def test_an_update_of_a_row_that_is_gone_fails(
    session: AsyncSession, sessions: async_sessionmaker[AsyncSession], project: Project
) -> None:
    task = await first_task(session)
    async with sessions.begin() as other:
        await other.execute(text("DELETE FROM task WHERE title = 'a'"))
    with pytest.raises(StaleDataError):
        await Tasks(session).update(task, {"title": "changed"})


async def test_deletion_is_one_update_and_only_once(
    session: AsyncSession, project: Project, engine: AsyncEngine
) -> None:
    task = await first_task(session)
    with record(engine) as sent:
        await Tasks(session).delete(task)
    assert sent.verbs() == ["UPDATE"]
    assert task.is_deleted
    with pytest.raises(NotFound, match="the Task is deleted"):
        await Tasks(session).delete(task)
    with pytest.raises(NotFound, match="the Task is deleted"):
        await Tasks(session).update(task, {"title": "changed"})


async def test_a_model_without_soft_deletion_is_deleted(
    session: AsyncSession, project: Project, engine: AsyncEngine
) -> None:
    document = Document(title="t", project_id=project.id)
    await Documents(session).add(document)
    with record(engine) as sent:
        await Documents(session).delete(document)
    assert sent.verbs() == ["DELETE"]
    owner = await Users(session).get_one(project.owner_id)
    with pytest.raises(exc.IntegrityError):
        await Users(session).delete(owner)


async def test_pages_are_ordered_living_and_one_statement_each(
    session: AsyncSession, project: Project, engine: AsyncEngine
) -> None:
    other = Project(name="Gemini", slug="gemini", owner_id=project.owner_id)
    session.add(Task(title="b of another project", project=other))
    titles, cursor = "", None
    await session.flush()
    with record(engine) as sent:
        for _ in range(3):
            request = PageRequest(size=2, cursor=cursor)
            page = await Tasks(session).page(
                request, Task.project_id == project.id, cursors=CURSORS
            )
            titles += "".join(task.title for task in page.items)
            cursor = page.next
    assert (titles, cursor, len(sent)) == ("abcde", None, 3)
    with pytest.raises(InvalidCursor):
        await Tasks(session).page(PageRequest(size=2, cursor="x"), cursors=CURSORS)


async def test_a_page_takes_options(session: AsyncSession, project: Project) -> None:
    page = await Tasks(session).page(
        PageRequest(size=2), cursors=CURSORS, options=eager(Task.project)
    )
    assert {task.project.slug for task in page.items} == {"apollo"}


async def test_nothing_is_committed(
    session: AsyncSession, project: Project, engine: AsyncEngine
) -> None:
    task = await first_task(session)
    with record(engine) as sent:
        await Tasks(session).update(task, {"title": "changed"})
        await Tasks(session).add(Task(title="new", project_id=project.id))
        await Tasks(session).delete(task)
        await session.rollback()
    assert sent.boundaries == ["ROLLBACK"]


def test_an_allow_list_with_a_typo_fails_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="Task maps no titel"):

        class Wrong(Repository[Task]):
            model = Task
            changeable: ClassVar[frozenset[str]] = frozenset({"titel"})  # type: ignore[misc]


def test_another_base_class_hears_of_the_subclass_too() -> None:
    heard: list[str] = []

    class Registered:
        def __init_subclass__(cls) -> None:
            heard.append(cls.__name__)

    class Heard(Repository[Task], Registered):
        model = Task

    assert heard == [Heard.__name__]


async def test_a_missing_key_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await Users(session).get_one(uuid.uuid4())
