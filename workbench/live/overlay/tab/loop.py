"""An event loop without sockets, threads or the browser's own loop.

What a lesson awaits is done already (the database answers at once), another task, or a timer. The
loop blocks the worker that it runs in, so a cell needs no help of the browser to wait.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any

NO_STACK_SWITCHING = (
    "This browser cannot suspend WebAssembly (JSPI), so a task that waits here would wait for "
    "ever: what it waits for is held by a task below it on the same stack. "
    "Chrome and Edge from version 137 and Firefox from 153 on can, and so can a server (make lab)."
)
STUCK = "Every task of this cell waits for another one, so none can go on."
NO_SOCKETS = (
    "A page cannot open sockets: connect to database_url(), which is the PostgreSQL in this tab."
)

# Others go on while a connection is made, and two that time out together do not take turns.
CONNECTING = 0.002  # seconds

# Pyodide replaces it by one that asks the browser's event loop.
_sleep = getattr(time.sleep, "__wrapped__", time.sleep)


class Deadlock(RuntimeError):
    """Nothing that runs could ever end the wait."""


class _Transport(asyncio.Transport):
    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def is_closing(self) -> bool:
        return False


class LocalLoop(asyncio.BaseEventLoop):
    """Runs tasks and timers; ``idle`` is called when neither is due, before time passes.

    ``idle`` returns whether it has made something ready to run.
    """

    _ready: Any
    _scheduled: list[Any]
    _stopping: bool

    def __init__(self, *, host: str, idle: Callable[[], bool] = lambda: False) -> None:
        super().__init__()
        self._host = host
        self._idle = idle
        self._below: list[asyncio.Future[Any]] = []

    def drive(self, awaitable: Awaitable[Any]) -> Any:
        """Run ``awaitable`` to its end from synchronous code inside of a task.

        Other tasks run meanwhile, on top of the caller's stack. Raises what it raises, and
        Deadlock where only tasks below could end the wait.
        """
        steps = awaitable.__await__()
        resume: Callable[[Any], Any] = steps.send
        value: Any = None
        while True:
            try:
                waited = resume(value)
            except StopIteration as end:
                return end.value
            finally:
                value = None
            resume = steps.send
            try:
                self._wait(waited)
            except BaseException as raised:  # belongs to the awaitable
                resume, value = _thrower(steps), raised

    def _wait(self, waited: asyncio.Future[Any] | None) -> None:
        if waited is not None:
            waited._asyncio_future_blocking = False
            if waited.done():
                return
        task = asyncio.current_task(self)
        if task is not None:
            asyncio.tasks._leave_task(self, task)
        try:
            if waited is None:
                # A bare yield lets everybody else take one step; a step of nobody's keeps the
                # loop from sleeping where there is nobody.
                self.call_soon(_step_of_nobody)
                self._run_once()
                if _take_cancellation(task):
                    raise asyncio.CancelledError
                return
            self._below.append(waited)
            try:
                while not waited.done():
                    if not (_take_cancellation(task) and waited.cancel()):
                        self._run_once()
            finally:
                self._below.pop()
        finally:
            if task is not None:
                asyncio.tasks._enter_task(self, task)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """Call ``func`` at once: there are no threads."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as raised:  # belongs to whoever awaits
            future.set_exception(raised)
        return future

    async def create_connection(
        self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        """Make the protocol, which finds the database by itself.

        Raises ConnectionRefusedError for any other host than the tab's.
        """
        if host != self._host:
            raise ConnectionRefusedError(NO_SOCKETS)
        await asyncio.sleep(CONNECTING)
        return _Transport(), protocol_factory()

    async def create_unix_connection(
        self, protocol_factory: Any, path: Any = None, **options: Any
    ) -> Any:
        """Raise ConnectionRefusedError: there are no sockets."""
        raise ConnectionRefusedError(NO_SOCKETS)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Do nothing: there is none."""

    def _process_events(self, event_list: Any) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def _run_once(self) -> None:
        """Run what is due, as the base class does, but so that it can be entered again."""
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)._scheduled = False
        if not self._ready and self._stopping and self._below:
            raise Deadlock(NO_STACK_SWITCHING)
        if not self._ready and not self._stopping:
            self._pass_time()
        now = self.time() + self._clock_resolution  # type: ignore[attr-defined]
        while self._scheduled and self._scheduled[0].when() < now:
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False
            self._ready.append(handle)
        for _ in range(len(self._ready)):
            if not self._ready:
                break
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _pass_time(self) -> None:
        if self._idle():
            return
        if self._below and not self._sleeps():
            raise Deadlock(NO_STACK_SWITCHING)
        if not self._scheduled:
            raise Deadlock(STUCK)
        delay = self._scheduled[0].when() - self.time()
        if delay > 0:
            _sleep(delay)

    def _sleeps(self) -> bool:
        """Whether a timer that is due later ends a sleep, not a wait that takes too long."""
        return any(
            not handle.cancelled()
            and handle._args
            and isinstance(handle._args[0], asyncio.Future)
            and not handle._args[0].done()
            for handle in self._scheduled
        )


def _take_cancellation(task: Any) -> bool:
    """Return whether ``task`` is to be cancelled, and leave that to the caller.

    A task that drives takes a step all the while, and so cannot pass its cancellation on itself.
    """
    if task is None or not task._must_cancel:
        return False
    while task.cancelling():
        task.uncancel()
    return True


def _step_of_nobody() -> None:
    pass


def _thrower(steps: Generator[Any, Any, Any]) -> Callable[[Any], Any]:
    return steps.throw
