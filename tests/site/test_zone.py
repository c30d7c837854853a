"""Local time in the page: UTC wherever the reader is, and what CPython says where TZ is set."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from typing import Any

import nbformat
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.site.lesson_worker import run_in
from workbench.execution.comparison import differences
from workbench.execution.lessons import ROOT
from workbench.execution.notebook import read_notebook
from workbench.live.serve import serving
from workbench.live.site_files import LiveFiles

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("zone"),
    pytest.mark.timeout(900),
]

LESSON = "models/naive_datetimes"
ZONES = [
    "",
    "UTC",
    "UTC0",
    "EST5",
    "JST-9",
    "<+0330>-3:30",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "NZST-12NZDT,M9.5.0,M4.1.0/3",
    "EST5EDT",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
]
# What time says of ZONES, in a cell as in a process of its own.
REPORT = """
import os, time
from datetime import UTC, datetime, timedelta
def instants(zone):
    # Around changes of 2026: Berlin, New York, Lord Howe, Auckland.
    for change in (1774746000, 1792890000, 1772953200, 1793512800, 1775314800, 1790431200):
        yield from (change - 1, change, change + 1799, change + 3600)
    yield from (31536000, 86400 * 365 * 20, 1325239200, 1783000000, 4000000000, 100000000000)
    if "," not in zone:  # glibc has rules begin in 1970
        yield from (-1, -86400 * 365 * 40, -2**33, -30000000000)
def walls():
    # The hours that clocks repeat or leave out, and some others.
    for month, day in ((3, 8), (3, 29), (4, 5), (9, 27), (10, 4), (10, 25), (11, 1), (7, 1)):
        for hour in (0, 1, 2, 3):
            for fold in (0, 1):
                yield datetime(2026, month, day, hour, 15, fold=fold)
    yield from (datetime(2011, 12, 30, 12), datetime(1, 1, 3), datetime(9999, 12, 30))
    yield datetime(76, 2, 29)
def report(zone):
    os.environ["TZ"] = zone
    time.tzset()
    yield time.timezone, time.altzone, time.daylight, time.tzname
    for at in instants(zone):
        local = time.localtime(at)
        aware = datetime.fromtimestamp(at, UTC).astimezone()
        naive = datetime.fromtimestamp(at)
        yield at, tuple(local), local.tm_gmtoff, local.tm_zone, time.mktime(local)
        yield aware.isoformat(), aware.tzname(), naive.isoformat(), naive.fold, naive.timestamp()
        yield time.strftime("%Y-%m-%d %H:%M:%S %Z %z", local), time.ctime(at)
    for wall in walls():
        if wall.year < 1971 and "," in zone:
            continue
        aware = wall.astimezone()
        yield wall.timestamp(), aware.isoformat(), aware.tzname(), wall.astimezone(UTC).isoformat()
    for year in (2026, 2031):
        for month in (1, 7):
            # What a wrong flag means without summer time differs between versions of C's library.
            for flag in (-1, 0, 1) if time.daylight else (-1, 0):
                yield flag, time.mktime((year, month, 15, 12, 0, 0, 0, 0, flag))
    yield time.mktime((2026, 14, 35, 30, 70, 80, 0, 0, -1))
    yield time.mktime((1970, 1, 0, 0, 0, -5, 0, 0, 0))
def show(zone):
    for each in report(zone):
        print(each)
"""
WITHOUT_TZ = """
from js import Date
assert Date.new().getTimezoneOffset() == -540, "the browser is not in Tokyo"
import asyncio, os, time
from datetime import UTC, datetime
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from workbench.lesson import database_url
def is_utc():
    assert time.localtime(0)[:6] == (1970, 1, 1, 0, 0, 0)
    assert time.localtime(0).tm_zone == time.localtime(2**31).tm_zone == "UTC"
    assert (time.timezone, time.altzone, time.daylight, time.tzname) == (0, 0, 0, ("UTC", "UTC"))
    assert time.mktime((1970, 1, 1, 0, 0, 1, 0, 0, -1)) == 1
    assert datetime(2026, 7, 1, 12).astimezone().isoformat() == "2026-07-01T12:00:00+00:00"
    assert abs(datetime.now() - datetime.now(UTC).replace(tzinfo=None)).total_seconds() < 5
