"""An application behind a real socket, gone without a trace when the block ends."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from workbench.lesson import served


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def hello() -> str:
        return "hello"

    @app.get("/broken")
    async def broken() -> str:
        raise ValueError("broken")

    return app


def waiting(app: FastAPI) -> tuple[asyncio.Event, asyncio.Event, list[str]]:
    """Add a path that says when it began, waits to be released, and says how it ended."""
    began, release, ended = asyncio.Event(), asyncio.Event(), list[str]()

    @app.get("/waiting")
    async def wait() -> str:
        began.set()
        try:
            await release.wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        ended.append("answered")
        return "released"

    return began, release, ended


async def test_a_request_goes_through_a_socket(app: FastAPI) -> None:
    async with served(app) as client:
        response = await client.get("/")
        assert (response.status_code, response.json()) == (200, "hello")
        assert client.base_url.host == "127.0.0.1"
        stream = response.extensions["network_stream"]
        assert stream.get_extra_info("server_addr")[1] == client.base_url.port


async def test_an_error_of_the_application_is_a_500_and_goes_to_failures(
    app: FastAPI, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[Exception] = []
    async with served(app, failures=failures) as client:
        response = await client.get("/broken")
        assert (response.status_code, response.text) == (500, "Internal Server Error")
        assert (await client.get("/")).status_code == 200
    assert [str(error) for error in failures] == ["broken"]
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


async def test_the_logger_of_the_server_speaks_again_afterwards(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(app):
        logging.getLogger("uvicorn.error").error("inside")
    logging.getLogger("uvicorn.error").error("outside")
    assert [record.message for record in caplog.records] == ["outside"]


async def test_the_client_has_the_response_while_the_application_still_works() -> None:
    release, left = asyncio.Event(), asyncio.Event()

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        await PlainTextResponse("first")(scope, receive, send)
        await release.wait()
        left.set()

    async with served(app) as client:
        assert (await client.get("/")).text == "first"
        assert not left.is_set()
        release.set()
        await asyncio.wait_for(left.wait(), 5)


async def lifespan(receive, send) -> None:  # type: ignore[no-untyped-def]
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


async def test_the_lifespan_surrounds_the_block() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        steps.append("start")
        yield
        steps.append("stop")

    async with served(FastAPI(lifespan=lifespan)):
        steps.append("block")
    assert steps == ["start", "block", "stop"]


@pytest.mark.parametrize("when", ["start", "stop"])
async def test_an_error_of_the_lifespan_is_raised(when: str) -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if when == "start":
            raise LookupError("no database")
        yield
        raise LookupError("no database")

    entered = False
    with pytest.raises(LookupError, match="no database"):
        async with served(FastAPI(lifespan=lifespan)):
            entered = True
    assert entered is (when == "stop")


async def test_a_request_under_way_may_finish_when_the_block_ends(app: FastAPI) -> None:
    began, release, ended = waiting(app)
    async with served(app) as client:
        request = asyncio.create_task(client.get("/waiting"))
        await began.wait()
        asyncio.get_running_loop().call_later(0.05, release.set)
    with pytest.raises(httpx.HTTPError):
        await request
    assert ended == ["answered"]


async def test_nothing_is_left_when_the_block_raises(app: FastAPI) -> None:
    began, _, ended = waiting(app)
    before = asyncio.all_tasks()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with served(app) as client:
            request = asyncio.create_task(client.get("/waiting"))
            await began.wait()
            raise ZeroDivisionError
    with pytest.raises(httpx.HTTPError):
        await request
    assert ended == ["cancelled"]
    assert asyncio.all_tasks() == before
    with pytest.raises(httpx.ConnectError):
        await httpx.AsyncClient(trust_env=False).get(str(client.base_url))


async def test_nothing_is_left_when_the_block_ends(app: FastAPI) -> None:
    before = asyncio.all_tasks()
    async with served(app) as client:
        await client.get("/")
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    with pytest.raises(httpx.ConnectError):
        await httpx.AsyncClient(trust_env=False).get(str(client.base_url))


async def test_two_applications_at_once_have_a_port_each(app: FastAPI) -> None:
    async with served(app) as one, served(app) as other:
        assert one.base_url.port != other.base_url.port
        assert (await one.get("/")).json() == (await other.get("/")).json() == "hello"


def test_a_lesson_that_does_not_serve_imports_neither_server_nor_client() -> None:
    check = (
        "import sys, workbench.lesson; print({'uvicorn', 'httpx', 'fastapi'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
