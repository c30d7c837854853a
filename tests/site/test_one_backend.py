"""What several connections of a tab see of one another: what a server would show, or a refusal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from workbench.live.serve import serving
from workbench.live.site_files import LiveFiles

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one_backend")]

BEGIN = """
import asyncio, asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from workbench.lesson import database_url
engine = create_async_engine(database_url())
def begun(level="READ COMMITTED"):
    return engine.execution_options(isolation_level=level).connect()
async def one(connection, sql, **values):
    return await connection.scalar(text(sql), values)
async def do(connection, *statements):
    for statement in statements:
        await connection.execute(text(statement))
async with engine.begin() as first:
    await do(first, "CREATE TABLE t (id int PRIMARY KEY, n int, at timestamptz DEFAULT now())",
        "CREATE TABLE u (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), t int REFERENCES t)",
        "INSERT INTO t (id, n) SELECT g, g FROM generate_series(1, 5) AS g")
async def refused(awaitable, words):
    try:
        await awaitable
    except Exception as error:
        said = str(error)
        assert "Run this on a server: make lab, or your own PostgreSQL." in said, said
        assert words in said, said
        return
    raise AssertionError("it was answered")
"""

SCENARIOS = {
    "what-is-not-committed-is-not-seen": """
async with begun() as a, begun() as b:
    await do(a, "INSERT INTO t VALUES (6, 6)", "UPDATE t SET n = 0 WHERE id = 1")
    assert await one(b, "SELECT count(*) FROM t") == 5
    assert await one(b, "SELECT n FROM t WHERE id = 1") == 1
    await a.commit()
    assert await one(b, "SELECT n FROM t WHERE id = 1") == 0
""",
    "a-rollback-leaves-nothing": """
async with begun() as a, begun() as b:
    await do(a, "INSERT INTO t VALUES (6, 6)")
    assert await one(b, "SELECT count(*) FROM t") == 5
    await a.rollback()
    assert await one(b, "SELECT count(*) FROM t") == 5
    await do(a, "INSERT INTO t VALUES (7, 7)")
    await a.commit()
    assert await one(b, "SELECT max(id) FROM t") == 7
""",
    "a-writer-that-was-put-aside-can-only-end": """
async with begun() as a, begun() as b:
    await do(a, "INSERT INTO t VALUES (6, 6)")
    await one(b, "SELECT count(*) FROM t")
    await refused(one(a, "SELECT count(*) FROM t"), "to end it")
    await a.rollback()
    assert await one(a, "SELECT count(*) FROM t") == 5
""",
    "two-writers-of-one-row-do-not-pass": """
async with begun() as a, begun() as b:
    await do(a, "UPDATE t SET n = 0 WHERE id = 1")
    await refused(do(b, "UPDATE t SET n = 9 WHERE id = 1"), "wait")
    await b.rollback()
    await a.commit()
    assert await one(b, "SELECT n FROM t WHERE id = 1") == 0
""",
    "the-same-key-twice-does-not-pass": """
async with begun() as a, begun() as b:
    await do(a, "INSERT INTO t VALUES (6, 6)")
    await refused(do(b, "INSERT INTO t VALUES (6, 7)"), "wait")
    await b.rollback()
    await a.commit()
""",
    "a-foreign-key-to-a-changed-row-does-not-pass": """
async with begun() as a, begun() as b:
    await do(a, "DELETE FROM t WHERE id = 5")
    await refused(do(b, "INSERT INTO u (t) VALUES (5)"), "wait")
    await b.rollback()
    await a.rollback()
""",
    "a-foreign-key-to-an-unseen-row-fails-at-once": """
async with begun() as a, begun() as b:
    await do(a, "INSERT INTO t VALUES (6, 6)")
    try:
        await do(b, "INSERT INTO u (t) VALUES (6)")
    except Exception as error:
        assert "violates foreign key constraint" in str(error), str(error)
    else:
        raise AssertionError("no error")
    await b.rollback()
    await a.commit()
    await do(b, "INSERT INTO u (t) VALUES (6)")
""",
    "inserts-with-keys-of-their-own-pass": """
async with begun() as a, begun() as b:
    await do(a, "INSERT INTO u (t) VALUES (1)")
    await do(b, "INSERT INTO u (t) VALUES (1)")
    await b.commit()
    assert await one(b, "SELECT count(*) FROM u") == 1
    await a.commit()
    assert await one(b, "SELECT count(*) FROM u") == 2
""",
    "skip-locked-skips": """