is_utc()
assert "TZ" not in os.environ
"""
DATABASE = """
async def of_the_server():
    async with create_async_engine(database_url()).connect() as connection:
        return (await connection.execute(text(
            "SELECT current_setting('TimeZone'), current_setting('log_timezone'),"
            " '2026-07-01 12:00'::timestamptz AT TIME ZONE 'UTC', now() - clock_timestamp() < '1s'"
        ))).one()
before = await of_the_server()
os.environ["TZ"] = "America/New_York"
time.tzset()
assert await of_the_server() == before
assert before[2] == datetime(2026, 7, 1, 12), before
"""
ERROR = """
os.environ["TZ"] = "Nonsense"
try:
    time.tzset()
except ValueError as error:
    assert str(error).startswith("TZ is 'Nonsense': neither a zone such as Europe/Berlin nor")
else:
    raise AssertionError("it has set something")
assert time.tzname == ("EST", "EDT") and time.localtime(0).tm_zone == "EST"
del os.environ["TZ"]
time.tzset()
is_utc()
"""
# C's library may take either; here it is the first, and the clock before.
UNDECIDED = """
os.environ["TZ"] = "Europe/Berlin"
time.tzset()
assert time.mktime((2026, 10, 25, 2, 30, 0, 0, 0, -1)) == 1792888200
assert time.mktime((2026, 10, 25, 2, 30, 0, 0, 0, 1)) == 1792888200
assert time.mktime((2026, 10, 25, 2, 30, 0, 0, 0, 0)) == 1792891800
assert time.mktime((2026, 3, 29, 2, 30, 0, 0, 0, -1)) == 1774747800
"""


@pytest.fixture(scope="module")
def live_url(live_files: LiveFiles) -> Iterator[str]:
    with serving(live_files.folder) as server:
        yield server.url


@pytest_asyncio.fixture(loop_scope="session")
async def page_in_tokyo(chromium: Browser, live_url: str) -> AsyncIterator[Page]:
    context = await chromium.new_context(timezone_id="Asia/Tokyo")
    page = await context.new_page()
    await page.goto(f"{live_url}live/LICENSES.txt")
    yield page
    await context.close()


def notebook(*sources: str) -> Any:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells)


def shown_natively(zone: str) -> str:
    environment = os.environ | {"TZDIR": str(files("tzdata") / "zoneinfo")}
    command = [sys.executable, "-c", f"{REPORT}\nshow({zone!r})"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    return done.stdout


async def test_local_time_is_what_cpython_says(
    page_in_tokyo: Page, live_url: str, live_files: LiveFiles
) -> None:
    cells = notebook(REPORT, *(f"show({zone!r})" for zone in ZONES))
    ran = await run_in(page_in_tokyo, live_url, live_files, cells, jspi=True)
    assert ran.error is None, ran.error
    for zone, cell in zip(ZONES, ran.executed.cells[1:], strict=True):
        shown = "".join(output["text"] for output in cell.outputs)
        assert shown.splitlines() == shown_natively(zone).splitlines(), zone


@pytest.mark.parametrize("jspi", [True, False], ids=["jspi", "without"])
async def test_the_readers_zone_is_nowhere(
    page_in_tokyo: Page, live_url: str, live_files: LiveFiles, jspi: bool
) -> None:
    cells = notebook(WITHOUT_TZ, DATABASE, ERROR, UNDECIDED)
    ran = await run_in(page_in_tokyo, live_url, live_files, cells, jspi=jspi)
    assert ran.error is None, ran.error


async def test_the_lesson_gives_its_stored_outputs_in_tokyo(
    page_in_tokyo: Page, live_url: str, live_files: LiveFiles
) -> None:
    committed = read_notebook(ROOT / "notebooks" / f"{LESSON}.ipynb")
    ran = await run_in(page_in_tokyo, live_url, live_files, committed, jspi=True)
    assert ran.error is None, ran.error
    assert differences(LESSON, committed, ran.executed) == []
