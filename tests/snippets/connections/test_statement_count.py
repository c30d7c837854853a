"""Each request knows how many statements it sent, and no other's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, WebSocket
from fastapi.responses import StreamingResponse
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.connections.statement_count import StatementCount
from workbench.lesson import served

type Reports = list[tuple[str, str, int]]


@pytest.fixture
def reports() -> Reports:
    return []


@pytest.fixture
async def client(empty_engine: AsyncEngine, reports: Reports) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(
        StatementCount,
        engine=empty_engine,
        report=lambda method, route, count: reports.append((method, route, count)),
    )

    async def ask(times: int) -> None:
        async with empty_engine.connect() as connection:
            for _ in range(times):
                await connection.execute(text("SELECT 1"))

    @app.get("/ask/{times}")
    async def asking(times: int) -> int:
        await ask(times)
        return times

    @app.get("/refused")
    async def refused() -> None:
        await ask(1)
        raise HTTPException(409)

    @app.get("/broken")
    async def broken() -> None:
        await ask(1)
        raise RuntimeError("broken")

    @app.get("/later")
    async def later(tasks: BackgroundTasks) -> None:
        tasks.add_task(ask, 3)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            await ask(2)
            yield "done"

        return StreamingResponse(lines())

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()

    async with served(app) as client:
        yield client


async def test_a_response_says_how_many_statements_it_took(
    client: AsyncClient, reports: Reports
) -> None:
    for times in (0, 1, 5):
        response = await client.get(f"/ask/{times}")
        assert response.headers["x-statements"] == str(times)
    assert reports == [("GET", "/ask/{times}", times) for times in (0, 1, 5)]


async def test_requests_at_once_do_not_share_a_count(client: AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get(f"/ask/{n}") for n in (1, 2, 3, 4, 3, 2, 1)))
    assert [int(answer.headers["x-statements"]) for answer in answers] == [1, 2, 3, 4, 3, 2, 1]


@pytest.mark.parametrize("path", ["/refused", "/broken"])
async def test_a_request_that_fails_is_counted(
    client: AsyncClient, reports: Reports, path: str
) -> None:
    await client.get(path)
    assert reports == [("GET", path, 1)]


async def test_an_unknown_path_is_reported_as_it_came(
    client: AsyncClient, reports: Reports
) -> None:
    assert (await client.get("/none")).headers["x-statements"] == "0"
    assert reports == [("GET", "/none", 0)]


@pytest.mark.parametrize(("path", "count"), [("/later", 3), ("/stream", 2)])
async def test_what_is_sent_after_the_response_began_is_reported(
    client: AsyncClient, reports: Reports, path: str, count: int
) -> None:
    response = await client.get(path)
    assert response.headers["x-statements"] == "0"
    async with asyncio.timeout(5):
        while not reports:
            await asyncio.sleep(0.01)
    assert reports == [("GET", path, count)]


async def test_statements_outside_of_a_request_are_nobodys(
    client: AsyncClient, empty_engine: AsyncEngine, reports: Reports
) -> None:
    async with empty_engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    await client.get("/ask/1")
    assert reports == [("GET", "/ask/{times}", 1)]


async def test_other_protocols_pass_untouched(empty_engine: AsyncEngine) -> None:
    seen: list[str] = []

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        seen.append(scope["type"])

    counted = StatementCount(app, engine=empty_engine)
    await counted({"type": "websocket"}, None, None)  # type: ignore[arg-type]
    assert seen == ["websocket"]


async def test_a_request_inside_of_another_leaves_the_other_its_count(
    empty_engine: AsyncEngine, reports: Reports
) -> None:
    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["path"] == "/outer":
            await counted({**scope, "path": "/inner"}, receive, send)
        async with empty_engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    counted = StatementCount(app, engine=empty_engine, report=lambda *each: reports.append(each))
    await counted({"type": "http", "method": "GET", "path": "/outer"}, None, None)  # type: ignore[arg-type]
    assert reports == [("GET", "/inner", 1), ("GET", "/outer", 1)]


async def test_a_route_is_reported_with_the_prefixes_of_its_routers(
    empty_engine: AsyncEngine, reports: Reports
) -> None:
    app, outer, inner = FastAPI(), APIRouter(), APIRouter()
    inner.get("/{number}")(lambda number: number)
    outer.include_router(inner, prefix="/inner")
    app.include_router(outer, prefix="/outer")
    app.add_middleware(
        StatementCount, engine=empty_engine, report=lambda *each: reports.append(each)
    )
    async with served(app) as client:
        await client.get("/outer/inner/7")
    assert reports == [("GET", "/outer/inner/{number}", 0)]
