"""Closing a transaction for another connection, so that its own can go on with it.

Where no statement could tell, it is opened again later: it has written and locked nothing, and
holds no cursor, savepoint or setting of its own. At READ COMMITTED that is all; at REPEATABLE READ
its snapshot must still be what a new one would be. A transaction that has written is prepared for a
two-phase commit instead: it keeps its locks, nobody sees what it wrote, and all that its own
connection can do with it is to end it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tab.backend import Backend, literal
from tab.wire import messages

type Clock = Callable[[float | None], None]
"""Makes the backend take the given time, in milliseconds, for the present one; None ends that."""

_PROBE = """
select pg_current_xact_id_if_assigned() is null,
       current_setting('transaction_isolation'),
       exists (select from pg_cursors where name <> ''),
       exists (select from pg_locks where pid = pg_backend_pid() and locktype <> 'virtualxid'
               and mode <> 'AccessShareLock'),
       current_setting('transaction_read_only'),
       exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'relation'
               and relation >= 16384),
       extract(epoch from now()) * 1000,
       pg_snapshot_xmax(pg_current_snapshot())
"""
# Inserting a row takes a RowShareLock on each table that it refers to, and so does locking a row.
# The counters are those of this transaction and of some before it.
_WRITTEN = """
select relation, mode <> 'RowShareLock', n_tup_upd + n_tup_del > 0
from pg_locks join pg_stat_xact_user_tables on relid = relation
where pid = pg_backend_pid() and mode <> 'AccessShareLock'
"""
_COMMITTED_SINCE = """
select exists (
    select from pg_current_snapshot() as now,
         generate_series({0}, pg_snapshot_xmax(now)::text::bigint - 1) as since(id)
    where id::text::xid8 not in (select pg_snapshot_xip(now))
      and pg_xact_status(id::text::xid8) = 'committed')
"""


@dataclass
class Prepared:
    """A transaction that lies prepared, and the tables in which it has written."""

    name: str
    tables: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)


@dataclass
class Aside:
    """A transaction that was closed for another connection."""

    begin: str = "BEGIN"
    began: float | None = None
    holds_locks: bool = False
    failed: bool = False
    lost: bool = False
    overwritten: bool = False
    snapshot: bool = False
    horizon: int = 0
    prepared: Prepared | None = None

    def overtaken(self, backend: Backend) -> bool:
        """Whether a transaction was committed since this one was closed."""
        committed = _COMMITTED_SINCE.format(self.horizon)
        return self.horizon > 0 and backend.rows(committed)[0][0] == "t"


def put_aside(
    backend: Backend,
    *,
    queried: bool,
    reopens: bool,
    ends: bool,
    keeps_time: bool,
    locks_rows: bool,
) -> Aside | None:
    """Close the open transaction, or return None where that cannot be done unseen.

    ``queried`` tells whether it has run a statement, ``reopens`` whether it may be opened again,
    ``ends`` whether it may be closed in a way that it can only be ended. Without ``keeps_time`` a
    transaction that is opened again begins later than it did. ``locks_rows`` tells whether it has
    locked rows that it did not write.
    """
    unwritten, isolation, cursors, locks, read_only, tables, began, horizon = backend.rows(_PROBE)[
        0
    ]
    aside = Aside(holds_locks=tables == "t", horizon=int(horizon or 0))
    if keeps_time:
        aside.began = float(began or 0)
    if unwritten == "t" and locks != "t" and cursors != "t" and reopens:
        if isolation == "serializable" and queried:
            return None
        aside.snapshot = queried and isolation == "repeatable read"
        aside.begin = f"BEGIN ISOLATION LEVEL {isolation}"
        if read_only == "on":
            aside.begin += " READ ONLY"
        backend.rows("COMMIT")
        return aside
    if not ends or unwritten == "t" or isolation != "read committed":
        return None
    aside.prepared, answer = prepare(backend, locks_rows=locks_rows)
    aside.lost = failed(answer)
    return aside


def prepare(backend: Backend, *, locks_rows: bool) -> tuple[Prepared, bytes]:
    """Prepare the open transaction; return it with the answer, which may be an error.

    Where it is one, as for a deferred constraint, the transaction was rolled back.
    """
    written = backend.rows(_WRITTEN)
    prepared = Prepared(name=f"tab {backend.next_number()}")
    for table, writes, changes in written:
        if writes == "t":
            prepared.tables.add(int(table or 0))
        if (writes == changes == "t") or (writes != "t" and locks_rows):
            prepared.changed.add(int(table or 0))
    return prepared, backend.answer(f"PREPARE TRANSACTION {literal(prepared.name)}")


def failed(answer: bytes) -> bool:
    """Whether ``answer`` holds an error."""
    return any(kind == b"E" for kind, _ in messages(answer))


def reopen(backend: Backend, aside: Aside, clock: Clock | None) -> None:
    """Open ``aside`` again, as if it had begun when it did."""
    if clock is not None:
        clock(aside.began)
    try:
        backend.rows(aside.begin)
    finally:
        if clock is not None:
            clock(None)
    if aside.failed:
        # The transaction failed before; a failing statement makes it so again.
        backend.answer("select 1/0")


def end_prepared(backend: Backend, prepared: Prepared, *, commit: bool) -> None:
    """Commit ``prepared``, or roll it back."""
    backend.rows(f"{'COMMIT' if commit else 'ROLLBACK'} PREPARED {literal(prepared.name)}")


_WORD = {"commit": True, "end": True, "rollback": False, "abort": False}


def ending(sql: str) -> bool | None:
    """Return True where ``sql`` is a COMMIT, False for a ROLLBACK, None for anything else."""
    return _WORD.get(sql.strip().rstrip(";").strip().lower())
