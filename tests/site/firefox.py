"""A Firefox of the system, driven over WebDriver BiDi, as far as these tests need it.

Source: https://w3c.github.io/webdriver-bidi/
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

LARGEST_ANSWER = 1 << 26


def find_firefox() -> str | None:
    """Return the path of the program, or None."""
    return next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)


class FirefoxPage:
    """One tab of Firefox."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._context = ""

    async def open(self) -> None:
        """Begin a session and find its first tab."""
        await self._send("session.new", capabilities={})
        tree = await self._send("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def goto(self, url: str) -> None:
        """Load ``url``."""
        await self._send(
            "browsingContext.navigate", context=self._context, url=url, wait="complete"
        )

    async def evaluate(self, function: str, argument: object) -> Any:
        """Call a JavaScript function with ``argument`` and return what it gives, both as JSON.

        Raises RuntimeError where it throws.
        """
        called = f"({function})({json.dumps(argument)}).then(JSON.stringify)"
        answer = await self._send(
            "script.evaluate",
            expression=called,
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def _send(self, method: str, **params: object) -> Any:
        number = next(self._numbers)
        await self._connection.write_message(
            json.dumps({"id": number, "method": method, "params": params})
        )
        while (text := await self._connection.read_message()) is not None:
            answer = json.loads(text)
            if answer.get("id") == number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{answer['error']}: {answer['message']}")
                return answer["result"]
        raise RuntimeError("Firefox has closed the connection")


@asynccontextmanager
async def running_firefox(program: str) -> AsyncIterator[FirefoxPage]:
    """Start Firefox without a window, with a profile of its own, and end it."""
    with TemporaryDirectory() as profile:
        process = await asyncio.create_subprocess_exec(
            *(program, "--headless", "--no-remote", "--profile", profile),
            *("--remote-debugging-port", "0"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            address = await _address(Path(profile), process)
            connection = await websocket_connect(address, max_message_size=LARGEST_ANSWER)
            page = FirefoxPage(connection)
            await page.open()
            yield page
            connection.close()
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _address(profile: Path, process: asyncio.subprocess.Process) -> str:
    """Return where Firefox listens, as it writes it into its profile."""
    written = profile / "WebDriverBiDiServer.json"
    async with asyncio.timeout(60):
        while process.returncode is None:
            if written.exists() and (text := written.read_text(encoding="utf-8")):
                found = json.loads(text)
                return f"ws://{found['ws_host']}:{found['ws_port']}/session"
            await asyncio.sleep(0.1)
    raise RuntimeError(f"Firefox ended with {process.returncode} before it listened")
