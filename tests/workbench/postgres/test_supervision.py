import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from real_servers import (
    HOLD,
    assert_nothing_left,
    holding,
    identity,
    initialised,
    launched,
    processes,
    python,
    query,
    runs,
    wait_until,
)
from sqlalchemy import make_url

from workbench.postgres import ServerUnavailable, open_server
from workbench.postgres.account import server_account
from workbench.postgres.binaries import Binaries
from workbench.postgres.runs import clear_leftovers, new_run, runs_home, stop_leftover

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux helps here")


def shared_memory() -> set[str]:
    table = Path("/proc/sysvipc/shm")
    return {line.split()[1] for line in table.read_text().splitlines()} if table.exists() else set()


def test_a_killed_parent_leaves_nothing_running(temporary: Path) -> None:
    with holding() as holder:
        kept = [holder.supervisor, holder.server, *holder.server.children()]
        assert len(kept) > 3
        holder.process.send_signal(signal.SIGKILL)
        holder.process.wait(10)
        assert psutil.wait_procs(kept, timeout=10)[1] == []
        assert_nothing_left(temporary)


def test_a_parent_killed_while_the_server_is_made_leaves_nothing_running(temporary: Path) -> None:
    with python(HOLD, WORKBENCH_CACHE=str(temporary / "cache")) as child:
        wait_until(lambda: processes(temporary, "/initdb"))
        child.kill()
        assert_nothing_left(temporary)
    assert list(temporary.glob("cache/templates/*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_parent_ended_by_a_signal_leaves_nothing_running(temporary: Path, number: int) -> None:
    with holding() as holder:
        os.killpg(holder.process.pid, number)
        assert_nothing_left(temporary)


def test_ctrl_c_reaches_the_program_and_not_its_server(temporary: Path) -> None:
    code = """
import time
from workbench.postgres import check_server, open_server
with open_server() as server:
    print(server.url, flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        print("still", check_server(server.url)[0], flush=True)
        raise
"""
    with holding(code) as holder:
        version = query(make_url(holder.url), "SHOW server_version")
        os.killpg(holder.process.pid, signal.SIGINT)
        shown, errors = holder.process.communicate(timeout=20)
    assert shown == f"still {str(version).split('.')[0]}\n"
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert holder.process.returncode == -signal.SIGINT
    assert_nothing_left(temporary)


def test_ctrl_c_while_the_server_is_made_leaves_nothing_running(temporary: Path) -> None:
    with python(HOLD, WORKBENCH_CACHE=str(temporary / "cache")) as child:
        wait_until(lambda: processes(temporary, "/initdb"))
        os.killpg(child.pid, signal.SIGINT)
        _, errors = child.communicate(timeout=20)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert_nothing_left(temporary)


def test_a_killed_server_is_an_error_of_the_driver_and_the_next_one_starts_at_once(
    temporary: Path,
) -> None:
    before = shared_memory()
    with open_server() as server:
        (postmaster,) = processes(temporary, "/postgres")
        postmaster.kill()
        with pytest.raises(ServerUnavailable):
            query(server.url, "SELECT 1")
        with open_server() as next_server:
            assert next_server.url != server.url
            assert query(next_server.url, "SELECT 1") == 1
    assert_nothing_left(temporary)
    assert shared_memory() <= before


@LINUX
def test_a_killed_servers_busy_processes_end_as_well(temporary: Path) -> None:
    busy = """
import os
from sqlalchemy import make_url
from workbench.postgres.administration import administer
async def work(connection):
    print("connected", flush=True)
    await connection.execute("DO 'BEGIN LOOP END LOOP; END'")
administer(make_url(os.environ["URL_TO_USE"]), work)
"""
    with holding() as holder:
        server = holder.server
        with holding(busy, URL_TO_USE=holder.url):
            wait_until(lambda: any(p.cpu_percent(0.05) > 20 for p in server.children()))
            workers = server.children()
            server.kill()
            holder.leave()
            assert psutil.wait_procs(workers, timeout=10)[1] == []
    assert_nothing_left(temporary)


@LINUX
def test_a_killed_supervisor_takes_its_server_along_and_the_next_run_tidies_up(
    temporary: Path,
) -> None:
    with holding() as holder:
        server = holder.server
        holder.supervisor.kill()
        assert psutil.wait_procs([server], timeout=10)[1] == []
        assert len(runs(temporary)) == 2  # its directory and its lock
        with open_server() as next_server:
            assert query(next_server.url, "SELECT 1") == 1
            assert len(runs(temporary)) == 2
        assert holder.leave()[0] == "left\n"
    assert_nothing_left(temporary)


def test_the_leftovers_of_a_living_run_are_not_touched(temporary: Path) -> None:
    with holding() as holder:
        clear_leftovers(runs_home(server_account()), server_account())
        assert query(make_url(holder.url), "SELECT 1") == 1
        holder.leave()


def test_a_stale_pid_file_never_ends_another_process(temporary: Path) -> None:
    account = server_account()
    home = runs_home(account)
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        run = new_run(home, account)
        run.data.mkdir()
        (run.data / "postmaster.pid").write_text(f"{innocent.pid}\n{run.data}\n")
        os.close(run.lock)
        clear_leftovers(home, account)
        assert runs(temporary) == []
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_stale_pid_file_never_ends_the_server_of_another_directory(
    temporary: Path, binaries: Binaries
) -> None:
    initialised(binaries, temporary)
    with launched(binaries, temporary / "data") as (process, _):
        other = temporary / "other"
        other.mkdir()
        (other / "postmaster.pid").write_text(f"{process.pid}\n{other}\n")
        stop_leftover(other, process_owner())
        stop_leftover(temporary / "data", process_owner() + 1)
        time.sleep(0.1)
        assert process.poll() is None


def test_the_server_of_a_dead_run_is_ended(temporary: Path, binaries: Binaries) -> None:
    account = server_account()
    run = new_run(runs_home(account), account)
    initialised(binaries, run.directory)
    with launched(binaries, run.data) as (process, _):
        clear_leftovers(runs_home(account), account)  # while its lock is held
        assert process.poll() is None
        os.close(run.lock)
        clear_leftovers(runs_home(account), account)
        assert process.wait(5) is not None
    assert runs(temporary) == []


def test_a_forked_child_that_outlives_its_parent_does_not_keep_the_server(temporary: Path) -> None:
    code = """
import os, sys, time
from workbench.postgres import open_server
with open_server() as server:
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.readline()
"""
    for leave in (True, False):
        with holding(code) as holder:
            child = psutil.Process(int(holder.url))
            try:
                if leave:
                    started = time.monotonic()
                    holder.process.stdin.write("\n")
                    holder.process.stdin.flush()
                    holder.process.wait(10)
                    assert time.monotonic() - started < 5
                else:
                    holder.process.kill()
                assert_nothing_left(temporary)
                assert child.is_running()
            finally:
                child.kill()


def test_a_forked_child_that_leaves_the_block_does_not_stop_the_server() -> None:
    code = """
import os, sys
from workbench.postgres import check_server, open_server
with open_server() as server:
    child = os.fork()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
    print(check_server(server.url)[0] >= 15, flush=True)
"""
    with python(code) as child:
        assert child.communicate(timeout=30) == ("True\n", "")


def process_owner() -> int:
    return int(identity().get("user", os.geteuid()))
