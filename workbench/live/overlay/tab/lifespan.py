"""The lifespan of an application, as uvicorn runs it where it is wanted."""

from __future__ import annotations

import asyncio
from typing import Any

from tab.exchange import Application, Message


class Lifespan:
    """``state`` is what the application shares with its requests; ``failed`` tells how it went."""

    def __init__(self, app: Application) -> None:
        self.state: dict[str, Any] = {}
        self.failed = False
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Let the application start; it stays with its lifespan until `shutdown`."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        await self._step("lifespan.startup", self._up)

    async def shutdown(self) -> None:
        """Let the application stop, if it has not ended already."""
        await self._step("lifespan.shutdown", self._down)

    async def _step(self, kind: str, done: asyncio.Event) -> None:
        await self._inbox.put({"type": kind})
        await done.wait()

    async def _run(self) -> None:
        asgi = {"version": "3.0", "spec_version": "2.0"}
        scope: Message = {"type": "lifespan", "asgi": asgi, "state": self.state}
        try:
            await self._app(scope, self._inbox.get, self._send)
        except BaseException:  # uvicorn's own: whatever ends it, ends it
            self.failed = True
        finally:
            self._up.set()
            self._down.set()

    async def _send(self, message: Message) -> None:
        _, step, outcome = message["type"].split(".")
        done = {"startup": self._up, "shutdown": self._down}[step]
        assert not done.is_set(), "Got invalid state transition on lifespan protocol."
        assert outcome in {"complete", "failed"}
        self.failed = self.failed or outcome == "failed"
        done.set()
