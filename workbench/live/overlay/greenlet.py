"""The part of greenlet's interface that SQLAlchemy's asyncio extension uses, for WebAssembly.

A child runs in one of two ways, chosen when it starts:

* on a stack of its own, where the browser can suspend WebAssembly (JSPI): handing an awaitable to
  the parent suspends the child, as the C extension does on a server;
* inside of its first ``switch()``, where the browser cannot: an awaitable handed to the parent is
  driven to its end right there, with other tasks running on top of this stack meanwhile.

``getcurrent()`` follows the same rules in both, so SQLAlchemy raises MissingGreenlet where it
should.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextvars import Context, copy_context
from typing import Any, Protocol

__version__ = "3.5.6"


class GreenletExit(BaseException):
    """Raised in a child that is ended by its parent."""


error = RuntimeError


class Signal(Protocol):
    """One moment that one stack waits for and another announces."""

    def wait(self) -> None:
        """Suspend the stack of the caller until ``announce()`` was called."""

    def announce(self) -> None:
        """Let the stack that waits go on once this one is suspended or ends."""


class Stacks(Protocol):
    """How WebAssembly runs several stacks."""

    def usable(self) -> bool:
        """Whether the stack of the caller can be suspended."""

    def signal(self) -> Signal:
        """Return a new signal."""

    def start(self, function: Callable[[], None]) -> None:
        """Run ``function`` on a new stack."""

    def ended(self) -> None:
        """Hear that as many stacks have ended as have started."""


_stacks: Stacks | None = None
_drive: Callable[[Awaitable[Any]], Any] | None = None
_in_use = 0


def stacks_in_use() -> int:
    """Return how many children have a stack of their own, and have not ended."""
    return _in_use


def install(*, stacks: Stacks | None, drive: Callable[[Awaitable[Any]], Any]) -> None:
    """Set what children run on; ``drive`` runs an awaitable to its end from synchronous code."""
    global _stacks, _drive
    _stacks, _drive = stacks, drive


class greenlet:  # noqa: N801 - the name in the interface
    """A function that can hand values to its parent and be resumed by it."""

    gr_context = None

    def __init__(
        self, run: Callable[..., Any] | None = None, parent: greenlet | None = None
    ) -> None:
        self.run = run
        self.parent = parent or (_current if run is not None else None)
        self.dead = False
        self._started: bool = False
        self._on_own_stack = False
        self._switched = False
        self._suspended = False
        self._finished = False
        self._sent: tuple[Any, BaseException | None] = (None, None)
        self._received: tuple[Any, BaseException | None] = (None, None)
        self._resumed: Signal | None = None
        self._paused: Signal | None = None
        # The variables of one task, in a context for each of the two stacks that it runs on.
        self._inside = self._outside = Context()

    def __bool__(self) -> bool:
        return self._started and not self.dead

    def switch(self, *args: Any, **kwargs: Any) -> Any:
        """Start or resume this greenlet; from a child, hand one value to it as the parent."""
        child = _current
        if child is not self and child.parent is self:
            return child._hand_over(args[0])
        if self._started:
            return self._resume(args[0] if args else None, None)
        self._started = True
        self._on_own_stack = _stacks is not None and _stacks.usable()
        start = self._start_on_own_stack if self._on_own_stack else self._start_here
        return start(args, kwargs)

    def throw(
        self,
        kind: type[BaseException] | BaseException = GreenletExit,
        value: BaseException | None = None,
        traceback: Any = None,
    ) -> Any:
        """Resume this greenlet by raising an exception where it waits."""
        raised = value if isinstance(value, BaseException) else kind
        if isinstance(raised, type):
            raised = raised()
        if not self._started:
            self._started = self.dead = True
            raise raised
        return self._resume(None, raised)

    def _hand_over(self, awaitable: Awaitable[Any]) -> Any:
        """Return what ``awaitable`` gives, the way a parent that awaits it would.

        Most have their answer at once, since the database does; only one that waits needs more.
        """
        global _current
        assert self.parent is not None
        self._switched = True
        steps = awaitable.__await__()
        _current = self.parent
        try:
            waited = next(steps)
        except StopIteration as end:
            return end.value
        finally:
            _current = self
        rest = _Rest(steps, waited)
        return self._suspend(rest) if self._on_own_stack else self._drive_here(rest)

    def _suspend(self, awaitable: _Rest) -> Any:
        global _current
        assert _stacks is not None
        assert self._paused is not None
        self._suspended = True
        self._sent = (awaitable, None)
        self._resumed = _stacks.signal()
        self._paused.announce()
        self._resumed.wait()
        _current = self
        _follow(self._outside)
        value, raised = self._received
        self._received = (None, None)
        if raised is not None:
            raise raised
        return value

    def _resume(self, value: Any, raised: BaseException | None) -> Any:
        if self._finished:
            # It ran to its end inside of the first switch; its parent collects the result.
            self.dead = True
            if raised is not None:
                raise raised
            return self._result()
        assert _stacks is not None
        assert self._resumed is not None
        parent = _current
        self._received = (value, raised)
        self._paused = _stacks.signal()
        self._outside = copy_context()
        self._resumed.announce()
        self._wait_for_it(parent)
        self.dead = self._finished
        return self._result()

    def _wait_for_it(self, parent: greenlet) -> None:
        global _current, _in_use
        assert _stacks is not None
        assert self._paused is not None
        self._paused.wait()
        _current = parent
        _follow(self._inside)
        if self._finished:
            _in_use -= 1
            if not _in_use:
                _stacks.ended()

    def _start_on_own_stack(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        global _current, _in_use
        assert _stacks is not None
        parent = _current

        def body() -> None:
            self._inside.run(self._run, args, kwargs)
            assert self._paused is not None
            self._paused.announce()

        self._inside = copy_context()
        self._paused = _stacks.signal()
        _current = self
        _in_use += 1
        _stacks.start(body)
        self._wait_for_it(parent)
        return self._result() if self._suspended else self._first_result()

    def _start_here(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        global _current
        parent, _current = _current, self
        try:
            self._run(args, kwargs)
        finally:
            _current = parent
        return self._first_result()

    def _first_result(self) -> Any:
        if self._switched:
            # Whoever started it wants to have awaited once; the result comes with the resume.
            return _nothing()
        self.dead = True
        return self._result()

    def _drive_here(self, awaitable: _Rest) -> Any:
        global _current
        assert _drive is not None
        assert self.parent is not None
        _current = self.parent
        try:
            return _drive(awaitable)
        finally:
            _current = self

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        assert self.run is not None
        try:
            self._sent = (self.run(*args, **kwargs), None)
        except BaseException as raised:  # raised again in the parent
            self._sent = (None, raised)
        self._finished = True

    def _result(self) -> Any:
        value, raised = self._sent
        self._sent = (None, None)
        if raised is not None:
            raise raised
        return value


class _Rest:
    """What remains of an awaitable that waits for ``waited``."""

    def __init__(self, steps: Generator[Any, Any, Any], waited: Any) -> None:
        self._steps, self._waited = steps, waited

    def __await__(self) -> Generator[Any, Any, Any]:
        waited, steps = self._waited, self._steps
        try:
            while True:
                try:
                    value = yield waited
                except GeneratorExit:
                    steps.close()
                    raise
                except BaseException as raised:
                    waited = steps.throw(raised)
                else:
                    waited = steps.send(value)
        except StopIteration as end:
            return end.value


def _follow(context: Context) -> None:
    """Give the variables of the caller's context the values that they have in ``context``."""
    for variable, value in context.items():
        if variable.get(_nothing) is not value:
            variable.set(value)


async def _nothing() -> None:
    pass


_current = greenlet()
_current._started = True


def getcurrent() -> greenlet:
    """Return the greenlet that the caller runs in."""
    return _current
