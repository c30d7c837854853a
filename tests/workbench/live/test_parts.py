"""The parts that a build takes from elsewhere, made smaller, and their licences."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from workbench.live.build import LiveFiles
from workbench.live.gathered_licences import NoLicence, licences
from workbench.live.server_files import UnknownForm, file_within, trimmed

SCRIPT = (
    'load({files:[{filename:"/pglite/share/postgresql/postgres.bki",start:0,end:4},'
    '{filename:"/pglite/share/postgresql/tsearch_data/english.stop",start:4,end:8},'
    '{filename:"/pglite/share/postgresql/tsearch_data/danish.stop",start:8,end:12},'
    '{filename:"/pglite/icu/LICENSE",start:12,end:1.6e1}]})'
)


def pglite(modules: Path, script: str) -> Path:
    package = modules / "@electric-sql/pglite"
    (package / "dist").mkdir(parents=True)
    (package / "dist/index.js").write_text("nothing")
    (package / "dist/pglite.js").write_text(script)
    (package / "dist/pglite.data").write_bytes(b"bkibstopdansText")
    (package / "package.json").write_text(json.dumps({"version": "1", "license": "Apache-2.0"}))
    return package


def test_files_that_are_never_read_are_zeroed_in_their_places() -> None:
    assert trimmed(b"bkibstopdansText", SCRIPT) == b"\0\0\0\0stop\0\0\0\0Text"


def test_another_form_of_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownForm, match="does not tell where its files lie"):
        trimmed(b"", "load({})")
    package = pglite(tmp_path, SCRIPT)
    assert file_within(package, "/pglite/icu/LICENSE") == b"Text"
    with pytest.raises(UnknownForm, match="comes without /gone"):
        file_within(package, "/gone")


def test_the_data_directory_holds_one_database_and_one_segment_of_the_log(
    live_files: LiveFiles,
) -> None:
    assets = json.loads(live_files.manifest.read_text(encoding="utf-8"))["assets"]
    with tarfile.open(live_files.live / assets["pgdata.tar"]["file"]) as archive:
        members = {member.name: member for member in archive}
    assert {"base/1", "base/4", "base/5", "PG_VERSION", "global/pg_control"} <= set(members)
    databases = {name.split("/")[1] for name in members if name.startswith("base/") and name[7:]}
    assert databases == {"5"}
    (segment,) = [name for name in members if name.startswith("pg_wal/0")]
    assert members[segment].size == 1 << 20
    assert len({(each.mtime, each.uid, each.uname) for each in members.values()}) == 1


def test_a_package_without_the_text_of_its_licence_is_not_handed_on(tmp_path: Path) -> None:
    package = pglite(tmp_path, SCRIPT)
    with pytest.raises(NoLicence, match="@electric-sql/pglite comes without the text"):
        licences(tmp_path, [])
    (package / "LICENSE").write_text("The terms of PGlite.")
    assert "The terms of PGlite." in licences(tmp_path, [])
