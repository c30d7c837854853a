"""Bad input: one clear sentence for each, and nothing is written."""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command.conftest import Command, tree

type Prepare = Callable[[Path], object]
RECORD = "database-patterns.lock"
INTO = ("--into", "app/db")


@dataclass(frozen=True, kw_only=True)
class Bad:
    """Arguments that are refused with ``message``, in a project that ``prepare`` changed."""

    arguments: tuple[str, ...]
    message: str
    prepare: Prepare = lambda _: None
    code: int = 1


ORIGINAL = base64.b85encode(zlib.compress(b"text")).decode()


def record(**changes: object) -> Prepare:
    """Write a record of one file, whose hash is not that of its text, with ``changes``."""
    entry = {
        "source": "snippets/queries/page.py",
        "version": "0.1.0",
        "sha256": "0",
        "original": ORIGINAL,
    }
    target = {"package": "app.db", "tests": None, "snippets": {}, "files": {"app/x.py": entry}}
    document = {"format": 1, "targets": {"app/db": target}, **changes}
    return lambda project: (project / RECORD).write_text(json.dumps(document))


def write(path: str, text: str | bytes) -> Prepare:
    content = text if isinstance(text, bytes) else text.encode()

    def prepare(project: Path) -> None:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(content)

    return prepare


def folder(path: str) -> Prepare:
    return lambda project: (project / path).mkdir(parents=True)


def link(path: str, to: str) -> Prepare:
    def prepare(project: Path) -> None:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).symlink_to(to)

    return prepare


def cut_record(project: Path) -> None:
    record()(project)
    text = (project / RECORD).read_text(encoding="utf-8")
    (project / RECORD).write_text(text.replace(ORIGINAL, ORIGINAL[:5]), encoding="utf-8")


def target_with(path: str) -> Prepare:
    document = {"package": "a", "tests": None, "snippets": {}, "files": {}}
    return record(targets={path: document})


def add(*arguments: str) -> tuple[str, ...]:
    return ("add", *arguments)


NAMES = {
    "a slip in the name": Bad(
        arguments=add("queries/pgae", *INTO),
        message="no snippet queries/pgae: did you mean queries/page",
    ),
    "a slip in the topic": Bad(
        arguments=add("querys/keyset", *INTO), message="did you mean queries/keyset?"
    ),
    "the remedy under another topic": Bad(
        arguments=add("models/savepoint", *INTO), message="did you mean transactions/savepoint"
    ),
    "half of a name with a slip": Bad(
        arguments=add("savepint", *INTO), message="did you mean transactions/savepoint"
    ),
    "a name like no other": Bad(
        arguments=add("zzz/qqq", *INTO),
        message="no snippet zzz/qqq; `database-patterns list` shows",
    ),
    "a topic": Bad(
        arguments=add("queries", *INTO), message="queries is a topic: name one of queries/"
    ),
    "a name that climbs": Bad(
        arguments=add("../../etc/passwd", *INTO),
        message="'../../etc/passwd' is no name of a snippet",
    ),
    "a name that climbs in the middle": Bad(
        arguments=add("queries/../page", *INTO), message="'queries/../page' is no name of a snippet"
    ),
    "an absolute name": Bad(
        arguments=add("/etc/passwd", *INTO), message="'/etc/passwd' is no name of a snippet"
    ),
    "a name with backslashes": Bad(
        arguments=add("queries\\page", *INTO), message=r"is no name of a snippet"
    ),
    "an empty name": Bad(arguments=add("", *INTO), message="'' is no name of a snippet"),
    "a name with a line end": Bad(
        arguments=add("queries/page\n", *INTO), message=r"'queries/page\n' is no name of a snippet"
    ),
    "a very long name": Bad(arguments=add("x" * 5000, *INTO), message="…' is no name of a snippet"),
    "an unknown topic to list": Bad(
        arguments=("list", "quiries"), message="no topic 'quiries': name one of connections, "
    ),
    "words that nothing mentions": Bad(
        arguments=("search", "mongodb"), message="No snippet mentions mongodb"
    ),
    "an unknown name to show": Bad(
        arguments=("show", "eagr"), message="no snippet eagr: did you mean queries/eager?"
    ),
    "a snippet that was not copied": Bad(
        arguments=("diff", "queries/page"), message="queries/page was not copied into this project"
    ),
}
TARGETS = {
    "no target": Bad(arguments=add("queries/page"), message="Name the package to copy into"),
    "an empty target": Bad(
        arguments=add("queries/page", "--into", ""), message="The target needs the name of a folder"
    ),
    "a target above the project": Bad(
        arguments=add("queries/page", "--into", ".."),
        message="target .. lies outside of the project",
    ),
    "a target that climbs out": Bad(
        arguments=add("queries/page", "--into", "app/../../elsewhere"),
        message="outside of the project",
    ),
    "an absolute target elsewhere": Bad(
        arguments=add("queries/page", "--into", "/etc"), message="target /etc lies outside of the"
    ),
    "the project as target": Bad(
        arguments=add("queries/page", "--into", "."), message="The target is the project itself"
    ),
    "a folder that is no package": Bad(
        arguments=add("queries/page", "--into", "docs"),
        message="target docs is not a package: it has no __init__.py",
        prepare=folder("docs"),
    ),
    "a folder in no package": Bad(
        arguments=add("queries/page", "--into", "docs/db"),
        message="target docs/db is not in a package: docs has no __init__.py",
        prepare=folder("docs"),
    ),
    "a folder in a folder that is not there": Bad(
        arguments=add("queries/page", "--into", "ap/db"),
        message="ap/db has no folder ap to stand in",
    ),
    "a file as target": Bad(
        arguments=add("queries/page", "--into", "app/main.py"),
        message="app/main.py is a file, not a",
    ),
    "a name that Python cannot import": Bad(
        arguments=add("queries/page", "--into", "app/my-db"), message="'my-db' is no name in Python"
    ),
    "a keyword as target": Bad(
        arguments=add("queries/page", "--into", "app/class"), message="'class' is no name in Python"
    ),
    "a package that hides the standard library": Bad(
        arguments=add("queries/page", "--into", "asyncio"), message="asyncio would hide the library"
    ),
    "a package that hides a requirement": Bad(
        arguments=add("queries/page", "--into", "sqlalchemy"), message="sqlalchemy would hide the"
    ),
    "a symbolic link out of the project": Bad(
        arguments=add("queries/page", "--into", "out"),
        message="out is a symbolic link",
        prepare=link("out", "/tmp"),
    ),
    "a symbolic link on the way": Bad(
        arguments=add("queries/page", "--into", "alias/db"),
        message="alias is a symbolic link",
        prepare=link("alias", "app"),
    ),
    "a file to write that is a symbolic link": Bad(
        arguments=add("queries/page", "--into", "app/db", "--overwrite"),
        message="app/db/queries/page.py is a symbolic link",
        prepare=link("app/db/queries/page.py", "../../main.py"),
    ),
    "a topic that is a symbolic link": Bad(
        arguments=add("queries/page", "--into", "app/db"),
        message="app/db/queries is a symbolic link",
        prepare=link("app/db/queries", "/tmp"),
    ),
    "tests outside of the project": Bad(
        arguments=add("queries/page", *INTO, "--tests-into", "../checks"),
        message="folder for tests ../checks lies outside of the project",
    ),
    "tests in the target": Bad(
        arguments=add("queries/page", *INTO, "--tests-into", "app/db/tests"),
        message="Tests go beside the target, not into it",
    ),
    "tests in an unnamed folder": Bad(
        arguments=add("queries/page", *INTO, "--tests-into", " "),
        message="--tests-into needs the name of a folder",
    ),
    "no folder as project": Bad(
        arguments=("doctor", "--project", "nowhere"), message="There is no folder"
    ),
}
FILES = {
    "a file in the way": Bad(
        arguments=add("queries/page", *INTO),
        message="app/db/queries/page.py is there already and differs",
        prepare=write("app/db/queries/page.py", "mine\n"),
    ),
    "a file in the way that is no text": Bad(
        arguments=add("queries/page", *INTO),
        message="app/db/queries/page.py is not text in UTF-8",
        prepare=write("app/db/queries/page.py", b"\xff\xfe"),
    ),
    "a folder in the way": Bad(
        arguments=add("queries/page", *INTO),
        message="page.py cannot be read: Is a directory",
        prepare=folder("app/db/queries/page.py"),
    ),
    "a file where a folder is needed": Bad(
        arguments=add("queries/page", *INTO),
        message="Not a directory",
        prepare=write("app/db/queries", "mine\n"),
    ),
    "a record that is not JSON": Bad(
        arguments=add("queries/page", *INTO),
        message="record database-patterns.lock is corrupt (line 2 is not JSON)",
        prepare=write(RECORD, "{\n<<<<<<< HEAD\n"),
    ),
    "a record that is a list": Bad(
        arguments=("diff",),
        message="is corrupt (its entries have another form)",
        prepare=write(RECORD, "[]"),
    ),
    "a record that is no text": Bad(
        arguments=("update",), message=f"{RECORD} is not text", prepare=write(RECORD, b"\xff")
    ),
    "a record of another format": Bad(
        arguments=("doctor",), message="is corrupt (format 7 is not 1)", prepare=record(format=7)
    ),
    "a record without targets": Bad(
        arguments=("diff",),
        message="is corrupt ('targets' is missing)",
        prepare=write(RECORD, '{"format": 1}'),
    ),
    "a record whose hash is another": Bad(
        arguments=("diff",),
        message="is corrupt (the hash of app/x.py is another)",
        prepare=record(),
    ),
    "a record whose original is cut": Bad(
        arguments=("diff",), message="is corrupt (an original is damaged)", prepare=cut_record
    ),
    "a record that leads out": Bad(
        arguments=("update",),
        message="is corrupt ('../elsewhere' leads out of the project)",
        prepare=target_with("../elsewhere"),
    ),
    "a record with an absolute path": Bad(
        arguments=("diff",),
        message="is corrupt ('/etc' leads out of the project)",
        prepare=target_with("/etc"),
    ),
    "a record that is a symbolic link": Bad(
        arguments=("diff",),
        message=f"{RECORD} is a symbolic link",
        prepare=link(RECORD, "/etc/passwd"),
    ),
    "a pyproject.toml that is not TOML": Bad(
        arguments=add("queries/page", *INTO),
        message="pyproject.toml is not valid TOML",
        prepare=write("pyproject.toml", "[project\n"),
    ),
    "a pyproject.toml without a project": Bad(
        arguments=add("queries/page", *INTO, "--edit-pyproject"),
        message="pyproject.toml has no [project] table",
        prepare=write("pyproject.toml", "[tool.poetry]\n"),
    ),
    "dependencies that are dynamic": Bad(
        arguments=add("queries/page", *INTO, "--edit-pyproject"),
        message="pyproject.toml has dynamic dependencies",
        prepare=write("pyproject.toml", '[project]\nname = "x"\ndynamic = ["dependencies"]\n'),
    ),
    "dependencies that are no list": Bad(
        arguments=add("queries/page", *INTO, "--edit-pyproject"),
        message="pyproject.toml",
        prepare=write("pyproject.toml", '[project]\nname = "x"\ndependencies = "fastapi"\n'),
    ),
    "a project that is no table": Bad(
        arguments=add("queries/page", *INTO, "--edit-pyproject"),
        message="pyproject.toml",
        prepare=write("pyproject.toml", 'project = "x"\n'),
    ),
}


@pytest.mark.parametrize("bad", (ALL := NAMES | TARGETS | FILES).values(), ids=ALL.keys())
def test_one_sentence_and_nothing_written(bad: Bad, command: Command, project: Path) -> None:
    bad.prepare(project)
    before = tree(project.parent)
    said = command(*bad.arguments, cwd=project)
    assert bad.message in said.err
    assert said.code == bad.code
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.endswith((".\n", "?\n"))
    assert tree(project.parent) == before


@pytest.mark.parametrize("bad", [TARGETS["no target"], NAMES["a topic"]], ids=["target", "name"])
def test_a_program_gets_the_sentence_as_json(bad: Bad, command: Command, project: Path) -> None:
    said = command(*bad.arguments, "--json", cwd=project)
    assert bad.message in json.loads(said.out)["error"]
    assert said.code == 1


@pytest.mark.parametrize(
    "arguments",
    [("add",), ("add", "queries/page", "--ito", "app"), ("ad",), ("completion", "tcsh")],
)
def test_wrong_usage_ends_with_2(
    arguments: tuple[str, ...], command: Command, project: Path
) -> None:
    said = command(*arguments, cwd=project)
    assert said.code == 2
    assert "Usage: database-patterns" in said.err


def test_outside_of_a_project_the_missing_file_is_named(command: Command, tmp_path: Path) -> None:
    said = command("add", "queries/page", "--into", "app", cwd=tmp_path)
    assert said.code == 1
    assert "neither it nor a folder above has pyproject.toml" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder that everybody may enter, for a process that is not root meanwhile."""
    place = Path(tempfile.mkdtemp(prefix="unwritable-"))
    place.chmod(0o755)
    is_root = os.geteuid() == 0
    yield place
    if is_root:
        os.seteuid(0)
    for path in (place, *place.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(place)


@pytest.mark.parametrize("closed", ["app", "app/db", "app/db/queries"])
def test_an_unwritable_folder_is_named_and_everything_is_put_back(
    closed: str, command: Command, unprivileged: Path, project: Path
) -> None:
    shutil.copytree(project, unprivileged, dirs_exist_ok=True)
    (unprivileged / "app/db/queries").mkdir(exist_ok=True)
    into = "app/db" if closed != "app" else "app/fresh"
    if os.geteuid() == 0:
        for path in (unprivileged, *unprivileged.rglob("*")):
            os.chown(path, 65534, 65534)
    (unprivileged / closed).chmod(0o555)
    before = tree(unprivileged)
    if os.geteuid() == 0:
        os.seteuid(65534)
    said = command("add", "queries/page", "connections/retry", "--into", into, cwd=unprivileged)
    if os.getuid() == 0:
        os.seteuid(0)
    assert said.code == 1
    assert f"{closed}" in said.err
    assert "cannot be written (Permission denied): nothing was changed.\n" in said.err
    assert tree(unprivileged) == before
