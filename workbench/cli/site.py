"""Commands for people who read: the site."""

from __future__ import annotations

import click

from workbench.cli.failure import Failure, failures_of, reported
from workbench.cli.lessons import verify_lessons
from workbench.execution.fingerprint import Fingerprints
from workbench.execution.lessons import ROOT, all_lessons

CONFIG = ROOT / "mkdocs.yml"


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Taken: a free one is used.",
)
@click.option("--all", "everything", is_flag=True, help="Verify lessons that did not change too.")
def serve(port: int, everything: bool) -> None:
    """Verify the lessons whose inputs changed, then serve the site on 127.0.0.1.

    Pages follow changes of the files while it runs. A lesson that fails is reported and the
    site is served all the same, from the committed outputs; the command then ends with 1.
    """
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
    with failures_of(SiteNotBuilt):
        serve_site(CONFIG, port=port, on_ready=click.echo, on_problem=reported)
    if failure:
        raise failure


@click.command()
@click.option("--to", default="site", show_default=True, help="The folder to build into.")
def site(to: str) -> None:
    """Build the static site from the committed outputs; no database is needed."""
    from workbench.site.build import SiteNotBuilt, build_site  # noqa: PLC0415 - imports MkDocs

    with failures_of(SiteNotBuilt):
        seconds = build_site(CONFIG, ROOT / to)
    click.echo(f"Built {to}/ in {seconds:.1f} s")
