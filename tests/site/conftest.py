"""The site, built once for all tests: ours, and one of lessons made to be difficult."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.missing import skip_unless_on_ci
from tests.site.sample_lessons import write_hostile_lesson, write_plain_lesson
from workbench.audit.accessibility import Accessibility
from workbench.audit.tools import Tools, audit_tools
from workbench.chromium import NoBrowser, browser_program, sandbox_arguments
from workbench.execution import stamp
from workbench.execution.lessons import Lesson
from workbench.live.build import build_live
from workbench.live.node import NodeFailed, NoNode
from workbench.live.serve import StaticServer, serving
from workbench.live.site_files import LiveFiles
from workbench.site.build import build_site

REPOSITORY = Path(__file__).resolve().parents[2]
STAMPED = Lesson("queries", "n_plus_one")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PREFIX = "/database-patterns/"
PATIENCE = 60_000
"""How long a page may take, in milliseconds, on a busy machine."""


@dataclass(frozen=True)
class BuiltSite:
    """A site on disk, served at ``url``, which ends in a slash."""

    folder: Path
    url: str

    def pages(self) -> list[str]:
        """Return the address of every page below ``url``, the error page included."""
        return sorted(
            path.relative_to(self.folder).as_posix().removesuffix("index.html")
            for path in self.folder.rglob("*.html")
            if path.parent != self.folder / "live"
        )

    def lessons(self) -> list[str]:
        """Return the addresses of lessons."""
        return [page for page in self.pages() if page.startswith("lessons/")]

    def html(self, page: str) -> str:
        """Return the HTML of ``page``."""
        path = self.folder / page
        return (path / "index.html" if path.is_dir() else path).read_text(encoding="utf-8")


def write_config(folder: Path, *, notebooks: Path, docs: Path, nav: list[object]) -> Path:
    """Write a configuration like ours, with other sources, into ``folder``."""
    config = {
        "INHERIT": str(REPOSITORY / "mkdocs.yml"),
        "docs_dir": str(docs),
        "hooks": [str(REPOSITORY / "workbench/site/hook.py")],
        "plugins": {"mkdocs-jupyter": {"notebook_dirs": {"lessons": str(notebooks)}}},
        "nav": nav,
    }
    path = folder / "mkdocs.yml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def difficult_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a site with one usual lesson and one hostile one."""
    folder = tmp_path_factory.mktemp("difficult")
    write_plain_lesson(folder / "notebooks/queries/plain.ipynb")
    write_hostile_lesson(folder / "notebooks/models/hostile.ipynb")
    docs = folder / "docs"
    shutil.copytree(REPOSITORY / "docs/assets", docs / "assets")
    (docs / "index.md").write_text(
        "# Start\n\nRead [the page](lessons/queries/plain.ipynb#when-not-to).\n\n"
        "<!-- lessons by topic -->\n",
        encoding="utf-8",
    )
    return write_config(
        folder,
        notebooks=folder / "notebooks",
        docs=docs,
        nav=[
            "index.md",
            {"Queries": ["lessons/queries/plain.ipynb"]},
            {"Models": ["lessons/models/hostile.ipynb"]},
        ],
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltSite]:
    """Our site, with the stamp of one lesson alone. A warning in the build is an error."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stamp, "FOLDER", tmp_path_factory.mktemp("stamps"))
        patch.setenv("CI", "true")
        patch.setenv("GITHUB_SHA", COMMIT)
        stamp.Stamps().write(STAMPED, postgresql="18.6")
        build_site(REPOSITORY / "mkdocs.yml", folder, strict=True)
    with served(folder) as url:
        yield BuiltSite(folder, url)


@pytest.fixture(scope="session")
def difficult(
    difficult_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BuiltSite]:
    """A site with one usual lesson and one hostile one."""
    folder = tmp_path_factory.mktemp("difficult-site")
    build_site(difficult_config, folder, strict=True)
    with served(folder) as url:
        yield BuiltSite(folder, url)


@pytest.fixture(scope="session")
def live() -> LiveFiles:
    """What pages run on. Without Node the test is skipped, except on CI."""
    try:
        return build_live(compressed=False, report=lambda line: None)
    except NoNode as missing:
        skip_unless_on_ci(str(missing))


@pytest.fixture(scope="session")
def built(live: LiveFiles, tmp_path_factory: pytest.TempPathFactory) -> BuiltSite:
    """Our site with Run, not yet served."""
    folder = tmp_path_factory.mktemp("live-site")
    build_site(REPOSITORY / "mkdocs.yml", folder, strict=True, live=live)
    return BuiltSite(folder, "")


@pytest.fixture(scope="session")
def live_server(built: BuiltSite) -> Iterator[StaticServer]:
    """Our site with Run, served below ``PREFIX``."""
    with serving(built.folder, prefix=PREFIX) as running:
        yield running


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve ``folder`` on a free port of the loopback interface."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser of the system. Without one the test is skipped, except on CI."""
    try:
        program = browser_program()
    except NoBrowser as error:
        skip_unless_on_ci(str(error))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=sandbox_arguments()
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def tools() -> Tools:
    """What judges the site. Without Node the test is skipped, except on CI."""
    try:
        return audit_tools(print)
    except (NoNode, NodeFailed) as error:
        skip_unless_on_ci(str(error))


@pytest.fixture(scope="session")
def accessibility(tools: Tools) -> Accessibility:
    return Accessibility(tools.axe())


@pytest_asyncio.fixture(loop_scope="session")
async def desktop(chromium: Browser) -> AsyncIterator[Page]:
    """A page of 1280 pixels, in light colours, that may use the clipboard."""
    context = await chromium.new_context(
        viewport={"width": 1280, "height": 900},
        color_scheme="light",
        permissions=["clipboard-read", "clipboard-write"],
    )
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def dark_phone(chromium: Browser) -> AsyncIterator[Page]:
    """A page of 360 pixels, in dark colours."""
    context = await chromium.new_context(
        viewport={"width": 360, "height": 740}, color_scheme="dark"
    )
    yield await context.new_page()
    await context.close()


@asynccontextmanager
async def context_of(chromium: Browser, **options: object) -> AsyncIterator[BrowserContext]:
    """A fresh browser profile, without a service worker unless asked for."""
    settings = {"viewport": {"width": 1280, "height": 900}, "service_workers": "block"}
    context = await chromium.new_context(**{**settings, **options})  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()
