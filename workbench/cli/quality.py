"""Commands that tell whether the repository is sound."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import click

from workbench.cli.failure import Failure
from workbench.execution.lessons import ROOT

CHECKS = (
    ("format", ("ruff", "format", "--check", "--quiet")),
    ("lint", ("ruff", "check", "--quiet")),
    ("types", ("mypy", "--no-error-summary")),
)
OVERLAY = "workbench/live/overlay"
"""What a tab lays over installed packages: its own search path, since their names are the same."""


@click.command()
@click.option("--fix", is_flag=True, help="Format the code and mend what can be mended first.")
def check(fix: bool) -> None:
    """Check format, lint and types, of Python and of JavaScript."""
    if fix:
        _run("ruff", "check", "--fix", "--quiet")
        _run("ruff", "format", "--quiet")
    failed = [name for name, passed in _checks(fix) if not _told(name, passed)]
    if failed:
        raise Failure(f"Failed: {', '.join(failed)}. `workbench check --fix` mends some of it.")


def _checks(fix: bool) -> Iterator[tuple[str, bool]]:
    for name, (tool, *arguments) in CHECKS:
        yield name, _run(tool, *arguments) == 0
    # By name, since the folder is left out of the other run.
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / OVERLAY).rglob("*.py"))
    arguments = ["--no-error-summary", "--explicit-package-bases", *files]
    yield "types in a tab", _run("mypy", *arguments, MYPYPATH=OVERLAY) == 0
    yield from _javascript_checks(fix)


def _javascript_checks(fix: bool) -> Iterator[tuple[str, bool]]:
    from workbench.live.checks import JavaScriptChecks  # noqa: PLC0415
    from workbench.live.node import NodeFailed, NoNode  # noqa: PLC0415

    try:
        checks = JavaScriptChecks(click.echo)
    except (NoNode, NodeFailed) as error:
        if os.environ.get("CI") == "true":
            raise Failure(str(error)) from None
        click.echo(f"  left    javascript: {error}")
        return
    if fix:
        checks.mend()
    yield "javascript", checks.style_holds()
    yield "types in javascript", checks.types_hold()


def _build_live() -> None:
    """Build beforehand what tests would build, each with the others waiting for it."""
    from workbench.live.build import build_live  # noqa: PLC0415
    from workbench.live.node import NodeFailed, NoNode  # noqa: PLC0415

    try:
        build_live(compressed=True, report=click.echo)
    except (NoNode, NodeFailed) as error:
        click.echo(f"{error} What needs it is left out, or fails on CI.")


def _told(name: str, passed: bool) -> bool:
    click.echo(f"  {'ok    ' if passed else 'FAILED'}  {name}")
    return passed


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def test(context: click.Context, pytest_arguments: tuple[str, ...]) -> None:
    """Check everything: format, lint, types, tests, every lesson, the site in a browser.

    With PYTEST_ARGUMENTS run those tests alone, by path or by name: for example
    notebooks/queries/n_plus_one.ipynb, tests/snippets, or -k keyset.
    """
    if not pytest_arguments:
        context.invoke(check)
        _build_live()
        pytest_arguments = ("-n", "2", "--dist", "loadgroup", "--durations=5")
    status = _run("pytest", *pytest_arguments)
    if status:
        raise click.exceptions.Exit(status)


def _run(tool: str, *arguments: str, **variables: str) -> int:
    """Run a tool of this environment from the root of the repository; return its exit code."""
    command = [sys.executable, "-m", tool, *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | variables) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise
