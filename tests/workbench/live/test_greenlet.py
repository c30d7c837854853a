"""The greenlet of the tab, in both of its ways, under SQLAlchemy's own bridge to asyncio.

A thread stands in for the stack that a browser can suspend: it runs only while it has the turn.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.workbench.live.conftest import OVERLAY

PROGRAM = """
import asyncio, json, sys, threading
sys.path.insert(0, {overlay!r})
import greenlet
assert greenlet.__file__.startswith({overlay!r})
from tab.loop import LocalLoop

class Moment:
    def __init__(self):
        self.come = threading.Event()
        self.wait, self.announce = self.come.wait, self.come.set

class Threads:
    def usable(self): return True
    def signal(self): return Moment()
    def start(self, function):
        loop = asyncio.get_running_loop()
        def body():
            asyncio._set_running_loop(loop)
            function()
        threading.Thread(target=body, daemon=True).start()
    def ended(self):
        assert greenlet.stacks_in_use() == 0

loop = LocalLoop(host="here")
asyncio.set_event_loop(loop)
greenlet.install(stacks=Threads() if {stacks} else None, drive=loop.drive)

from sqlalchemy.util import await_only, greenlet_spawn
from sqlalchemy.exc import MissingGreenlet

async def value(x, seconds=0):
    await asyncio.sleep(seconds)
    return x

{body}
print(json.dumps(loop.run_until_complete(main())))
"""


def run(body: str, *, stacks: bool) -> Any:
    program = PROGRAM.format(overlay=str(OVERLAY), body=body, stacks=stacks)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


both = pytest.mark.parametrize("stacks", [True, False], ids=["stacks", "inline"])


@both
def test_synchronous_code_awaits_and_returns(stacks: bool) -> None:
    body = """
def work(start):
    return [await_only(value(start)), await_only(value(start + 1, 0.01))]
async def main():
    return await greenlet_spawn(work, 1)
"""
    assert run(body, stacks=stacks) == [1, 2]


@both
def test_a_child_that_never_awaits_returns_at_once(stacks: bool) -> None:
    body = """
async def main():
    return await greenlet_spawn(lambda: 5)
"""
    assert run(body, stacks=stacks) == 5


@both
def test_errors_cross_in_both_directions(stacks: bool) -> None:
    body = """
async def fail():
    await asyncio.sleep(0)
    raise KeyError("inside")
def work():
    try:
        await_only(fail())
    except KeyError as error:
        raise ValueError(f"outside of {error}")
async def main():
    try:
        await greenlet_spawn(work)
    except ValueError as error:
        return str(error)
"""
    assert run(body, stacks=stacks) == "outside of 'inside'"


@both
def test_missing_greenlet_stays_honest(stacks: bool) -> None:
    body = """
def lazy():
    waits = value(1)
    try:
        return await_only(waits)
    except MissingGreenlet as error:
        waits.close()
        return str(error)
async def main():
    outside = lazy()
    async def coroutine_below():
        return lazy()
    below = await greenlet_spawn(lambda: await_only(coroutine_below()))
    inside = await greenlet_spawn(lazy)
    return [outside[:32], below[:32], inside]
"""
    refused = "greenlet_spawn has not been call"
    assert run(body, stacks=stacks) == [refused, refused, 1]


@both
def test_bridges_nest(stacks: bool) -> None:
    body = """
async def below(x):
    return await greenlet_spawn(lambda: await_only(value(x)) + 1)
async def main():
    return await greenlet_spawn(lambda: await_only(below(1)) * 10)
"""
    assert run(body, stacks=stacks) == 20


@both
def test_tasks_interleave(stacks: bool) -> None:
    body = """
async def main():
    seen = []
    def work(name):
        for step in range(3):
            await_only(value(None))
            seen.append(f"{name}{step}")
    await asyncio.gather(greenlet_spawn(work, "a"), greenlet_spawn(work, "b"))
    return sorted(seen), seen.index("b0") < seen.index("a2")
"""
    seen, interleaved = run(body, stacks=stacks)
    assert seen == ["a0", "a1", "a2", "b0", "b1", "b2"]
    assert interleaved is True


@both
def test_a_cancelled_task_runs_its_finally(stacks: bool) -> None:
    body = """
async def main():
    seen = []
    def work():
        try:
            await_only(asyncio.sleep(60))
        finally:
            seen.append("cleaned")
    task = asyncio.create_task(greenlet_spawn(work))
    async def stop():
        await asyncio.sleep(0.01)
        task.cancel()
    stopper = asyncio.create_task(stop())
    try:
        await task
    except asyncio.CancelledError:
        seen.append("cancelled")
    await stopper
    return seen
"""
    assert run(body, stacks=stacks) == ["cleaned", "cancelled"]


@both
def test_variables_of_the_context_are_those_of_the_task_in_both_directions(stacks: bool) -> None:
    body = """
from contextvars import ContextVar
variable = ContextVar("variable")
async def step():
    await asyncio.sleep(0)
    seen.append(variable.get())
    variable.set("awaited")
    await asyncio.sleep(0)
def work():
    seen.append(variable.get())
    variable.set("inside")
    await_only(step())
    seen.append(variable.get())
    variable.set("at the end")
seen = []
async def main():
    variable.set("outside")
    await greenlet_spawn(work)
    seen.append(variable.get())
    await asyncio.create_task(greenlet_spawn(work))
    return [*seen, variable.get()]
"""
    once = ["inside", "awaited", "at the end"]
    assert run(body, stacks=stacks) == ["outside", *once, "at the end", *once[:2], "at the end"]


@both
def test_a_timeout_reaches_what_synchronous_code_awaits(stacks: bool) -> None:
    body = """
async def main():
    try:
        async with asyncio.timeout(0.01):
            await greenlet_spawn(lambda: await_only(asyncio.sleep(60)))
    except TimeoutError:
        await asyncio.sleep(0)
        return [asyncio.current_task().cancelling(), await greenlet_spawn(lambda: "goes on")]
"""
    assert run(body, stacks=stacks) == [0, "goes on"]


def test_only_stacks_let_a_task_wait_for_one_below_it() -> None:
    body = """
async def main():
    first, second = loop.create_future(), loop.create_future()
    async def wait(future):
        await future
    def below():
        await_only(wait(first))
        second.set_result(None)
    def above():
        first.set_result(None)
        await_only(wait(second))
    try:
        await asyncio.gather(greenlet_spawn(below), greenlet_spawn(above))
    except RuntimeError as error:
        return str(error)
    return "both ended"
"""
    assert run(body, stacks=True) == "both ended"
    assert run(body, stacks=False).startswith("This browser cannot suspend WebAssembly (JSPI)")
