"""The owner changes even though the notification fails, and both are one commit."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import exc, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.domain import Document, Project, Task, User
from snippets.transactions.ownership import transfer_ownership
from workbench.lesson import record


@dataclass
class Scene:
    project: uuid.UUID
    old: uuid.UUID
    new: uuid.UUID


@pytest.fixture
async def scene(engine: AsyncEngine) -> Scene:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        old, new = User(email="o@example.org", name="Old"), User(email="n@example.org", name="New")
        session.add_all([old, new])
        await session.flush()
        project = Project(name="Apollo", slug="apollo", owner_id=old.id)
        session.add(project)
        await session.commit()
    return Scene(project.id, old.id, new.id)


async def write_document(session: AsyncSession, project: Project) -> None:
    session.add(Document(title=f"{project.name} is yours", project_id=project.id))


async def write_duplicate(session: AsyncSession, project: Project) -> None:
    await write_document(session, project)
    await session.execute(insert(User).values(email="o@example.org", name="Duplicate"))


async def owner_and_documents(engine: AsyncEngine) -> tuple[uuid.UUID, int]:
    async with AsyncSession(engine) as session:
        owner = (await session.scalars(select(Project.owner_id))).one()
        return owner, len((await session.scalars(select(Document))).all())


async def test_the_owner_changes_and_the_notification_is_kept(
    engine: AsyncEngine, scene: Scene
) -> None:
    async with AsyncSession(engine) as session, session.begin():
        notified = await transfer_ownership(
            session,
            scene.project,
            new_owner_id=scene.new,
            notify=write_document,
            tolerate=(exc.IntegrityError,),
        )
    assert notified.succeeded
    assert await owner_and_documents(engine) == (scene.new, 1)


async def test_the_owner_changes_although_the_notification_fails(
    engine: AsyncEngine, scene: Scene
) -> None:
    async with AsyncSession(engine) as session, session.begin():
        notified = await transfer_ownership(
            session,
            scene.project,
            new_owner_id=scene.new,
            notify=write_duplicate,
            tolerate=(exc.IntegrityError,),
        )
    assert isinstance(notified.error, exc.IntegrityError)
    assert await owner_and_documents(engine) == (scene.new, 0)


async def test_both_belong_to_the_transaction_of_the_caller(
    engine: AsyncEngine, scene: Scene
) -> None:
    async with AsyncSession(engine) as session:
        await transfer_ownership(
            session,
            scene.project,
            new_owner_id=scene.new,
            notify=write_document,
            tolerate=(exc.IntegrityError,),
        )
        await session.rollback()
    assert await owner_and_documents(engine) == (scene.old, 0)


@pytest.mark.parametrize(
    ("notify", "verbs"),
    [
        (write_document, ["SELECT", "UPDATE", "SAVEPOINT", "INSERT", "RELEASE"]),
        (
            write_duplicate,
            ["SELECT", "UPDATE", "SAVEPOINT", "INSERT", "INSERT", "ROLLBACK", "RELEASE"],
        ),
    ],
)
async def test_a_transfer_costs_four_statements_and_five_where_the_notification_fails(
    engine: AsyncEngine, scene: Scene, notify: object, verbs: list[str]
) -> None:
    with record(engine) as sent:
        async with AsyncSession(engine) as session, session.begin():
            await transfer_ownership(
                session,
                scene.project,
                new_owner_id=scene.new,
                notify=notify,  # type: ignore[arg-type]
                tolerate=(exc.IntegrityError,),
            )
    assert sent.verbs() == verbs
    assert sent.boundaries == ["BEGIN", "COMMIT"]


async def test_an_error_that_is_not_tolerated_undoes_the_transfer(
    engine: AsyncEngine, scene: Scene
) -> None:
    with pytest.raises(exc.IntegrityError):
        async with AsyncSession(engine) as session, session.begin():
            await transfer_ownership(
                session,
                scene.project,
                new_owner_id=scene.new,
                notify=write_duplicate,
                tolerate=(ValueError,),
            )
    assert await owner_and_documents(engine) == (scene.old, 0)


async def test_an_unknown_owner_is_refused_and_not_tolerated(
    engine: AsyncEngine, scene: Scene
) -> None:
    async with AsyncSession(engine) as session:
        with pytest.raises(exc.IntegrityError, match="fk_project_owner_id_app_user"):
            await transfer_ownership(
                session,
                scene.project,
                new_owner_id=uuid.uuid4(),
                notify=write_document,
                tolerate=(exc.IntegrityError,),
            )


async def test_a_project_that_another_transfer_has_changed_is_read_again(
    engine: AsyncEngine, scene: Scene
) -> None:
    """From its stale copy this session would see no difference and send no UPDATE."""
    async with AsyncSession(engine) as session:
        held = await session.get_one(Project, scene.project)
        async with AsyncSession(engine) as other, other.begin():
            (await other.get_one(Project, scene.project)).owner_id = scene.new
        assert held.owner_id == scene.old
        await transfer_ownership(
            session,
            scene.project,
            new_owner_id=scene.old,
            notify=write_document,
            tolerate=(exc.IntegrityError,),
        )
        await session.commit()
    assert await owner_and_documents(engine) == (scene.old, 1)


@pytest.mark.parametrize("missing", ["unknown", "deleted"])
async def test_a_project_that_is_missing_or_deleted_is_refused(
    engine: AsyncEngine, scene: Scene, missing: str
) -> None:
    async with AsyncSession(engine) as session:
        if missing == "deleted":
            (await session.get_one(Project, scene.project)).deleted_at = datetime.now(UTC)
            await session.commit()
        with pytest.raises(exc.NoResultFound):
            await transfer_ownership(
                session,
                scene.project if missing == "deleted" else uuid.uuid4(),
                new_owner_id=scene.new,
                notify=write_document,
                tolerate=(exc.IntegrityError,),
            )


async def test_a_second_transfer_waits_and_a_new_task_does_not(
    engine: AsyncEngine, scene: Scene
) -> None:
    async with AsyncSession(engine) as session, AsyncSession(engine) as other:
        await transfer_ownership(
            session,
            scene.project,
            new_owner_id=scene.new,
            notify=write_document,
            tolerate=(exc.IntegrityError,),
        )
        await other.execute(text("SET lock_timeout = '100ms'"))
        other.add(Task(title="not blocked", project_id=scene.project))
        await other.commit()
        await other.execute(text("SET lock_timeout = '100ms'"))
        with pytest.raises(exc.DBAPIError, match="lock timeout"):
            await transfer_ownership(
                other,
                scene.project,
                new_owner_id=scene.old,
                notify=write_document,
                tolerate=(exc.IntegrityError,),
            )
