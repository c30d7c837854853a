"""What executing the lessons costs, beside the usual ways to execute the same notebooks.

Run as ``python -m workbench.execution.measure``: prints one Markdown table.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import click

from workbench.execution.lessons import NOTEBOOKS, ROOT, all_lessons
from workbench.postgres import open_server

PR_SET_CHILD_SUBREAPER = 36


@click.command()
@click.option("--runs", default=3, show_default=True, help="Runs of each way; medians count.")
def main(runs: int) -> None:
    """Measure three ways to execute every lesson, one after the other, ``runs`` times.

    The server runs beforehand and its own CPU time is left out; kernels are counted.
    """
    adopt_orphans()
    with open_server() as server, tempfile.TemporaryDirectory(prefix="measure-") as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": server.url.render_as_string(hide_password=False),
        }
        ways = {
            "ours: `workbench verify`": [sys.executable, "-m", "workbench", "verify"],
            "mkdocs-jupyter, `execute: true`": executing_build(Path(folder)),
            "`pytest --nbmake -n 2`, ordinary kernels": nbmake(Path(folder)),
        }
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(runs):
            for name, command in ways.items():
                seconds[name].append(timed(command, environment))
    click.echo(f"| {len(all_lessons())} lessons (median of {runs}) | wall s | CPU s |")
    click.echo("| :-- | --: | --: |")
    for name, pairs in seconds.items():
        wall, cpu = (median(column) for column in zip(*pairs, strict=True))
        click.echo(f"| {name} | {wall:.1f} | {cpu:.1f} |")


def executing_build(folder: Path) -> list[str]:
    """Return the command that lets mkdocs-jupyter execute the lessons as it does by default."""
    docs = folder / "docs"
    shutil.copytree(NOTEBOOKS, docs)
    (docs / "index.md").write_text("# Lessons\n", encoding="utf-8")
    plugin = {"include": ["*.ipynb"], "execute": True, "allow_errors": False, "cache": False}
    config = {
        "site_name": "Lessons",
        "docs_dir": str(docs),
        "site_dir": str(folder / "site"),
        "theme": {"name": "material", "font": False},
        "plugins": [{"mkdocs-jupyter": plugin}],
    }
    # JSON is YAML as well.
    (folder / "mkdocs.yml").write_text(json.dumps(config), encoding="utf-8")
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
    return [*build, "--config-file", str(folder / "mkdocs.yml")]


def nbmake(folder: Path) -> list[str]:
    """Return the command that runs copies of the lessons with nbmake alone."""
    copies = folder / "nbmake"
    shutil.copytree(NOTEBOOKS, copies)
    return [sys.executable, "-m", "pytest", "-q", "--nbmake", "-n", "2", str(copies)]


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that their time is counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run ``command`` from the root; return its wall seconds and CPU seconds, children included.

    Raises CalledProcessError, with the output shown, where it fails.
    """
    before = cpu_of_children()
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    wall = time.perf_counter() - started
    if done.returncode:
        click.echo(done.stdout + done.stderr, err=True)
        done.check_returncode()
    reap()
    return wall, cpu_of_children() - before


def reap() -> None:
    """Collect what ended meanwhile, for at most two seconds."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            if os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG) is None:
                time.sleep(0.1)
        except ChildProcessError:
            return


def cpu_of_children() -> float:
    """Return the CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
