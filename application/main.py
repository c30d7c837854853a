"""The application: ``uvicorn --factory application.main:application``."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from application.answers import answer_errors
from application.routers import projects, tasks, users
from application.settings import SettingsMissing, settings_from
from snippets.connections.engine import async_engine
from snippets.connections.session_dependency import DatabaseState, database_state
from snippets.models.living_session import LivingSession
from snippets.queries.cursor import CursorCodec


class ApplicationState(DatabaseState):
    """What every request finds as ``request.state``."""

    cursors: CursorCodec


def create_app(engine: AsyncEngine, *, cursor_key: bytes) -> FastAPI:
    """Return the application on ``engine``, which it disposes of when it ends.

    Sends nothing before the first request. Raises ValueError for a key below 16 bytes.
    """
    cursors = CursorCodec(keys=[cursor_key])

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[ApplicationState]:
        async with database_state(engine, sync_session_class=LivingSession) as state:
            yield {**state, "cursors": cursors}

    app = FastAPI(title="Tasks", lifespan=lifespan)
    for router in (users.router, projects.router, tasks.router):
        app.include_router(router)
    answer_errors(app)
    return app


def application() -> FastAPI:
    """Return the application that the environment describes; exit with a sentence if it cannot."""
    try:
        settings = settings_from(os.environ)
    except SettingsMissing as error:
        sys.exit(str(error))
    engine = async_engine(settings.database, application_name="tasks")
    return create_app(engine, cursor_key=settings.cursor_key)
