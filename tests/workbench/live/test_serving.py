"""An application served in the tab, beside the real server: clients cannot tell which it is.

What is told of both is said once; each scenario runs behind a socket and in the tab's own loop.
"""

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from contextvars import ContextVar
from types import ModuleType
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from tab.exchange import HIGH_WATER
from tab.loop import LocalLoop

from tests.workbench.live.conftest import OVERLAY
from workbench.lesson import serving

type Run = Callable[[Coroutine[Any, Any, Any]], Any]


def overlaid(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"overlaid_{path[-9:-3]}", OVERLAY / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TAB = overlaid("workbench/lesson/serving.py")


@pytest.fixture(params=["socket", "tab"])
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def served(place: str) -> Any:
    return serving.served if place == "socket" else TAB.served


@pytest.fixture
def run(place: str) -> Iterator[Run]:
    loop = LocalLoop(host="here") if place == "tab" else asyncio.new_event_loop()
    yield loop.run_until_complete
    left = asyncio.all_tasks(loop)
    loop.close()
    assert not left


async def lifespan(receive: Any, send: Any) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


def raw(answer: Any) -> Any:
    """An application of plain ASGI whose lifespan succeeds."""

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] == "lifespan":
            return await lifespan(receive, send)
        return await answer(scope, receive, send)

    return app


def start(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": list(headers)}


def body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def test_the_client_goes_on_while_the_application_still_works(served: Any, run: Run) -> None:
    order: list[str] = []
    release = asyncio.Event()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        order.append("asked")
        await PlainTextResponse("first")(scope, receive, send)
        order.append("answered")
        await release.wait()
        order.append("left")

    async def scenario() -> None:
        async with served(raw(answer)) as client:
            order.append((await client.get("/")).text)
            release.set()
            order.append("released")
        order.append("closed")

    run(scenario())
    assert order == ["asked", "answered", "first", "released", "left", "closed"]


def test_response_and_teardown_come_in_the_same_order(served: Any, run: Run) -> None:
    order: list[str] = []
    app = FastAPI()

    async def resource(name: str) -> AsyncIterator[str]:
        order.append(f"{name} opens")
        try:
            yield name
        finally:
            await asyncio.sleep(0.05)
            order.append(f"{name} closes")

    async def of_request() -> AsyncIterator[str]:
        async for name in resource("request"):
            yield name

    async def of_function() -> AsyncIterator[str]:
        async for name in resource("function"):
            yield name

    @app.get("/")
    async def show(
        longer: Annotated[str, Depends(of_request, scope="request")],
        shorter: Annotated[str, Depends(of_function, scope="function")],
    ) -> str:
        order.append(f"works with {longer} and {shorter}")
        return "done"

    async def scenario() -> None:
        async with served(app) as client:
            order.append((await client.get("/")).json())

    run(scenario())
    assert order == [
        "request opens",
        "function opens",
        "works with request and function",
        "function closes",
        "done",
        "request closes",
    ]


def test_an_application_learns_of_a_request_what_uvicorn_tells(served: Any, run: Run) -> None:
    seen: list[Any] = []
    app = FastAPI()

    @app.post("/a b/{name}")
    async def show(name: str, request: Request) -> dict[str, Any]:
        scope = request.scope
        seen.append({key: scope[key] for key in ("type", "asgi", "http_version", "method")})
        seen.append([scope[key] for key in ("scheme", "root_path", "path", "raw_path")])
        seen.append([scope["query_string"], scope["server"][0], scope["client"][0], scope["state"]])
        seen.append([pair for pair in scope["headers"] if pair[0] != b"host"])
        return {"name": name, "body": (await request.body()).decode()}

    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async def scenario() -> None:
        async with served(app) as client:
            answer = await client.post("/a%20b/%C3%A9?x=1&y=%20", content=parts())
            assert answer.json() == {"name": "é", "body": "one two"}

    run(scenario())
    assert seen[0] == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
    }
    assert seen[1] == ["http", "", "/a b/é", b"/a%20b/%C3%A9"]
    assert seen[2] == [b"x=1&y=%20", "127.0.0.1", "127.0.0.1", {}]
    assert [name for name, _ in seen[3]] == [
        b"accept",
        b"accept-encoding",
        b"connection",
        b"user-agent",
        b"transfer-encoding",
    ]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/plain", (200, [(b"content-length", b"2")], "ok")),
        ("HEAD", "/plain", (200, [(b"content-length", b"2")], "")),
        ("GET", "/empty", (204, [], "")),
        ("GET", "/parts", (200, [(b"Transfer-Encoding", b"chunked")], "abc")),
    ],
)
def test_a_response_has_the_same_form(
    served: Any, run: Run, method: str, path: str, expected: Any
) -> None:
    app = FastAPI()

    @app.api_route("/plain", methods=["GET", "HEAD"])
    async def plain() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/empty", status_code=204)
    async def empty() -> None: ...

    @app.get("/parts")
    async def parts() -> StreamingResponse:
        return StreamingResponse(iterate("a", "bc"))

    async def scenario() -> Any:
        async with served(app) as client:
            response = await client.request(method, path)
            headers = [pair for pair in response.headers.raw if pair[0] != b"content-type"]
            assert response.http_version == "HTTP/1.1"
            assert response.reason_phrase in {"OK", "No Content"}
            return response.status_code, headers, response.text

    assert run(scenario()) == expected


