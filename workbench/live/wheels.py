"""Packages with compiled modules, as wheels for the Python of the tab."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from workbench.execution.lessons import ROOT
from workbench.live.folders import made_once
from workbench.live.node import NodeFailed
from workbench.live.packages import contents_hash
from workbench.live.python_files import Files

LOCK: Final = ROOT / "requirements-tab.lock"
_READ = (".py", ".so", ".dist-info/METADATA")


class NoWheel(NodeFailed):
    """Says in a sentence that a wheel of the lock cannot be had."""


def downloaded_wheels(
    runtime: Mapping[str, str], cache: Path, report: Callable[[str], None]
) -> list[Path]:
    """Return the wheels that the lock pins, for the Python that ``runtime`` describes.

    They lie in ``cache`` from their first use on, which ``report`` hears of. Raises NoWheel.
    """

    def download(folder: Path) -> None:
        report("Downloading compiled packages from PyPI, once.")
        command = [sys.executable, "-m", "pip", "download", *_options(runtime)]
        command += ["--dest", str(folder), "--requirement", str(LOCK)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoWheel(f"pip cannot download what {LOCK.name} pins: {_reason(done.stderr)}.")

    digest = contents_hash([LOCK], json.dumps(runtime, sort_keys=True).encode())
    return sorted(made_once(cache / f"wheels-{digest[:12]}", download).glob("*.whl"))


def wheel_files(wheel: Path) -> Files:
    """Return what a tab needs of ``wheel``, by the path within."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(_READ)}


def crates(wheel: Path) -> list[dict[str, Any]]:
    """Return what the bill of materials of ``wheel`` has on each crate of Rust linked into it."""
    with zipfile.ZipFile(wheel) as archive:
        bills = [name for name in archive.namelist() if name.endswith(".cyclonedx.json")]
        parts = [part for bill in bills for part in json.loads(archive.read(bill))["components"]]
    return [part for part in parts if part.get("scope") != "excluded"]


def _options(runtime: Mapping[str, str]) -> list[str]:
    version = ".".join(runtime["python"].split(".")[:2])
    return [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--implementation=cp",
        f"--python-version={version}",
        f"--abi=cp{version.replace('.', '')}",
        f"--platform=pyemscripten_{runtime['abi_version']}_{runtime['arch']}",
    ]


def _reason(text: str) -> str:
    """Return the last line of pip's many that says what went wrong."""
    errors = [line for line in text.splitlines() if line.startswith("ERROR: ")]
    return (errors[-1:] or ["it gave no reason"])[0].removeprefix("ERROR: ").strip(" .")[:300]
