"""Compiled packages: pinned by content, of the version that is installed, and complete."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.workbench.live.python_of_the_tab import value_in_tab
from workbench.live import wheels
from workbench.live.build import CACHE, FIRST_RUN, LiveFiles
from workbench.live.python_files import COMPILED, UNPACKED, archives, lazy_packages
from workbench.live.wheels import LOCK, NoWheel, crates, downloaded_wheels, wheel_files

RUNTIME = {"python": "3.14.2", "abi_version": "2026_0", "arch": "wasm32"}


def wheel(folder: Path, **files: str) -> Path:
    path = folder / "some_package-1-cp314-cp314-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return path


def test_wheels_are_pinned_by_content_and_by_no_address() -> None:
    lock = LOCK.read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index-url|--find-links", lock)
    pinned = re.findall(r"^(\S+)==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}$", lock, re.M)
    assert len(pinned) == lock.count("==") == len(COMPILED)
    for name, number in pinned:
        assert number == version(name)


def test_a_wheel_gives_its_modules_and_its_crates(tmp_path: Path) -> None:
    bill = {"components": [{"name": "used"}, {"name": "tool", "scope": "excluded"}]}
    made = wheel(
        tmp_path,
        p__a_dot_py="a",
        p__b_dot_so="b",
        p__c_dot_pyi="c",
        p_dot_dist_info__METADATA="not at its place",
        x__y_dot_cyclonedx_dot_json=json.dumps(bill),
    )
    assert wheel_files(made) == {"p/a.py": b"a", "p/b.so": b"b"}
    assert crates(made) == [{"name": "used"}]


def test_wheels_are_asked_for_once_and_for_the_python_of_the_tab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    said: list[str] = []

    def pip(command: list[str], **_: Any) -> Any:
        commands.append(command)
        wheel(Path(command[command.index("--dest") + 1]))
        return done(0, "")

    monkeypatch.setattr(wheels.subprocess, "run", pip)
    first = downloaded_wheels(RUNTIME, tmp_path, said.append)
    assert [path.name for path in first] == ["some_package-1-cp314-cp314-any.whl"]
    assert downloaded_wheels(RUNTIME, tmp_path, said.append) == first
    assert said == ["Downloading compiled packages from PyPI, once."]
    (command,) = commands
    wanted = {"--require-hashes", "--only-binary=:all:", "--no-deps", "--abi=cp314"}
    assert wanted | {"--python-version=3.14", "--platform=pyemscripten_2026_0_wasm32"} < {*command}
    other = RUNTIME | {"abi_version": "2027_0"}
    assert downloaded_wheels(other, tmp_path, said.append) != first


def done(code: int, stderr: str) -> Any:
    return type("Done", (), {"returncode": code, "stderr": stderr})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "WARNING: x\nERROR: first\nERROR: No matching distribution found.\n",
            "No matching distribution found",
        ),
        ("Traceback", "it gave no reason"),
    ],
)
def test_a_wheel_that_cannot_be_had_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, reason: str
) -> None:
    monkeypatch.setattr(wheels.subprocess, "run", lambda *_, **__: done(1, said))
    report: Callable[[str], None] = [].append
    sentence = rf"^pip cannot download what requirements-tab.lock pins: {reason}\.$"
    with pytest.raises(NoWheel, match=sentence):
        downloaded_wheels(RUNTIME, tmp_path, report)
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_it_is_part_of_a_first_run(live_files: LiveFiles) -> None:
    manifest = json.loads(live_files.manifest.read_text(encoding="utf-8"))
    assert manifest["lazy"] == lazy_packages()
    assert manifest["unpacked"] == list(UNPACKED)
    later = set(manifest["lazy"].values())
    assert {"fastapi.zip", *UNPACKED} < later < set(manifest["assets"])
    assert not later & set(FIRST_RUN)


def test_what_is_laid_over_a_later_package_comes_with_it() -> None:
    parts = archives()
    laid = parts["fastapi.zip"]["anyio/to_thread.py"]
    assert isinstance(laid, Path)
    assert "overlay" in laid.parts
    assert not [path for path in parts["core.zip"] if path.startswith("anyio/")]
    assert "tab/server.py" in parts["core.zip"]


def test_an_application_and_its_migrations_are_there_as_files(live_files: LiveFiles) -> None:
    told = value_in_tab(
        """
import json, sys
from importlib.metadata import version
from pathlib import Path
import application, application.main, anyio, pydantic
from application import schemas
from alembic.config import Config
from alembic.script import ScriptDirectory
folder = Path(application.__file__).parent
config = Config(folder / "alembic.ini")
json.dumps([
    [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()],
    [version(name) for name in ("fastapi", "pydantic_core")],
    application.main.create_app.__code__.co_filename,
    schemas.__cached__,
    [name for name in ("anyio.to_process", "anyio._core._fileio") if name in sys.modules],
    pydantic.TypeAdapter(list[int]).validate_python(["1", 2]),
])
""",
        live_files,
    )
    revisions, versions, file, cached, eager, numbers = json.loads(str(told))
    assert revisions == ["refuse_delete", "touch_updated_at", "create_tables"]
    assert versions == [version("fastapi"), version("pydantic_core")]
    assert file == "/lib/packages/application/application/main.py"
    assert cached == "/lib/packages/application/application/__pycache__/schemas.cpython-314.pyc"
    assert eager == []
    assert numbers == [1, 2]


def test_the_wheel_of_the_build_holds_a_module_of_the_tab(live_files: LiveFiles) -> None:
    manifest = json.loads(live_files.manifest.read_text(encoding="utf-8"))
    (found,) = downloaded_wheels(manifest["pyodideLock"], CACHE, print)
    names = wheel_files(found)
    assert [name for name in names if name.endswith("-wasm32-emscripten.so")] != []
    assert any(name.endswith(".dist-info/METADATA") for name in names)
