"""What AnyIO would run in a thread runs at once: a tab has no threads.

FastAPI calls endpoints and dependencies that are plain functions this way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from contextvars import copy_context
from typing import TYPE_CHECKING

from anyio._core._eventloop import get_async_backend
from anyio.lowlevel import checkpoint

if TYPE_CHECKING:
    from anyio import CapacityLimiter


async def run_sync[*Ts, T](
    func: Callable[[*Ts], T],
    *args: *Ts,
    abandon_on_cancel: bool = False,
    cancellable: bool | None = None,
    limiter: CapacityLimiter | None = None,
) -> T:
    """Call ``func`` in a copy of the context, after others had a turn; nothing runs beside it."""
    await checkpoint()
    async with limiter or nullcontext():
        return copy_context().run(func, *args)


def current_default_thread_limiter() -> CapacityLimiter:
    """Return AnyIO's own, which limits nothing here."""
    return get_async_backend().current_default_thread_limiter()
