"""A violated constraint becomes a 409 with the sentence of its name, and no other does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from snippets.connections.conflict_answer import answer_conflicts, constraint_names
from snippets.connections.session_dependency import RequestSession, database_state
from snippets.domain import Base, Project, User
from snippets.repository.violated_constraint import violated_constraint
from workbench.lesson import record, served

DETAILS = {
    "uq_app_user_email": "this address is taken",
    "uq_project_slug_living": "this slug is taken",
    "fk_project_owner_id_app_user": "there is no such owner",
}


@pytest.fixture
def app(engine: AsyncEngine) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        async with database_state(engine) as state:
            yield dict(state)

    app = FastAPI(lifespan=lifespan)
    answer_conflicts(app, DETAILS, metadata=Base.metadata)

    @app.post("/users", status_code=201)
    async def create_user(email: str, session: RequestSession) -> None:
        session.add(User(email=email, name="Ada"))

    @app.post("/projects", status_code=201)
    async def create_project(session: RequestSession, owner: UUID | None = None) -> None:
        session.add(Project(name="Garden", slug="garden", owner_id=owner))

    return app


async def test_a_unique_violation_is_a_conflict(app: FastAPI, engine: AsyncEngine) -> None:
    failures: list[Exception] = []
    async with served(app, failures=failures) as client:
        assert (await client.post("/users?email=a")).status_code == 201
        with record(engine) as sent:
            response = await client.post("/users?email=a")
    assert (response.status_code, response.json()) == (409, {"detail": "this address is taken"})
    assert (sent.verbs(), sent.boundaries) == (["INSERT"], ["BEGIN", "ROLLBACK"])
    assert failures == []


async def test_a_unique_index_is_known_by_its_name(app: FastAPI, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(User).values(id=UUID(int=1), email="a", name="Ada"))
    async with served(app) as client:
        url = f"/projects?owner={UUID(int=1)}"
        answers = [await client.post(url) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json() == {"detail": "this slug is taken"}


@pytest.mark.parametrize("when", ["IMMEDIATE", "DEFERRED"])
async def test_a_constraint_checked_at_commit_is_answered_too(
    app: FastAPI, engine: AsyncEngine, when: str
) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "ALTER TABLE project ALTER CONSTRAINT fk_project_owner_id_app_user "
                f"DEFERRABLE INITIALLY {when}"
            )
        )
    async with served(app) as client:
        response = await client.post(f"/projects?owner={UUID(int=9)}")
    assert (response.status_code, response.json()["detail"]) == (409, "there is no such owner")


async def test_a_violation_that_is_not_listed_is_an_error_of_the_program(app: FastAPI) -> None:
    failures: list[Exception] = []
    async with served(app, failures=failures) as client:
        assert (await client.post("/projects")).status_code == 500  # NOT NULL has no name
    assert [type(error) for error in failures] == [IntegrityError]


def test_a_name_that_no_constraint_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no such constraint: uq_user_email"):
        answer_conflicts(FastAPI(), {"uq_user_email": "taken"}, metadata=Base.metadata)


def test_a_second_call_is_refused_since_it_would_replace_the_first(app: FastAPI) -> None:
    with pytest.raises(RuntimeError, match="once, before the application starts"):
        answer_conflicts(app, {}, metadata=Base.metadata)


async def test_a_call_after_the_start_is_refused_since_it_would_do_nothing() -> None:
    app = FastAPI()
    async with served(app):
        with pytest.raises(RuntimeError, match="once, before the application starts"):
            answer_conflicts(app, DETAILS, metadata=Base.metadata)


async def test_the_names_are_those_that_postgresql_gives(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        names = await connection.scalars(
            text(
                "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'f', 'p', 'u') "
                "AND connamespace = 'public'::regnamespace UNION SELECT indexrelid::regclass::text "
                "FROM pg_index WHERE indisunique AND indrelid::regclass::text = 'project'"
            )
        )
        assert constraint_names(Base.metadata) == set(names)


async def test_the_violated_constraint_has_a_name_and_not_null_has_none(
    engine: AsyncEngine,
) -> None:
    async with AsyncSession(engine) as session:
        session.add_all([User(email="a", name="Ada"), User(email="a", name="Ada")])
        with pytest.raises(IntegrityError) as duplicate:
            await session.flush()
        await session.rollback()
        with pytest.raises(IntegrityError) as missing:
            await session.execute(text("INSERT INTO app_user (id) VALUES (gen_random_uuid())"))
    assert violated_constraint(duplicate.value) == "uq_app_user_email"
    assert violated_constraint(missing.value) is None
