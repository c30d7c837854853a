"""Several WebAssembly stacks in one worker, through the browser's JSPI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from greenlet import stacks_in_use
from js import Promise, startOnNewStack  # type: ignore[import-not-found]
from pyodide.ffi import (  # type: ignore[import-not-found]
    JsProxy,
    can_run_sync,
    create_proxy,
    run_sync,
)

from tab import garbage


class Moment:
    """A promise that one stack waits for."""

    def __init__(self) -> None:
        settled = Promise.withResolvers()
        self._promise, self._resolve = settled.promise, settled.resolve

    def wait(self) -> None:
        """Suspend the caller's stack until the moment was announced."""
        run_sync(self._promise)

    def announce(self) -> None:
        """Let the waiting stack go on."""
        self._resolve()


class BrowserStacks:
    """``greenlet.Stacks`` on JSPI."""

    def __init__(self) -> None:
        # run_sync() wraps what it waits for in a task of the running loop; a promise needs none.
        garbage.install(stacks_in_use)
        wrap: Any = asyncio.ensure_future
        asyncio.ensure_future = lambda waited, **options: (  # type: ignore[assignment]
            waited if isinstance(waited, JsProxy) else wrap(waited, **options)
        )

    def usable(self) -> bool:
        """Whether the caller's stack can be suspended."""
        return bool(can_run_sync())

    def signal(self) -> Moment:
        """Return a new moment."""
        return Moment()

    def start(self, function: Callable[[], None]) -> None:
        """Run ``function`` on a stack of its own, in the caller's loop and task."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)

        def body() -> None:
            # A new stack runs in the browser's own loop, and has no task.
            browser = asyncio._get_running_loop()
            asyncio._set_running_loop(loop)
            before = asyncio.tasks._swap_current_task(loop, task)  # type: ignore[attr-defined]
            try:
                function()
            finally:
                asyncio.tasks._swap_current_task(loop, before)  # type: ignore[attr-defined]
                asyncio._set_running_loop(browser)

        startOnNewStack(create_proxy(body))

    def ended(self) -> None:
        """Use the moment for what a second stack forbids."""
        garbage.collect_if_due()
