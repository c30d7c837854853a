"""Copies follow a release, and what the project changed in them stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command.conftest import Command, NextRelease, tree

type Install = Callable[[], NextRelease]
CURSOR, PAGE = "snippets/queries/cursor.py", "snippets/queries/page.py"
OLD = "    largest: int = 100\n"
MINE, THEIRS = "    largest: int = 25\n", "    largest: int = 200\n"


@pytest.fixture
def copied(command: Command, project: Path) -> Path:
    """A project with one snippet; its three files are copies."""
    assert command("add", "queries/page", "--into", "app/db", cwd=project).code == 0
    return project


def page(project: Path) -> Path:
    return project / "app/db/queries/page.py"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_new_writes_nothing(command: Command, copied: Path) -> None:
    before = tree(copied)
    said = command("update", cwd=copied)
    assert (said.code, said.out) == (0, "Everything is current.\n")
    assert command("diff", cwd=copied).out == "3 files: nothing changed, here or upstream.\n"
    assert tree(copied) == before


def test_an_unchanged_copy_is_replaced(
    command: Command, copied: Path, next_release: Install
) -> None:
    next_release().replace(PAGE, OLD, THEIRS)
    said = command("diff", "--check", cwd=copied)
    assert said.code == 3
    assert "app/db/queries/page.py: changed upstream" in said.out
    assert f"\n-{OLD}+{THEIRS}" in said.out
    assert command("update", cwd=copied).out == ("updated  app/db/queries/page.py\n")
    assert THEIRS in page(copied).read_text(encoding="utf-8")
    assert command("diff", "--check", cwd=copied).code == 0


def test_changes_in_different_places_are_merged(
    command: Command, copied: Path, next_release: Install
) -> None:
    edit(page(copied), "class CursorPages:\n", "class CursorPages:  # ours\n")
    next_release().replace(PAGE, OLD, THEIRS)
    said = command("diff", cwd=copied)
    assert "app/db/queries/page.py: changed here and upstream" in said.out
    assert "+class CursorPages:  # ours\n" in said.out
    assert f"+{THEIRS}" in said.out
    said = command("update", cwd=copied)
    assert (said.code, said.out) == (0, "merged   app/db/queries/page.py\n")
    text = page(copied).read_text(encoding="utf-8")
    assert THEIRS in text
    assert "class CursorPages:  # ours\n" in text
    assert "from app.db.queries.cursor import" in text
    said = command("diff", cwd=copied)
    assert "changed here\n" in said.out
    assert THEIRS not in "".join(line for line in said.out.splitlines() if line.startswith("+"))


def test_changes_of_the_same_lines_are_left_between_the_markers_of_git(
    command: Command, copied: Path, next_release: Install
) -> None:
    edit(page(copied), OLD, MINE)
    next_release().replace(PAGE, OLD, THEIRS)
    said = command("update", cwd=copied)
    assert (said.code, said.out) == (3, "conflict app/db/queries/page.py\n")
    conflict = f"<<<<<<< yours\n{MINE}=======\n{THEIRS}>>>>>>> database-patterns 0.2.0\n"
    assert conflict in page(copied).read_text(encoding="utf-8")

    assert "still holds conflict markers" in command("update", cwd=copied).err
    said = command("doctor", cwd=copied)
    assert said.code == 3
    assert "app/db/queries/page.py holds conflict markers." in said.out
    edit(page(copied), conflict, MINE)
    assert (
        command("update", cwd=copied).out == "changed here app/db/queries/page.py\n"
        "Everything is current.\n"
    )


def test_a_conflict_in_a_last_line_without_an_end_is_marked_in_lines_of_its_own(
    command: Command, copied: Path, next_release: Install
) -> None:
    last = "    return (items.scalars() if width == 1 else items).all(), keys\n"
    edit(page(copied), last, "    return mine")
    next_release().replace(PAGE, last, "    return theirs\n")
    assert command("update", cwd=copied).code == 3
    conflict = (
        "<<<<<<< yours\n    return mine\n=======\n    return theirs\n>>>>>>> database-patterns"
    )
    assert page(copied).read_text(encoding="utf-8").endswith(f"{conflict} 0.2.0\n")


def test_the_same_change_on_both_sides_is_no_conflict(
    command: Command, copied: Path, next_release: Install
) -> None:
    edit(page(copied), OLD, THEIRS)
    next_release().replace(PAGE, OLD, THEIRS)
    assert "as upstream" in command("diff", cwd=copied).out
    assert command("update", cwd=copied).code == 0
    assert command("diff", cwd=copied).out == "3 files: nothing changed, here or upstream.\n"


def test_a_dry_run_writes_nothing(command: Command, copied: Path, next_release: Install) -> None:
    next_release().replace(PAGE, OLD, THEIRS)
    before = tree(copied)
    said = command("update", "--dry-run", cwd=copied)
    assert f"\n-{OLD}+{THEIRS}" in said.out
    assert tree(copied) == before


@pytest.mark.parametrize(
    "imported",
    ["from snippets.models.uuid_key import UUIDKey", "from snippets.models import uuid_key"],
)
def test_a_snippet_that_a_new_text_imports_is_added(
    imported: str, command: Command, copied: Path, next_release: Install
) -> None:
    release = next_release()
    line = "from snippets.queries.cursor import"
    release.replace(PAGE, line, f"{imported}\n{line}")
    said = command("update", cwd=copied)
    assert "added    app/db/models/uuid_key.py" in said.out
    assert (copied / "app/db/models/__init__.py").is_file()
    assert imported.replace("snippets", "app.db") in page(copied).read_text(encoding="utf-8")


def test_a_new_snippet_in_the_way_of_yours_refuses_the_update(
    command: Command, copied: Path, next_release: Install
) -> None:
    release = next_release()
    line = "from snippets.queries.cursor import"
    release.replace(PAGE, line, f"from snippets.models.uuid_key import UUIDKey\n{line}")
    (copied / "app/db/models").mkdir()
    (copied / "app/db/models/uuid_key.py").write_text("mine\n", encoding="utf-8")
    before = tree(copied)
    assert "uuid_key.py is needed now, but is there" in command("update", cwd=copied).err
    assert tree(copied) == before


def test_one_snippet_is_updated_alone(
    command: Command, copied: Path, next_release: Install
) -> None:
    release = next_release()
    release.replace(PAGE, OLD, THEIRS)
    release.replace(CURSOR, '"""\n\nfrom', '"""\n# Newer.\n\nfrom')
    assert command("update", "cursor", cwd=copied).out == "updated  app/db/queries/cursor.py\n"
    assert THEIRS not in page(copied).read_text(encoding="utf-8")
    assert command("update", cwd=copied).out == "updated  app/db/queries/page.py\n"


def test_a_deleted_copy_stays_deleted_and_the_doctor_says_so(
    command: Command, copied: Path, next_release: Install
) -> None:
    page(copied).unlink()
    next_release().replace(PAGE, OLD, THEIRS)
    assert "deleted here app/db/queries/page.py" in command("update", cwd=copied).out
    assert not page(copied).exists()
    assert "page.py was deleted" in command("doctor", cwd=copied).out


def test_a_snippet_that_is_gone_upstream_stays(
    command: Command, copied: Path, next_release: Install
) -> None:
    release = next_release()
    (release.root / PAGE).unlink()
    assert "app/db/queries/page.py: gone upstream" in command("diff", cwd=copied).out
    assert command("update", cwd=copied).code == 0
    assert page(copied).exists()
    assert "is not in release 0.2.0 any more" in command("doctor", cwd=copied).out
    assert command("diff", "queries/page", cwd=copied).code == 0


def test_windows_line_ends_survive_a_merge(
    command: Command, copied: Path, next_release: Install
) -> None:
    edit(page(copied), "class CursorPages:\n", "class CursorPages:  # ours\n")
    page(copied).write_bytes(page(copied).read_bytes().replace(b"\n", b"\r\n"))
    next_release().replace(PAGE, OLD, THEIRS)
    assert command("update", cwd=copied).code == 0
    content = page(copied).read_bytes()
    assert b"largest: int = 200\r\n" in content
    assert content.count(b"\r\n") == content.count(b"\n")


def test_a_program_reads_states_and_differences(
    command: Command, copied: Path, next_release: Install
) -> None:
    edit(page(copied), OLD, MINE)
    next_release().replace(PAGE, OLD, THEIRS)
    found = {each["path"]: each for each in json.loads(command("diff", "--json", cwd=copied).out)}
    assert found["app/db/queries/cursor.py"]["state"] == "unchanged"
    changed = found["app/db/queries/page.py"]
    assert changed["state"] == "changed here and upstream"
    assert f"+{THEIRS}" in changed["upstream"]
    assert f"+{MINE}" in changed["yours"]
    said = command("update", "--json", cwd=copied)
    assert said.code == 3
    assert json.loads(said.out)["conflicts"] == ["app/db/queries/page.py"]


def test_the_doctor_names_what_is_missing(command: Command, copied: Path) -> None:
    (copied / "app/db/queries/__init__.py").unlink()
    (copied / "pyproject.toml").write_text(
        '[project]\nname = "x"\nrequires-python = ">=3.10"\n', encoding="utf-8"
    )
    said = command("doctor", cwd=copied)
    assert said.code == 3
    assert "app/db/queries/__init__.py is missing" in said.out
    assert "lacks asyncpg>=0.32, sqlalchemy[asyncio]>=2.0.42" in said.out
    assert "need Python 3.12, and requires-python is >=3.10" in said.out
