"""The event loop of the tab: tasks and timers without sockets, and no wait without an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from tab.loop import NO_STACK_SWITCHING, STUCK, Deadlock, LocalLoop


@pytest.fixture
def loop() -> Iterator[LocalLoop]:
    made = LocalLoop(host="here")
    yield made
    made.close()


async def answer(value: int, order: list[int]) -> int:
    await asyncio.sleep(0)
    order.append(value)
    return value


def test_tasks_take_turns(loop: LocalLoop) -> None:
    order: list[int] = []

    async def both() -> list[int]:
        return await asyncio.gather(answer(1, order), answer(2, order))

    assert loop.run_until_complete(both()) == [1, 2]
    assert order == [1, 2]


def test_timers_fire_in_their_order_and_time_passes(loop: LocalLoop) -> None:
    async def race() -> list[str]:
        fired: list[str] = []

        async def later(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            fired.append(name)

        await asyncio.gather(later("slow", 0.04), later("fast", 0.02))
        return fired

    started = time.monotonic()
    assert loop.run_until_complete(race()) == ["fast", "slow"]
    assert time.monotonic() - started >= 0.04


def test_a_timeout_ends_a_wait(loop: LocalLoop) -> None:
    async def wait() -> None:
        async with asyncio.timeout(0.01):
            await loop.create_future()

    with pytest.raises(TimeoutError):
        loop.run_until_complete(wait())


def test_a_wait_that_nothing_can_end_is_told(loop: LocalLoop) -> None:
    async def wait() -> None:
        await loop.create_future()

    with pytest.raises(Deadlock, match=STUCK):
        loop.run_until_complete(wait())


def in_task(loop: LocalLoop, function: Callable[[], Any]) -> Any:
    async def call() -> Any:
        return function()

    return loop.run_until_complete(call())


def test_synchronous_code_drives_what_it_awaits_and_others_run_meanwhile(loop: LocalLoop) -> None:
    order: list[int] = []

    async def outer() -> list[int]:
        beside = loop.create_task(answer(1, order))
        before = asyncio.current_task()
        assert loop.drive(answer(2, order)) == 2
        assert asyncio.current_task() is before
        await beside
        return order

    assert loop.run_until_complete(outer()) == [2, 1]


def test_what_the_driven_raises_reaches_its_driver(loop: LocalLoop) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("here")

    with pytest.raises(ValueError, match="here"):
        in_task(loop, lambda: loop.drive(fail()))


def test_a_driven_wait_that_only_a_task_below_could_end_is_told(loop: LocalLoop) -> None:
    async def both() -> None:
        first: asyncio.Future[None] = loop.create_future()
        second: asyncio.Future[None] = loop.create_future()

        async def below() -> None:
            loop.drive(waiting(first))
            second.set_result(None)

        async def above() -> None:
            first.set_result(None)
            loop.drive(waiting(second))

        await asyncio.gather(below(), above())

    with pytest.raises(Deadlock) as caught:
        loop.run_until_complete(both())
    assert str(caught.value) == NO_STACK_SWITCHING


def test_a_wait_below_ends_with_the_cell_above_it(loop: LocalLoop) -> None:
    never: asyncio.Future[None] = loop.create_future()
    ended: list[str] = []

    async def below() -> None:
        try:
            loop.drive(waiting(never))
        except Deadlock as error:
            ended.append(str(error))

    async def cell() -> None:
        loop.create_task(below())
        await asyncio.sleep(0)

    loop.run_until_complete(cell())
    assert ended == [NO_STACK_SWITCHING]


async def waiting(asked: asyncio.Future[None]) -> None:
    await asked


def test_a_driven_sleep_ends(loop: LocalLoop) -> None:
    async def nap() -> str:
        await asyncio.sleep(0.01)
        return "awake"

    assert in_task(loop, lambda: loop.drive(nap())) == "awake"


def test_who_waits_on_idle_is_asked_before_time_passes() -> None:
    asked: list[asyncio.Future[str]] = []

    def idle() -> bool:
        if not asked or asked[0].done():
            return False
        asked[0].set_result("your turn")
        return True

    loop = LocalLoop(host="here", idle=idle)

    async def wait() -> str:
        asked.append(loop.create_future())
        async with asyncio.timeout(60):
            return await asked[0]

    assert loop.run_until_complete(wait()) == "your turn"
    loop.close()


def test_a_blocking_call_runs_at_once(loop: LocalLoop) -> None:
    async def call() -> tuple[int, str]:
        good = await asyncio.to_thread(lambda: 7)
        try:
            await asyncio.to_thread(lambda: 1 // 0)
        except ZeroDivisionError as error:
            return good, str(error)
        raise AssertionError

    assert loop.run_until_complete(call())[0] == 7


@pytest.mark.parametrize(
    "connect",
    [
        lambda loop: loop.create_connection(asyncio.Protocol, "example.com", 5432),
        lambda loop: loop.create_unix_connection(asyncio.Protocol, "/tmp/socket"),
    ],
)
def test_sockets_are_refused_in_a_sentence(
    loop: LocalLoop, connect: Callable[[LocalLoop], Coroutine[Any, Any, Any]]
) -> None:
    with pytest.raises(ConnectionRefusedError, match="A page cannot open sockets"):
        loop.run_until_complete(connect(loop))