async def iterate(*parts: str) -> AsyncIterator[str]:
    for part in parts:
        yield part


def test_an_error_before_the_response_is_a_500_and_goes_to_failures(served: Any, run: Run) -> None:
    failures: list[Exception] = []

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/broken":
            raise ValueError("broken")

    async def scenario() -> list[Any]:
        async with served(raw(answer), failures=failures) as client:
            answers = [await client.get(path) for path in ("/broken", "/silent")]
            return [(each.status_code, each.text, each.headers.raw) for each in answers]

    kind = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    headers = [*kind, (b"Transfer-Encoding", b"chunked")]
    found = run(scenario())
    assert [each[:2] for each in found] == [(500, "Internal Server Error")] * 2
    assert [sorted(each[2]) for each in found] == [sorted(headers)] * 2
    assert [str(error) for error in failures] == ["broken"]


async def breaks_off(scope: Any, receive: Any, send: Any) -> None:
    await send(start())
    await send(body(b"half", more=True))
    raise ValueError("broken")


async def stops(scope: Any, receive: Any, send: Any) -> None:
    await send(start((b"content-length", b"9")))
    await send(body(b"half", more=True))


async def says_too_much(scope: Any, receive: Any, send: Any) -> None:
    await send(start((b"content-length", b"2")))
    await send(body(b"more"))


async def says_too_little(scope: Any, receive: Any, send: Any) -> None:
    await send(start((b"content-length", b"9")))
    await send(body(b"half"))


@pytest.mark.parametrize(
    ("answer", "message", "failures"),
    [
        (breaks_off, "complete message body (incomplete chunked read)", ["broken"]),
        (stops, "complete message body (received 4 bytes, expected 9)", []),
        (
            says_too_little,
            "complete message body (received 4 bytes, expected 9)",
            ["Too little data for declared Content-Length"],
        ),
        (
            says_too_much,
            "complete message body (received 0 bytes, expected 2)",
            ["Too much data for declared Content-Length"],
        ),
    ],
)
def test_a_response_that_breaks_off_is_an_error_of_the_client(
    served: Any, run: Run, answer: Any, message: str, failures: list[str]
) -> None:
    caught: list[Exception] = []

    async def scenario() -> str:
        async with served(raw(answer), failures=caught) as client:
            with pytest.raises(httpx.RemoteProtocolError) as error:
                await client.get("/")
            return str(error.value)

    assert run(scenario()).endswith(message)
    assert [str(error) for error in caught] == failures


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([body(b"x")], "Expected ASGI message 'http.response.start', but got 'http.response.body'"),
        ([start(), start()], "Expected ASGI message 'http.response.body', but got"),
        ([start(), body(b""), body(b"x")], "Unexpected ASGI message 'http.response.body' sent"),
        ([start((b"content-length", b"1")), body(b"xy")], "Too much data for declared"),
    ],
)
def test_messages_out_of_order_are_the_applications_error(
    served: Any, run: Run, messages: list[Any], complaint: str
) -> None:
    failures: list[Exception] = []

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    async def scenario() -> None:
        async with served(raw(answer), failures=failures) as client:
            with suppress(httpx.RemoteProtocolError):
                await client.get("/")

    run(scenario())
    assert len(failures) == 1
    assert complaint in str(failures[0])


