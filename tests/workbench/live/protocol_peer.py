"""The other process: runs scenarios where ``asyncpg`` is the replacement."""

from __future__ import annotations

import asyncio
import importlib
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import Any

import greenlet
from sqlalchemy import URL, make_url
from tab import links
from tab.loop import LocalLoop
from tab.place import DATABASE, HOST, USER

from tests.workbench.live.native import connect_raw
from tests.workbench.live.protocol_peers import EMPTY, Place

ARGUMENTS = {"host": HOST, "user": USER, "database": DATABASE}


def serve() -> None:
    """Answer requests on standard input until it ends."""
    os.environ["PGSSLMODE"] = "disable"
    # What a scenario prints must not be taken for an answer.
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    while True:
        try:
            url, module, name, arguments, empty = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(_answer(url, module, name, arguments, empty), answers)
        answers.flush()


def _answer(url: str, module: str, name: str, arguments: Any, empty: bool) -> tuple[bool, str]:
    try:
        scenario = importlib.import_module(module)
        for part in name.split("."):
            scenario = getattr(scenario, part)
        return True, repr(_run(make_url(url), scenario, arguments, empty))  # type: ignore[arg-type]
    except BaseException:
        return False, traceback.format_exc()


def _run(url: URL, scenario: Callable[..., Any], arguments: Any, empty: bool) -> Any:
    raw = connect_raw(url)
    exchange = links.install(raw)
    if empty:
        exchange.backend.rows(EMPTY)
    loop = LocalLoop(host=HOST, idle=exchange.stop_waiting)
    greenlet.install(stacks=None, drive=loop.drive)
    place = Place(URL.create("postgresql+asyncpg", USER, None, HOST, None, DATABASE), ARGUMENTS)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(scenario(place, *arguments))
    finally:
        for link in list(exchange.links):
            link.close()
        loop.close()
        raw.__self__.close()  # type: ignore[attr-defined]
