"""The command that judges the built site by its bars."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.failure import Failure, failures_of
from workbench.execution.lessons import ROOT

if TYPE_CHECKING:
    from workbench.audit.judgement import Judgement
    from workbench.audit.site_pages import SitePages
    from workbench.audit.tools import Tools

LIGHTHOUSE_PAGES = ("", "lessons/queries/n_plus_one/", "snippets/", "choices/paging/")
HEAVIEST_LESSON = 15_000
LINKS = ROOT / ".cache" / "audit" / "external_links.txt"


@click.command()
@click.option("--site", "folder", default="site", show_default=True, help="The built site.")
@click.option("--sample", is_flag=True, help="Look at one page of each kind, not at all of them.")
@click.option("--lighthouse/--no-lighthouse", default=True, help="Score pages (the default).")
def audit(folder: str, sample: bool, lighthouse: bool) -> None:
    """Judge the built site: accessibility, keyboard, speed, weight, HTML and links.

    Prints what was found beside each limit, and a sentence for each fault. Needs Chromium, and
    Node 24 or later: the machine's, or one that is then installed from PyPI into .cache.
    """
    from workbench.audit.judgement import Judgement  # noqa: PLC0415
    from workbench.audit.site_pages import SitePages  # noqa: PLC0415
    from workbench.audit.tools import audit_tools  # noqa: PLC0415
    from workbench.chromium import NoBrowser, browser_program  # noqa: PLC0415
    from workbench.live.node import NodeFailed, NoNode  # noqa: PLC0415

    site = SitePages((ROOT / folder).resolve())
    if not (site.folder / "index.html").exists():
        raise Failure(f"There is no site in {folder}: `workbench site` builds it.")
    try:
        browser_program()
        tools = audit_tools(click.echo)
    except (NoBrowser, NoNode, NodeFailed) as error:
        if os.environ.get("CI") == "true":
            raise Failure(str(error)) from None
        click.echo(f"{error} The site is not judged.")
        return
    judgement = Judgement()
    with failures_of(NodeFailed):
        _read(judgement, tools, site)
        asyncio.run(_look(judgement, tools, site, sample=sample))
        if lighthouse:
            _score(judgement, tools, site)
    click.echo(judgement.table())
    for fault in judgement.faults:
        click.echo(f"  {fault}")
    if judgement.faults:
        raise Failure(f"{len(judgement.faults)} faults keep the site from its bars.")


def _read(judgement: Judgement, tools: Tools, site: SitePages) -> None:
    """Judge what needs no browser."""
    from workbench.audit.judgement import counted  # noqa: PLC0415
    from workbench.audit.markup import invalid_html  # noqa: PLC0415
    from workbench.site.external_links import as_text, external_links  # noqa: PLC0415
    from workbench.site.links import broken_links  # noqa: PLC0415
    from workbench.site.measure import gzipped  # noqa: PLC0415

    pages = len(site.all())
    invalid = invalid_html(tools, site.folder)
    judgement.add(
        f"errors in the HTML of {pages} pages", counted(invalid), limit="0", faults=invalid
    )
    broken = [f"{link}." for link in broken_links(site.folder)]
    judgement.add("links and anchors that lead nowhere", counted(broken), limit="0", faults=broken)
    links = external_links(site.folder)
    LINKS.parent.mkdir(parents=True, exist_ok=True)
    LINKS.write_text(as_text(links), encoding="utf-8")
    judgement.add("addresses of other hosts", str(len(links)), limit=f"listed in {_short(LINKS)}")
    sizes = {
        path.parent.relative_to(site.folder).as_posix(): gzipped(path.read_bytes())
        for path in sorted((site.folder / "lessons").rglob("index.html"))
    }
    judgement.add(
        "largest HTML of a lesson, gzipped",
        f"{max(sizes.values(), default=0) / 1000:.1f} KB",
        limit=f"{HEAVIEST_LESSON / 1000:.0f} KB",
        faults=[
            f"{page}: {size} bytes of HTML, gzipped."
            for page, size in sizes.items()
            if size > HEAVIEST_LESSON
        ],
    )


async def _look(judgement: Judgement, tools: Tools, site: SitePages, *, sample: bool) -> None:
    """Judge what a browser shows."""
    from workbench.audit.accessibility import Accessibility  # noqa: PLC0415
    from workbench.audit.browser import open_browser  # noqa: PLC0415
    from workbench.audit.every_page import look_at  # noqa: PLC0415
    from workbench.audit.first_visit import HEAVIEST, first_visit  # noqa: PLC0415
    from workbench.audit.keyboard import judge_keyboard  # noqa: PLC0415

    accessibility = Accessibility(tools.axe())
    pages = site.sample() if sample else site.all()
    with site.served() as server:
        async with open_browser() as browser:
            looked = await look_at(browser, server.url, pages, accessibility)
            looked.judge(judgement, len(pages))
            await judge_keyboard(judgement, browser, server.url, site, accessibility)
            visits = [await first_visit(browser, server.url + page) for page in site.sample()]
    judgement.add(
        "heaviest first visit, as transferred",
        f"{max(size for size, _ in visits) / 1000:.0f} KB",
        limit=f"{HEAVIEST / 1000:.0f} KB",
        faults=[fault for _, faults in visits for fault in faults],
    )


def _score(judgement: Judgement, tools: Tools, site: SitePages) -> None:
    """Judge by Lighthouse, on its own so that nothing else takes the machine."""
    from workbench.audit.lighthouse import LIMITS, scores  # noqa: PLC0415

    with site.served() as server:
        for page in LIGHTHOUSE_PAGES:
            found, faults = scores(tools, server.url + page)
            judgement.add(
                f"Lighthouse, median of 3: {page or 'home'}",
                " / ".join(map(str, found.values())),
                limit=" / ".join(map(str, LIMITS.values())) + " (" + ", ".join(LIMITS) + ")",
                faults=faults,
            )


def _short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
