"""Measuring this project against the usual ways."""

from __future__ import annotations

import subprocess
import sys

import click

from workbench.cli.failure import Failure
from workbench.execution.lessons import ROOT

MEASUREMENTS = ("workbench.execution.measure", "workbench.site.measure", "workbench.live.measure")


@click.command()
@click.option("--runs", default=3, show_default=True, help="Runs of each way; medians count.")
def bench(runs: int) -> None:
    """Measure executing the lessons and building the site, beside the usual ways, and Run.

    Ways alternate in one run on one machine: compare figures within a table only.
    """
    for module in MEASUREMENTS:
        done = subprocess.run(
            [sys.executable, "-m", module, "--runs", str(runs)], cwd=ROOT, check=False
        )
        if done.returncode:
            raise Failure(f"{module} failed for the reason above.")
        click.echo()