def test_parts_of_a_stream_arrive_as_they_are_sent(served: Any, run: Run) -> None:
    order: list[str] = []
    release = asyncio.Event()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(body(b"one", more=True))
        await release.wait()
        order.append("released")
        await send(body(b"two"))

    async def scenario() -> None:
        async with served(raw(answer)) as client, client.stream("GET", "/") as response:
            order.append(str(response.status_code))
            async for part in response.aiter_text():
                order.append(part)
                release.set()

    run(scenario())
    assert order == ["200", "one", "released", "two"]


def test_an_application_waits_for_a_client_that_reads_slowly(served: Any, run: Run) -> None:
    sent = [0]

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        for _ in range(10_000):
            await send(body(b"x" * HIGH_WATER, more=True))
            sent[0] += 1
        await send(body(b""))

    async def scenario() -> int:
        async with (
            served(raw(answer)) as client,
            client.stream("GET", "/") as response,
            aclosing(response.aiter_raw()) as parts,  # type: ignore[type-var]
        ):
            await anext(parts)
            await asyncio.sleep(0.1)
            return sent[0]

    assert 0 < run(scenario()) < 1000


def test_a_client_that_leaves_is_told_to_the_application(served: Any, run: Run) -> None:
    order: list[str] = []
    left = asyncio.Event()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        order.append(str((await receive())["more_body"]))
        await send(start())
        await send(body(b"one", more=True))
        order.append((await receive())["type"])
        await send(start())  # out of order, and nobody is there to mind
        left.set()

    async def scenario() -> None:
        async with served(raw(answer)) as client:
            async with client.stream("GET", "/"):
                pass
            await asyncio.wait_for(left.wait(), 5)

    run(scenario())
    assert order == ["False", "http.disconnect"]


def test_an_application_goes_on_when_a_slow_client_leaves(served: Any, run: Run) -> None:
    ended = asyncio.Event()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        for _ in range(1000):
            await send(body(b"x" * HIGH_WATER, more=True))
        ended.set()

    async def scenario() -> None:
        async with served(raw(answer)) as client:
            async with client.stream("GET", "/"):
                await asyncio.sleep(0.1)
                assert not ended.is_set()
            await asyncio.wait_for(ended.wait(), 5)

    run(scenario())


def test_a_client_that_is_cancelled_or_loses_patience_leaves(served: Any, run: Run) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await told.put((await receive())["type"])

    async def scenario() -> None:
        async with served(raw(answer)) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.get("/", timeout=httpx.Timeout(5, read=0.05))
            request = asyncio.create_task(client.get("/"))
            await asyncio.sleep(0.05)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
            async with asyncio.timeout(5):
                assert [await told.get() for _ in range(2)] == ["http.disconnect"] * 2

    run(scenario())


def test_context_variables_of_the_client_stay_with_it(served: Any, run: Run) -> None:
    variable: ContextVar[str] = ContextVar("variable")
    seen: list[str] = []

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        seen.append(variable.get())
        variable.set("of the request")
        await PlainTextResponse("")(scope, receive, send)

    async def scenario() -> None:
        variable.set("of the server")
        async with served(raw(answer)) as client:
            variable.set("of the client")
            await client.get("/")
            await client.get("/")
            seen.append(variable.get())

    run(scenario())
    assert seen == ["of the server", "of the server", "of the client"]