async with begun() as a, begun() as b:
    await do(a, "SELECT FROM t WHERE id <= 2 FOR UPDATE")
    free = "SELECT count(*) FROM (SELECT FROM t FOR UPDATE SKIP LOCKED) AS free"
    assert await one(b, free) == 3
    await b.rollback()
    await a.commit()
    assert await one(b, free) == 5
""",
    "nowait-fails": """
async with begun() as a, begun() as b:
    await do(a, "UPDATE t SET n = 0 WHERE id = 1")
    try:
        await do(b, "SELECT FROM t WHERE id = 1 FOR UPDATE NOWAIT")
    except Exception as error:
        assert error.orig.sqlstate == "55P03", error
    else:
        raise AssertionError("no error")
    await b.rollback()
    await a.rollback()
""",
    "a-task-waits-for-the-writer-before-it": """
order, wrote = [], asyncio.Event()
async with begun() as a, begun() as b:
    async def first():
        await do(a, "UPDATE t SET n = n + 1 WHERE id = 1")
        wrote.set()
        await asyncio.sleep(0)
        order.append("first commits")
        await a.commit()
    async def second():
        await wrote.wait()
        await do(b, "UPDATE t SET n = n + 1 WHERE id = 1")
        order.append("second has written")
        await b.commit()
    await asyncio.gather(first(), second())
    assert order == ["first commits", "second has written"], order
    assert await one(a, "SELECT n FROM t WHERE id = 1") == 3
""",
    "read-committed-sees-the-next-commit": """
async with begun() as a, begun() as b:
    assert await one(a, "SELECT n FROM t WHERE id = 1") == 1
    await do(b, "UPDATE t SET n = 2 WHERE id = 1")
    await b.commit()
    assert await one(a, "SELECT n FROM t WHERE id = 1") == 2
""",
    "repeatable-read-keeps-its-snapshot": """
async with begun("REPEATABLE READ") as a, begun() as b, begun() as c:
    assert await one(a, "SELECT sum(n) FROM t") == 15
    await do(b, "UPDATE t SET n = 100 WHERE id = 1")
    await b.commit()
    assert await one(a, "SELECT sum(n) FROM t") == 15
    await a.commit()
    assert await one(a, "SELECT sum(n) FROM t") == 114
    assert await one(c, "SELECT sum(n) FROM t") == 114
""",
    "a-snapshot-that-is-gone-is-told": """
async with begun("REPEATABLE READ") as a, begun() as b, begun() as c:
    assert await one(a, "SELECT sum(n) FROM t") == 15
    await do(b, "UPDATE t SET n = 100 WHERE id = 1")
    await b.commit()
    assert await one(c, "SELECT sum(n) FROM t") == 114
    await refused(one(a, "SELECT sum(n) FROM t"), "snapshot of this transaction is gone")
    await a.rollback()
""",
    "a-transaction-keeps-the-time-of-its-begin": """
async with begun() as a, begun() as b:
    began = await one(a, "SELECT now()")
    await asyncio.sleep(0.02)
    await do(b, "UPDATE t SET at = now() WHERE id = 2")
    await b.commit()
    assert await one(a, "SELECT now()") == began
    await do(a, "INSERT INTO t (id) VALUES (6)")
    assert await one(a, "SELECT at FROM t WHERE id = 6") == began
    assert await one(a, "SELECT at > :began FROM t WHERE id = 2", began=began)
    await a.commit()
    assert await one(a, "SELECT now()") > began
""",
    "a-failed-transaction-stays-failed": """
async with begun() as a, begun() as b:
    try:
        await do(a, "SELECT 1 / 0")
    except Exception:
        pass
    assert await one(b, "SELECT 1") == 1
    driver = (await a.get_raw_connection()).driver_connection
    try:
        await driver.execute("SELECT 1")
    except asyncpg.InFailedSQLTransactionError:
        pass
    else:
        raise AssertionError("no error")
    await a.rollback()
    assert await one(a, "SELECT 1") == 1
""",
    "a-deferred-constraint-that-fails-rolls-back": """
async with engine.begin() as first:
    await do(first, "ALTER TABLE u ADD CONSTRAINT late FOREIGN KEY (t) REFERENCES t"
        " DEFERRABLE INITIALLY DEFERRED", "ALTER TABLE u DROP CONSTRAINT u_t_fkey")
