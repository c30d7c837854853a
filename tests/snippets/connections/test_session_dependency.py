"""A session for each request: committed before the response, rolled back by any error."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket
from fastapi.responses import JSONResponse
from sqlalchemy import func, select, text
from sqlalchemy.exc import (
    IntegrityError,
    InvalidRequestError,
    PendingRollbackError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from snippets.connections.session_dependency import (
    RequestSession,
    Sessions,
    database_state,
    get_session,
)
from snippets.domain import Project, User
from snippets.models.living_session import LivingSession
from workbench.lesson import record, served


@pytest.fixture
def app(engine: AsyncEngine) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        async with database_state(engine, sync_session_class=LivingSession) as state:
            yield dict(state)

    app = FastAPI(lifespan=lifespan)

    @app.post("/users", status_code=201)
    async def create(email: str, session: RequestSession) -> str:
        session.add(User(email=email, name="Ada"))
        await session.flush()
        return email

    return app


@pytest.fixture
async def other(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """A second engine, since the first is the application's to dispose of."""
    other = create_async_engine(engine.url)
    yield other
    await other.dispose()


async def users(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(User)) or 0


async def test_the_row_is_committed_when_the_response_arrives(
    app: FastAPI, engine: AsyncEngine, other: AsyncEngine
) -> None:
    held = asyncio.Event()

    @app.post("/held")
    async def held_open(session: RequestSession, tasks: BackgroundTasks) -> None:
        session.add(User(email="held@example.org", name="Held"))
        tasks.add_task(held.wait)

    async with served(app) as client:
        with record(engine) as sent:
            assert (await client.post("/users", params={"email": "a@example.org"})).is_success
        assert (sent.verbs(), sent.boundaries) == (["INSERT"], ["BEGIN", "COMMIT"])
        assert await users(other) == 1
        await client.post("/held")
        assert await users(other) == 2
        held.set()


async def test_a_commit_that_fails_is_a_500(app: FastAPI, other: AsyncEngine) -> None:
    async with other.begin() as connection:
        await connection.execute(
            text(
                "ALTER TABLE project ALTER CONSTRAINT fk_project_owner_id_app_user "
                "DEFERRABLE INITIALLY DEFERRED"
            )
        )

    @app.post("/orphans")
    async def orphan(session: RequestSession) -> str:
        session.add(Project(name="Orphan", slug="orphan", owner_id=UNKNOWN))
        await session.flush()
        return "stored"

    failures: list[Exception] = []
    async with served(app, failures=failures) as client:
        assert (await client.post("/orphans")).status_code == 500
    assert [type(error).__name__ for error in failures] == ["IntegrityError"]


UNKNOWN = "00000000-0000-0000-0000-000000000009"


@pytest.mark.parametrize("end", ["refuse", "break", "answer badly", "cancel"])
async def test_an_endpoint_that_raises_stores_nothing(
    app: FastAPI, engine: AsyncEngine, other: AsyncEngine, end: str
) -> None:
    @app.post("/raising")
    async def raising(session: RequestSession) -> int:
        session.add(User(email="a@example.org", name="Ada"))
        await session.flush()
        if end == "refuse":
            raise HTTPException(418)
        if end == "break":
            raise ZeroDivisionError
        if end == "cancel":
            async with asyncio.timeout(0):
                await asyncio.sleep(60)
        return "no number"  # type: ignore[return-value]

    async with served(app) as client:
        with record(engine) as sent:
            response = await client.post("/raising")
        assert response.status_code == (418 if end == "refuse" else 500)
        assert sent.boundaries == ["BEGIN", "ROLLBACK"]
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert await users(other) == 0


async def test_a_request_that_is_cancelled_rolls_back_and_returns_its_connection(
    app: FastAPI, engine: AsyncEngine, other: AsyncEngine
) -> None:
    began = asyncio.Event()

    @app.post("/endless")
    async def endless(session: RequestSession) -> None:
        session.add(User(email="a@example.org", name="Ada"))
        await session.flush()
        began.set()
        await asyncio.sleep(60)

    pool = engine.pool
    with pytest.raises(ZeroDivisionError):
        async with served(app) as client:
            request = asyncio.create_task(client.post("/endless"))
            await began.wait()
            raise ZeroDivisionError
    await asyncio.gather(request, return_exceptions=True)
    assert pool.checkedout() == 0  # type: ignore[attr-defined]
    assert await users(other) == 0


async def test_a_request_without_statements_takes_no_connection(
    app: FastAPI, engine: AsyncEngine
) -> None:
    @app.get("/idle")
    async def idle(session: RequestSession) -> int:
        return engine.pool.checkedout()  # type: ignore[attr-defined,no-any-return]

    async with served(app) as client:
        with record(engine) as sent:
            assert (await client.get("/idle")).json() == 0
            assert (await client.post("/users")).status_code == 422
    assert (len(sent), sent.boundaries) == (0, [])


async def test_dependencies_of_a_request_share_its_session(app: FastAPI) -> None:
    async def same(session: RequestSession) -> AsyncSession:
        return session

    @app.get("/shared")
    async def shared(
        session: RequestSession, other: Annotated[AsyncSession, Depends(same)]
    ) -> bool:
        return session is other

    async with served(app) as client:
        assert (await client.get("/shared")).json() is True


