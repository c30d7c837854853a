"""Commands that tell whether the repository is sound."""

from __future__ import annotations

import subprocess
import sys

import click

from workbench.cli.failure import Failure
from workbench.execution.lessons import ROOT

CHECKS = (
    ("format", ("ruff", "format", "--check", "--quiet")),
    ("lint", ("ruff", "check", "--quiet")),
    ("types", ("mypy", "--no-error-summary")),
)


@click.command()
@click.option("--fix", is_flag=True, help="Format the code and mend what ruff can mend first.")
def check(fix: bool) -> None:
    """Check format, lint and types."""
    if fix:
        _run("ruff", "check", "--fix", "--quiet")
        _run("ruff", "format", "--quiet")
    failed = []
    for name, (tool, *arguments) in CHECKS:
        passed = _run(tool, *arguments) == 0
        click.echo(f"  {'ok    ' if passed else 'FAILED'}  {name}")
        if not passed:
            failed.append(name)
    if failed:
        raise Failure(f"Failed: {', '.join(failed)}. `workbench check --fix` mends some of it.")


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
        pytest_arguments = ("-n", "2", "--dist", "loadgroup", "--durations=5")
    status = _run("pytest", *pytest_arguments)
    if status:
        raise click.exceptions.Exit(status)


def _run(tool: str, *arguments: str) -> int:
    """Run a tool of this environment from the root of the repository; return its exit code."""
    command = [sys.executable, "-m", tool, *arguments]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise
