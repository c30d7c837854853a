"""JupyterLab on the notebooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from workbench.cli.failure import Failure, failures_of
from workbench.execution.lessons import NOTEBOOKS, ROOT

LAB = ROOT / ".venv-lab" / "bin" / "jupyter"


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("jupyter_arguments", nargs=-1, type=click.UNPROCESSED)
def lab(jupyter_arguments: tuple[str, ...]) -> None:
    """Open the notebooks in JupyterLab, with PostgreSQL running.

    JUPYTER_ARGUMENTS go to `jupyter lab`, for example --no-browser.
    """
    from workbench.postgres import ServerUnavailable, open_server  # noqa: PLC0415

    if not LAB.exists():
        raise Failure("JupyterLab is not installed yet: run make lab, which installs it first.")
    with (
        failures_of(ServerUnavailable),
        open_server() as server,
        tempfile.TemporaryDirectory(prefix="database-patterns-") as folder,
    ):
        click.echo(f"{server.describe()}; Ctrl-C ends it together with JupyterLab")
        environment = {
            **os.environ,
            "DATABASE_URL": server.url.render_as_string(hide_password=False),
            "JUPYTER_PATH": str(kernel_in(Path(folder))),
        }
        command = [str(LAB), "lab", "-y", "--ServerApp.ip=127.0.0.1", *jupyter_arguments]
        with subprocess.Popen(command, cwd=NOTEBOOKS, env=environment) as process:
            try:
                status = process.wait()
            except KeyboardInterrupt:
                status = process.wait()
    if status:
        raise Failure(f"JupyterLab ended with exit code {status}.")


def kernel_in(folder: Path) -> Path:
    """Write the kernel that runs in this environment's Python; return the Jupyter data path."""
    kernel = folder / "kernels" / "python3"
    kernel.mkdir(parents=True)
    specification = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (Database Patterns)",
        "language": "python",
    }
    (kernel / "kernel.json").write_text(json.dumps(specification), encoding="utf-8")
    return folder