def test_the_lifespan_surrounds_the_block_and_shares_its_state(served: Any, run: Run) -> None:
    order: list[str] = []

    @asynccontextmanager
    async def span(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        order.append("start")
        yield {"shared": "of the lifespan"}
        order.append("stop")

    app = FastAPI(lifespan=span)

    @app.get("/")
    async def show(request: Request) -> str:
        return str(request.state.shared)

    async def scenario() -> None:
        async with served(app) as client:
            order.append((await client.get("/")).json())

    run(scenario())
    assert order == ["start", "of the lifespan", "stop"]


# uvicorn leaves waiting for its shutdown what only tells that it could not start.
@pytest.mark.parametrize(
    ("when", "how"),
    [
        ("start", "raises"),
        ("stop", "raises"),
        ("start", "dies"),
        ("stop", "dies"),
        ("stop", "tells"),
    ],
)
def test_an_error_of_the_lifespan_is_raised(served: Any, run: Run, when: str, how: str) -> None:
    @asynccontextmanager
    async def span(app: FastAPI) -> AsyncIterator[None]:
        if when == "start":
            raise LookupError("no database")
        yield
        raise LookupError("no database")

    async def tells(scope: Any, receive: Any, send: Any) -> None:
        for step in ("startup", "shutdown"):
            await receive()
            outcome = "failed" if (step == "startup") == (when == "start") else "complete"
            await send({"type": f"lifespan.{step}.{outcome}"})

    async def dies(scope: Any, receive: Any, send: Any) -> None:
        if when == "stop":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        raise LookupError("no database")

    entered: list[str] = []

    async def scenario() -> None:
        app = {"raises": FastAPI(lifespan=span), "dies": dies, "tells": tells}[how]
        expected = RuntimeError if how == "tells" else LookupError
        with pytest.raises(expected, match=r"no database|the lifespan failed"):
            async with served(app):
                entered.append("block")

    run(scenario())
    assert entered == (["block"] if when == "stop" else [])


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_request_under_way_finishes_or_is_cancelled(served: Any, run: Run, ends: str) -> None:
    order: list[str] = []
    release = asyncio.Event()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        try:
            await release.wait()
        except asyncio.CancelledError:
            order.append("cancelled")
            raise
        order.append("finished")

    async def scenario() -> None:
        request: asyncio.Task[Any] | None = None
        try:
            async with served(raw(answer)) as client:
                request = asyncio.create_task(client.get("/"))
                await asyncio.sleep(0.05)
                if ends == "badly":
                    raise ZeroDivisionError
                asyncio.get_running_loop().call_later(0.05, release.set)
        except ZeroDivisionError:
            order.append("raised")
        assert request is not None
        with pytest.raises(httpx.ReadError):
            await request
        with pytest.raises(RuntimeError, match="closed"):
            await client.get("/")

    run(scenario())
    assert order == (["finished"] if ends == "well" else ["cancelled", "raised"])


def test_two_applications_at_once_have_an_address_each(served: Any, run: Run) -> None:
    async def scenario() -> None:
        async with served(raw(PlainTextResponse("one"))) as one:
            async with served(raw(PlainTextResponse("two"))) as two:
                assert one.base_url.host == two.base_url.host == "127.0.0.1"
                assert one.base_url.port != two.base_url.port
                assert ((await one.get("/")).text, (await two.get("/")).text) == ("one", "two")
            with pytest.raises(httpx.ConnectError):
                await one.get(f"{two.base_url}")

    run(scenario())


def test_plain_functions_run_without_threads(run: Run) -> None:
    to_thread = overlaid("anyio/to_thread.py")
    order: list[str] = []
    variable: ContextVar[str] = ContextVar("variable")

    def blocking(name: str) -> str:
        order.append(name + variable.get())
        variable.set("changed")
        return name.upper()

    async def append() -> None:
        order.append("beside")

    async def scenario() -> None:
        variable.set("!")
        beside = asyncio.create_task(append())
        assert await to_thread.run_sync(blocking, "here") == "HERE"
        assert variable.get() == "!"
        await beside
        with pytest.raises(ZeroDivisionError):
            await to_thread.run_sync(lambda: 1 // 0)
        assert to_thread.current_default_thread_limiter().total_tokens > 0

    run(scenario())
    assert order == ["beside", "here!"]