async def test_two_scopes_in_one_request_are_refused(app: FastAPI) -> None:
    @app.get("/mixed")
    async def mixed(
        session: RequestSession, late: Annotated[AsyncSession, Depends(get_session)]
    ) -> None: ...

    failures: list[Exception] = []
    async with served(app, failures=failures) as client:
        assert (await client.get("/mixed")).status_code == 500
    assert "two sessions in one request" in str(failures[0])


@pytest.mark.parametrize("end", ["commit", "rollback"])
@pytest.mark.parametrize("goes_on", [False, True])
async def test_an_endpoint_that_ends_the_transaction_is_told_so(
    app: FastAPI, end: str, goes_on: bool
) -> None:
    @app.get("/ending")
    async def ending(session: RequestSession) -> None:
        await session.execute(select(1))
        await getattr(session, end)()
        if goes_on:
            await session.execute(select(1))

    failures: list[Exception] = []
    async with served(app, failures=failures) as client:
        assert (await client.get("/ending")).status_code == 500
    assert isinstance(failures[0], InvalidRequestError)
    assert "closed transaction" in str(failures[0])


async def test_a_failed_flush_that_the_endpoint_suppresses_is_raised(
    app: FastAPI, other: AsyncEngine
) -> None:
    @app.post("/suppressing")
    async def suppressing(session: RequestSession) -> None:
        session.add_all([User(email="a@example.org", name=name) for name in ("Ada", "Second")])
        with suppress(IntegrityError):
            await session.flush()

    failures: list[Exception] = []
    async with served(app, failures=failures) as client:
        assert (await client.post("/suppressing")).status_code == 500
    assert isinstance(failures[0], PendingRollbackError)
    assert await users(other) == 0


async def test_a_session_is_of_no_use_after_its_request(app: FastAPI) -> None:
    kept: list[AsyncSession] = []

    @app.get("/keep")
    async def keep(session: RequestSession) -> None:
        kept.append(session)
        await session.execute(select(1))

    async with served(app) as client:
        await client.get("/keep")
        with pytest.raises(InvalidRequestError, match="permanently closed"):
            await kept[0].execute(select(1))


async def test_an_object_can_be_read_after_its_transaction(app: FastAPI) -> None:
    @app.get("/after")
    async def after(sessions: Sessions) -> str:
        async with sessions.begin() as session:
            session.add(ada := User(email="a@example.org", name="Ada"))
        return ada.email

    async with served(app) as client:
        assert (await client.get("/after")).json() == "a@example.org"


async def test_a_response_that_is_returned_commits_whatever_its_status(
    app: FastAPI, other: AsyncEngine
) -> None:
    @app.post("/refused")
    async def refused(session: RequestSession) -> JSONResponse:
        session.add(User(email="a@example.org", name="Ada"))
        return JSONResponse("no", status_code=400)

    async with served(app) as client:
        assert (await client.post("/refused")).status_code == 400
    assert await users(other) == 1


async def test_the_endpoint_can_open_short_transactions_of_its_own(
    app: FastAPI, engine: AsyncEngine
) -> None:
    @app.get("/short")
    async def short(sessions: Sessions) -> list[int]:
        async with sessions.begin() as session:
            found = await session.scalar(select(func.count()).select_from(User))
        return [found or 0, engine.pool.checkedout()]  # type: ignore[attr-defined]

    async with served(app) as client:
        assert (await client.get("/short")).json() == [0, 0]


async def test_the_sessions_are_of_the_class_that_the_lifespan_names(app: FastAPI) -> None:
    @app.get("/class")
    async def name(session: RequestSession) -> str:
        return type(session.sync_session).__name__

    async with served(app) as client:
        assert (await client.get("/class")).json() == "LivingSession"


async def test_an_application_without_the_lifespan_is_told_so() -> None:
    app = FastAPI()

    @app.get("/")
    async def root(session: RequestSession) -> None: ...

    failures: list[Exception] = []
    async with served(app, failures=failures) as client:
        assert (await client.get("/")).status_code == 500
    assert "yield database_state(engine) from the lifespan" in str(failures[0])


async def test_the_lifespan_disposes_of_the_engine(
    app: FastAPI, engine: AsyncEngine, other: AsyncEngine
) -> None:
    async with served(app) as client:
        await client.post("/users", params={"email": "a@example.org"})
        assert engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    assert engine.pool.checkedin() == 0  # type: ignore[attr-defined]


async def test_a_websocket_has_a_session_as_well(app: FastAPI, engine: AsyncEngine) -> None:
    @app.websocket("/socket")
    async def socket(websocket: WebSocket, session: RequestSession) -> None:
        await session.execute(select(1))

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None: ...

    scope = {"type": "websocket", "path": "/socket", "query_string": b"", "headers": []}
    async with database_state(engine) as state:
        with record(engine) as sent:
            await app({**scope, "state": dict(state)}, receive, send)
    assert sent.boundaries == ["BEGIN", "COMMIT"]