async with begun() as a, begun() as b:
    await do(a, "INSERT INTO u (t) VALUES (77)")
    assert await one(b, "SELECT count(*) FROM u") == 0
    await refused(a.commit(), "to end it")
    await a.rollback()
    assert await one(b, "SELECT count(*) FROM u") == 0
""",
    "a-begin-waits-for-nobody": """
async with begun("SERIALIZABLE") as a, begun() as b:
    assert await one(a, "SELECT n FROM t WHERE id = 1") == 1
    driver = (await b.get_raw_connection()).driver_connection
    await driver.execute("BEGIN")
    assert driver.is_in_transaction()
    await refused(driver.fetchval("SELECT n FROM t WHERE id = 1"), "inside of a transaction")
    await a.commit()
    assert await driver.fetchval("SELECT n FROM t WHERE id = 1") == 1
    await driver.execute("COMMIT")
    assert not driver.is_in_transaction()
""",
    "settings-and-roles-belong-to-a-connection": """
async with engine.begin() as first:
    await do(first, "CREATE ROLE reader", "GRANT SELECT ON t TO reader")
async with begun("AUTOCOMMIT") as a, begun("AUTOCOMMIT") as b:
    await do(a, "SET work_mem = '1MB'", "SET ROLE reader", "SET app.tenant = 'one'")
    await do(b, "SET app.tenant = 'two'", "SET search_path = pg_catalog")
    parts = "current_user, current_setting('work_mem'), current_setting('app.tenant')"
    show = f"SELECT concat_ws(' ', {parts})"
    assert await one(a, show) == "reader 1MB one"
    assert await one(b, show) == "postgres 4MB two"
    assert await one(b, "SHOW search_path") == "pg_catalog"
    assert await one(a, "SHOW search_path") == '"$user", public'
""",
    "temporary-tables-are-not-shared": """
async with begun("AUTOCOMMIT") as a, begun("AUTOCOMMIT") as b:
    await do(a, "CREATE TEMPORARY TABLE mine (id int)")
    await refused(one(b, "SELECT count(*) FROM mine"), "temporary tables")
    await do(a, "DROP TABLE mine")
    assert await one(b, "SELECT 1") == 1
""",
    "advisory-locks-are-granted-once": """
async with begun("AUTOCOMMIT") as a, begun("AUTOCOMMIT") as b:
    assert await one(a, "SELECT pg_try_advisory_lock(7)")
    await refused(one(b, "SELECT pg_try_advisory_lock(7)"), "advisory locks")
    await do(a, "SELECT pg_advisory_unlock(7)")
    assert await one(b, "SELECT pg_try_advisory_lock(7)")
""",
    "an-advisory-lock-of-a-transaction-too": """
async with begun() as a, begun() as b:
    assert await one(a, "SELECT pg_try_advisory_xact_lock(7)")
    await refused(one(b, "SELECT pg_try_advisory_xact_lock(7)"), "a single backend")
    await b.rollback()
    await a.commit()
    assert await one(b, "SELECT pg_try_advisory_xact_lock(7)")
""",
    "a-process-id-is-told-to-one": """
async with begun("AUTOCOMMIT") as a, begun("AUTOCOMMIT") as b:
    assert await one(a, "SELECT pg_backend_pid()") > 0
    await refused(one(b, "SELECT pg_backend_pid()"), "same process id")
    await refused(one(b, "SELECT count(*) FROM pg_stat_activity"), "list of sessions")
""",
    "prepared-statements-are-told-apart": """
async with begun("AUTOCOMMIT") as a, begun("AUTOCOMMIT") as b:
    await one(a, "SELECT n FROM t WHERE id = :id", id=1)
    await one(b, "SELECT n + 1 FROM t WHERE id = :id", id=1)
    listed = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT n%'"
    assert await one(b, listed) == 1
    assert await one(a, "SELECT n FROM t WHERE id = :id", id=2) == 2
    assert await one(b, "SELECT n + 1 FROM t WHERE id = :id", id=2) == 3
""",
    "notifications-reach-who-listens": """
a, b = [await asyncpg.connect(user="postgres", host="this-tab") for _ in range(2)]
heard = []
def hear(connection, pid, channel, payload):
    heard.append((connection is a, payload))
await a.add_listener("here", hear)
await b.execute("NOTIFY here, 'hello'")
await asyncio.sleep(0.01)
assert heard == [(True, "hello")], heard
await a.close()
await b.execute("NOTIFY here, 'nobody'")
await asyncio.sleep(0.01)
assert len(heard) == 1
await b.close()
""",
    "vacuum-beside-an-older-transaction-is-refused": """
