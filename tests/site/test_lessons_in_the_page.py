"""Every lesson that is not marked as needing a server runs in the page, with its stored outputs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.missing import skip_unless_on_ci
from tests.site.firefox import FirefoxPage, find_firefox, running_firefox
from tests.site.lesson_worker import run_in
from workbench.execution.comparison import differences
from workbench.execution.lessons import Lesson, all_lessons
from workbench.execution.notebook import needs_server, needs_stacks, read_notebook
from workbench.live.serve import serving
from workbench.live.site_files import LiveFiles

LESSONS = all_lessons()
IN_THE_PAGE = [each for each in LESSONS if needs_server(read_notebook(each.path)) is None]
ON_A_SERVER = [each for each in LESSONS if each not in IN_THE_PAGE]
ON_STACKS = [each for each in IN_THE_PAGE if needs_stacks(read_notebook(each.path))]


@pytest.fixture(scope="module")
def live_url(live_files: LiveFiles) -> Iterator[str]:
    """Where what lessons run on is served."""
    with serving(live_files.folder) as server:
        yield server.url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def firefox() -> AsyncIterator[FirefoxPage]:
    """The Firefox of the system. Without one the test is skipped, except on CI."""
    program = find_firefox()
    if program is None:
        skip_unless_on_ci("no Firefox: install it to run the lessons there as well")
    async with running_firefox(program) as page:
        yield page


def name(lesson: Lesson) -> str:
    return lesson.name


def test_at_least_four_of_five_lessons_run_in_the_page() -> None:
    assert len(IN_THE_PAGE) >= 0.8 * len(LESSONS)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("jspi", [True, False], ids=["jspi", "without"])
@pytest.mark.parametrize("lesson", IN_THE_PAGE, ids=name)
async def test_a_lesson_gives_its_stored_outputs_in_chromium(
    lesson: Lesson, jspi: bool, chromium: Browser, live_files: LiveFiles, live_url: str
) -> None:
    page = await chromium.new_page()
    await page.goto(f"{live_url}live/LICENSES.txt")
    committed = read_notebook(lesson.path)
    ran = await run_in(page, live_url, live_files, committed, jspi=jspi)
    await page.close()
    assert ran.jspi is jspi
    if lesson in ON_STACKS and not jspi:
        assert ran.error is not None
        assert "This browser cannot suspend WebAssembly (JSPI)" in ran.error
        return
    assert ran.error is None, ran.error
    found = differences(lesson.name, committed, ran.executed)
    assert not found, "\n".join(found)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("firefox")
@pytest.mark.parametrize("lesson", IN_THE_PAGE, ids=name)
async def test_a_lesson_gives_its_stored_outputs_in_firefox(
    lesson: Lesson, firefox: FirefoxPage, live_files: LiveFiles, live_url: str
) -> None:
    await firefox.goto(f"{live_url}live/LICENSES.txt")
    committed = read_notebook(lesson.path)
    ran = await run_in(firefox, live_url, live_files, committed, jspi=True)
    if lesson in ON_STACKS and not ran.jspi:
        return
    assert ran.error is None, ran.error
    found = differences(lesson.name, committed, ran.executed)
    assert not found, "\n".join(found)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("lesson", ON_A_SERVER, ids=name)
async def test_a_lesson_that_needs_a_server_would_not_run(
    lesson: Lesson, chromium: Browser, live_files: LiveFiles, live_url: str
) -> None:
    page = await chromium.new_page()
    await page.goto(f"{live_url}live/LICENSES.txt")
    ran = await run_in(page, live_url, live_files, read_notebook(lesson.path), jspi=True)
    await page.close()
    assert ran.error is not None, "it runs: take the mark away"
