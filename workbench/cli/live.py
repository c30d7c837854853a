"""The command that builds what a page downloads to run its lesson."""

from __future__ import annotations

import click

from workbench.cli.failure import failures_of
from workbench.execution.lessons import ROOT


@click.command()
@click.option(
    "--compress/--no-compress", default=True, help="Add Brotli and gzip beside each file."
)
def live(compress: bool) -> None:
    """Build what a page downloads to run its lesson, and print the folder.

    `site` and `serve` do so by themselves. Needs Node 20 or later: the one named in
    WORKBENCH_NODE, the machine's, or one that is then installed from PyPI into .cache.
    """
    from workbench.live.build import build_live, first_run_bytes  # noqa: PLC0415
    from workbench.live.node import NodeFailed, NoNode  # noqa: PLC0415

    with failures_of(NoNode, NodeFailed):
        built = build_live(compressed=compress, report=click.echo)
    folder = built.folder.relative_to(ROOT)
    weight = f"{first_run_bytes(built) / 1e6:.2f} MB for a first run"
    click.echo(f"{folder}: {weight if compress else 'not compressed'}")