async with begun() as a, begun("AUTOCOMMIT") as b:
    await one(a, "SELECT count(*) FROM t")
    await do(b, "DELETE FROM t WHERE id = 1")
    await refused(do(b, "VACUUM t"), "keep those rows")
    await a.commit()
    await do(b, "VACUUM t")
""",
    "ddl-beside-a-reader-is-refused": """
async with begun() as a, begun() as b:
    await one(a, "SELECT count(*) FROM t")
    await refused(do(b, "ALTER TABLE t ADD COLUMN x int"), "wait")
    await b.rollback()
    await a.commit()
    await do(b, "ALTER TABLE t ADD COLUMN x int")
""",
    "what-a-tab-has-not-is-refused": """
async with begun("AUTOCOMMIT") as a:
    for sql, words in {
        "CREATE DATABASE other": "one database",
        "SELECT pg_terminate_backend(42)": "single backend",
        "ALTER SYSTEM SET work_mem = '8MB'": "configuration",
        "PREPARE TRANSACTION 'x'": "no prepared transactions",
        "SET client_encoding = 'latin1'": "UTF-8",
    }.items():
        await refused(do(a, sql), words)
    assert await one(a, "SELECT 'CREATE DATABASE'") == "CREATE DATABASE"
    assert await one(a, "SELECT 1 -- pg_terminate_backend") == 1
for options, words in [
    (dict(database="other"), "one database"),
    (dict(user="ann", database="postgres"), "postgres in"),
]:
    asked = {"user": "postgres", "host": "this-tab", **options}
    await refused(asyncpg.connect(**asked), words)
""",
    "a-statement-beyond-its-timeout-is-told": """
async with begun() as a:
    await do(a, "SET LOCAL statement_timeout = '20ms'")
    await refused(do(a, "SELECT pg_sleep(0.05)"), "no timers")
    await a.rollback()
    assert await one(a, "SELECT 1") == 1
""",
    "no-socket-leads-out-of-the-page": """
try:
    await asyncpg.connect(user="postgres", host="192.0.2.1")
except OSError as error:
    assert "A page cannot open sockets" in str(error), str(error)
else:
    raise AssertionError("no error")
""",
}

IN_THE_PAGE = """async ({manifest, base, begin, scenarios, jspi}) => {
  const worker = new Worker(new URL(manifest.assets["worker.mjs"].file, base), {type: "module"});
  const answers = {};
  let said;
  const next = (kind) => new Promise((resolve) => {
    worker.onmessage = ({data}) => {
      if (data.kind === "output" && data.output.output_type === "error")
        said = `${data.output.message} | ${data.output.traceback.join(" | ")}`;
      else if (data.kind === "failed") resolve({failed: data.message});
      else if (data.kind === kind) resolve(data);
    };
  });
  const ask = async (message, kind) => {
    const answer = next(kind);
    worker.postMessage(message);
    return await answer;
  };
  await ask({op: "start", manifest, base, jspi}, "started");
  for (const [name, source] of Object.entries(scenarios)) {
    said = undefined;
    let answer = await ask({op: "run", run: 1, source: begin, cell: "begin"}, "finished");
    if (answer.status === "ok")
      answer = await ask({op: "run", run: 2, source, cell: name}, "finished");
    answers[name] = answer.failed ?? said ?? null;
    if (answer.failed) break;
    await ask({op: "reset"}, "was_reset");
  }
  worker.terminate();
  return answers;
}"""


@pytest.fixture(scope="module")
def live_url(live_files: LiveFiles) -> Iterator[str]:
    with serving(live_files.folder) as server:
        yield server.url


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[True, False])
async def answers(
    request: pytest.FixtureRequest, chromium: Browser, live_files: LiveFiles, live_url: str
) -> AsyncIterator[dict[str, str | None]]:
    """What each scenario raised, or None, with JSPI and without; all run in one worker."""
    page = await chromium.new_page()
    await page.goto(f"{live_url}live/LICENSES.txt")
    answer: dict[str, Any] = await page.evaluate(
        IN_THE_PAGE,
        {
            "manifest": json.loads(live_files.manifest.read_text(encoding="utf-8")),
            "base": f"{live_url}live/",
            "begin": BEGIN,
            "scenarios": SCENARIOS,
            "jspi": request.param,
        },
    )
    yield answer
    await page.close()


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_connections_of_a_tab(answers: dict[str, str | None], scenario: str) -> None:
    assert answers.get(scenario, "the worker ended before it") is None
