"""Commands for people who read: the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli.failure import Failure, failures_of, reported
from workbench.cli.lessons import verify_lessons
from workbench.execution.fingerprint import Fingerprints
from workbench.execution.lessons import ROOT, all_lessons

if TYPE_CHECKING:
    from workbench.live.site_files import LiveFiles

CONFIG = ROOT / "mkdocs.yml"
RUN = click.option(
    "--run/--no-run", default=True, help="Let lessons run in their pages (the default)."
)


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Taken: a free one is used.",
)
@click.option("--all", "everything", is_flag=True, help="Verify lessons that did not change too.")
@RUN
def serve(port: int, everything: bool, run: bool) -> None:
    """Verify the lessons whose inputs changed, then serve the site on 127.0.0.1.

    Pages follow changes of the files while it runs. A lesson that fails is reported and the
    site is served all the same, from the committed outputs; the command then ends with 1.
    What lessons run on in their pages is built meanwhile, where it is not there yet.
    """
    from workbench.live.background import LiveBuild  # noqa: PLC0415
    from workbench.site.build import SiteNotBuilt  # noqa: PLC0415 - imports MkDocs
    from workbench.site.serve import serve as serve_site  # noqa: PLC0415

    lessons = all_lessons()
    due = lessons if everything else Fingerprints().changed(lessons)
    failure: Failure | None = None
    if due:
        try:
            verify_lessons(due)
        except Failure as error:
            failure = error
            reported(str(error))
    else:
        click.echo(f"{len(lessons)} lessons: nothing changed since they last passed.")
    with failures_of(SiteNotBuilt), LiveBuild(reported) as live:
        serve_site(
            CONFIG,
            port=port,
            on_ready=click.echo,
            on_problem=reported,
            live=live if run else None,
        )
    if failure:
        raise failure


@click.command()
@click.option("--to", default="site", show_default=True, help="The folder to build into.")
@RUN
def site(to: str, run: bool) -> None:
    """Build the static site from the committed outputs; no database is needed.

    Without Node, and none to be had from PyPI, it is built without Run.
    """
    from workbench.site.build import SiteNotBuilt, build_site  # noqa: PLC0415 - imports MkDocs

    live = _live_files() if run else None
    with failures_of(SiteNotBuilt):
        seconds = build_site(CONFIG, ROOT / to, live=live)
    click.echo(f"Built {to}/ in {seconds:.1f} s")


def _live_files() -> LiveFiles | None:
    from workbench.live.build import build_live  # noqa: PLC0415
    from workbench.live.node import NodeFailed, NoNode  # noqa: PLC0415

    try:
        with failures_of(NodeFailed):
            return build_live(compressed=True, report=click.echo)
    except NoNode as error:
        reported(f"{error} The site is built without Run.")
        return None
