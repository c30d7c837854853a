"""Many connections over the one backend of the tab.

A link is what a driver takes for its connection. The backend serves one at a time and changes hands
between transactions; an open one is closed for another link only as `tab.asides` can do it unseen.
In all other cases a link waits while tasks that are ready can still end the transaction before it.
A wait that nothing which runs can end is refused.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable

from tab.asides import (
    Aside,
    Clock,
    Prepared,
    end_prepared,
    ending,
    failed,
    prepare,
    put_aside,
    reopen,
)
from tab.backend import Backend, Raw, literal
from tab.conflicts import LOCKS_ROWS, might_wait
from tab.place import DATABASE, USER
from tab.refusals import Refused, Surroundings, refuse
from tab.session import Session, deallocate
from tab.wire import message, messages

_I = re.IGNORECASE | re.MULTILINE
# State inside of a transaction that closing and opening it again would lose or keep for ever.
_KEEPS_OPEN = re.compile(
    r"\bsavepoint\b|\bdeclare\b|^\s*(?:re)?set\b|\bset_config\b|\bon\s+commit\b|\badvisory_xact\b"
    r"|\bnotify\b|\block\b|\bsnapshot\b|\bpg_current_xact\b|\btxid_\w+|\b(?:un)?listen\b"
    r"|\bset\s+(?:local|constraints|transaction)\b",
    _I,
)
_TELLS_TIME = re.compile(
    r"\bnow\s*\(|\bcurrent_(?:time|date|timestamp)\b|\blocaltime|\btransaction_timestamp\b", _I
)
# State that a prepared transaction would lose, or keep where a rollback would not.
_KEEPS_UNENDED = re.compile(
    r"\bnotify\b|\b(?:un)?listen\b|\bwith\s+hold\b|\bsnapshot\b|\badvisory|\bset_config\b"
    r"|^\s*(?:re)?set\s+(?!local\b|constraints\b|transaction\b)",
    _I,
)
_TIMEOUT = re.compile(r"\b(?:statement|transaction|idle\w*_session)_timeout\b", _I)
_NO_WAITING = re.compile(r"\bskip\s+locked\b|\bnowait\b", _I)
_PID = re.compile(r"(?<!pid = )(?<!pid=)(?<!pid <> )\bpg_backend_pid\b", _I)
_STATEMENTS = re.compile(r"\bpg_prepared_statements\b|^\s*(?:deallocate|discard)\s+all\b", _I)
# What changes no row of a table, so that nobody could miss what it removed.
_CHANGES_NO_ROW = re.compile(
    r"\s*(?:select|show|set|reset|begin|start|commit|end|rollback|savepoint|release|analyze|vacuum"
    r"|create\s+(?:unique\s+)?index|explain(?!.*\banalyze\b)|$)",
    re.IGNORECASE | re.DOTALL,
)
_BEGIN = re.compile(
    r"\s*(?:begin|start\s+transaction)(?:\s+(?:transaction|isolation\s+level|read|committed"
    r"|repeatable|serializable|only|write))*\s*;?\s*",
    re.IGNORECASE,
)
_BEGUN = message(b"C", b"BEGIN\0") + message(b"Z", b"T")
_COMMITTED = message(b"C", b"COMMIT\0") + message(b"Z", b"I")
_ROLLED_BACK = message(b"C", b"ROLLBACK\0") + message(b"Z", b"I")
MOST_LINKS = 100


class Exchange:
    """The backend with the links that share it."""

    def __init__(self, raw: Raw, clock: Clock | None) -> None:
        self.backend = Backend(raw)
        self.clock = clock
        self.links: list[Link] = []
        self.holder: Link | None = None
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.abandoned: set[str] = set()
        self.pid_told_to: Link | None = None
        self.held: list[Prepared] = []

    def pass_turn(self) -> None:
        """Wake the link that has waited longest."""
        while self.waiting:
            first = self.waiting.popleft()
            if not first.done():
                first.set_result(None)
                return

    def stop_waiting(self) -> bool:
        """Refuse those who wait for a turn, since nothing that runs can end the transaction.

        Returns whether there were any.
        """
        if not any(not each.done() for each in self.waiting):
            self.waiting.clear()
            return False
        if self.holder is None or self.holder.put_aside(ends=True):
            self.pass_turn()
            return True
        while self.waiting:
            first = self.waiting.popleft()
            if not first.done():
                first.set_exception(Refused(_busy(self.holder)))
        return True

    def release_held(self) -> None:
        """Let everybody see the commits that were kept from a snapshot."""
        while self.held:
            end_prepared(self.backend, self.held.pop(0), commit=True)

    def close(self) -> None:
        """Close every link."""
        for link in list(self.links):
            link.close()
        self.release_held()


_exchange: Exchange | None = None


def install(raw: Raw, clock: Clock | None = None) -> Exchange:
    """Let all links share the backend behind ``raw``, whose time ``clock`` sets."""
    global _exchange
    _exchange = Exchange(raw, clock)
    return _exchange


class Link:
    """One connection; ``transaction`` is b"I", b"T" or b"E" as the backend last said."""

    _count = 0

    def __init__(
        self,
        *,
        user: str | None,
        database: str | None,
        settings: dict[str, str],
        notified: Callable[[bytes], None],
    ) -> None:
        if _exchange is None:
            raise Refused("No PostgreSQL runs in this tab.")
        if database not in {None, DATABASE}:
            raise Refused(f"The PostgreSQL in this tab has one database, and not {database!r}.")
        if user not in {None, USER}:
            raise Refused(f"The PostgreSQL in this tab lets {USER} in, and not {user!r}.")
        if len(_exchange.links) >= MOST_LINKS:
            raise Refused(f"This tab keeps at most {MOST_LINKS} connections.")
        Link._count += 1
        self.number = Link._count
        self.transaction = b"I"
        greeting = _exchange.backend.greeting
        self.pid, self.key = greeting.pid, greeting.key
        self.parameters = dict(greeting.parameters)
        self.session = Session()
        self.session.begin_with(settings)
        self.aside: Aside | None = None
        self._shared = _exchange
        self._notified = notified
        self._queried = False
        self._reopens = True
        self._ends = True
        self._locks_rows = False
        self._timed = any(_TIMEOUT.search(name) for name in settings)
        self._since = time.monotonic()
        self._closed = False
        _exchange.links.append(self)

    async def turn(self, sql: str = "") -> None:
        """Wait until this link may have the backend.

        Raises Refused where the wait could not end.
        """
        if _BEGIN.fullmatch(sql) or self._gives_up(sql):
            return
        at_once = bool(_NO_WAITING.search(sql))
        while self._blocked_by(ends=at_once) is not None:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._shared.waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._shared.pass_turn()
                raise

    def exchange(self, stream: bytes, *, sql: str = "") -> bytes:
        """Send whole frontend messages and return the backend's, without notifications.

        ``sql`` is the text that they carry. Raises Refused where one backend cannot do it.
        """
        if stream[:1] == b"Q" and self._gives_up(sql):
            return self._end_aside(ends=False)
        holder = self._blocked_by()
        if holder is not None:
            if stream[:1] == b"Q" and self.transaction == b"I" and _BEGIN.fullmatch(sql):
                return self._begin_aside(sql)
            raise Refused(_busy(holder))
        refuse(sql, self._surroundings())
        ends = ending(sql) if stream[:1] == b"Q" else None
        if self.aside is not None and (self.aside.prepared or self.aside.lost):
            return self._end_aside(ends=ends)
        self._take_over()
        self._refuse_late()
        self._refuse_waiting(sql)
        if _STATEMENTS.search(sql):
            self._have_statements_alone()
        self._note(stream, sql)
        if ends and self.transaction == b"T" and self._snapshots_beside():
            answer = self._hold_commit()
        else:
            started = time.monotonic()
            answer = self._shared.backend.raw(stream)
            self._since = time.monotonic()
            self._refuse_slow(self._since - started)
        self._queried = self.transaction == b"T"
        if answer[-6:-1] == b"Z\0\0\0\5":
            self.transaction = answer[-1:]
        if self.transaction == b"I":
            self._settle()
        if b"A\0\0" in answer:
            answer = self._without_notifications(answer)
        return answer

    def close(self) -> None:
        """Give up the connection: roll back, and leave nothing of it behind."""
        if self._closed:
            return
        self._closed = True
        shared = self._shared
        shared.links.remove(self)
        if self.aside and self.aside.prepared and not self.aside.lost:
            self._free_backend()
            end_prepared(shared.backend, self.aside.prepared, commit=False)
            self.aside = None
        shared.abandoned |= set(self.session.statements)
        if shared.holder is self:
            if self.transaction != b"I" and self.aside is None:
                shared.backend.rows("ROLLBACK")
            self.session.close(shared.backend)
            shared.holder = None
        self.transaction, self.aside = b"I", None
        if self.session.channels and shared.holder is None:
            self._listen_for_the_others()
        shared.pass_turn()

    def put_aside(self, *, ends: bool = False) -> bool:
        """Close an idle transaction for another link; return whether that worked."""
        backend = self._shared.backend
        if self.aside is None and self.transaction == b"E":
            backend.rows("ROLLBACK")
            self.aside = Aside(failed=True)
        elif self.aside is None and self.transaction == b"T":
            if not self._reopens and not (ends and self._ends):
                return False
            if not self.session.shareable(backend):
                return False
            self.aside = put_aside(
                backend,
                queried=self._queried,
                reopens=self._reopens,
                ends=ends and self._ends,
                keeps_time=self._shared.clock is not None,
                locks_rows=self._locks_rows,
            )
            if self.aside is None:
                return False
        return self.session.shareable(backend)

    def _blocked_by(self, *, ends: bool = False) -> Link | None:
        """Return the link that holds the backend and cannot be set aside, or None."""
        holder = self._shared.holder
        if holder is None or holder is self or holder.put_aside(ends=ends):
            return None
        return holder

    def _surroundings(self) -> Surroundings:
        others = [link for link in self._shared.links if link is not self]
        asides = [link.aside for link in others if link.aside is not None]
        return Surroundings(
            others_open=bool(others),
            others_in_transaction=any(link.transaction != b"I" for link in others),
            others_hold_locks=any(aside.holds_locks for aside in asides),
            other_asked_for_pid=self._shared.pid_told_to not in {None, self},
            overwritten=any(aside.overwritten for aside in asides),
        )

    def _free_backend(self) -> None:
        """Put away the session of whoever had the backend."""
        before = self._shared.holder
        if before is not None and before is not self:
            before.session.put_away(self._shared.backend)
        if before is not self:
            self._shared.holder = None

    def _take_over(self) -> None:
        shared = self._shared
        if shared.holder is not self:
            self._free_backend()
            if not (self.aside and self.aside.snapshot):
                shared.release_held()
            shared.holder = self
            deallocate(shared.backend, shared.abandoned)
            shared.abandoned.clear()
            self.session.bring_back(shared.backend)
        if self.aside is not None:
            if self.aside.snapshot and self.aside.overtaken(shared.backend):
                self.aside.lost = True
                raise Refused(
                    "The snapshot of this transaction is gone: another connection has committed "
                    "meanwhile, and one backend keeps no snapshot for two."
                )
            aside, self.aside = self.aside, None
            reopen(shared.backend, aside, shared.clock)

    def _begin_aside(self, begin: str) -> bytes:
        """Answer a BEGIN, which waits for nobody; the first statement opens the transaction."""
        self.aside = Aside(begin)
        if self._shared.clock is not None:
            self.aside.began = time.time() * 1000
        self.transaction = b"T"
        return _BEGUN

    def _gives_up(self, sql: str) -> bool:
        """Whether this is the ROLLBACK of a transaction of which the backend holds nothing."""
        in_backend = self.aside is None or (self.aside.prepared and not self.aside.lost)
        return not in_backend and ending(sql) is False

    def _end_aside(self, *, ends: bool | None) -> bytes:
        """Answer for a transaction that lies prepared, or was rolled back instead."""
        aside, backend = self.aside, self._shared.backend
        assert aside is not None
        if ends is None or (ends and aside.lost):
            raise Refused(
                "Another connection has used the backend since this transaction wrote, so all "
                "that this tab can do now is to end it."
            )
        if aside.prepared is not None and not aside.lost:
            self._free_backend()
            end_prepared(backend, aside.prepared, commit=ends)
        self.aside, self.transaction = None, b"I"
        self._settle()
        return _COMMITTED if ends else _ROLLED_BACK

    def _snapshots_beside(self) -> bool:
        return any(link.aside is not None and link.aside.snapshot for link in self._shared.links)

    def _hold_commit(self) -> bytes:
        """Commit so that the snapshots of others, when they are taken again, do not see it."""
        backend = self._shared.backend
        if backend.rows("select pg_current_xact_id_if_assigned()") != [[None]] and self._ends:
            held, answer = prepare(backend, locks_rows=self._locks_rows)
            if failed(answer):
                return answer
            self._shared.held.append(held)
            return _COMMITTED
        return backend.answer("COMMIT")

    def _settle(self) -> None:
        """Begin anew after a transaction."""
        self._queried, self._reopens, self._ends = False, True, True
        self._locks_rows = False
        if self._shared.held and not self._snapshots_beside() and self._shared.holder is self:
            self._shared.release_held()
        if self.session.left_a_channel:
            self.session.left_a_channel = False
            self._listen_for_the_others()
        self._shared.pass_turn()

    def _have_statements_alone(self) -> None:
        if self.session.counters_lost:
            raise Refused(
                "All connections share the single backend of this tab, and another one has asked "
                "for its prepared statements: those of this connection were prepared anew."
            )
        for link in self._shared.links:
            if link is not self:
                link.session.put_statements_away(self._shared.backend)

    def _note(self, stream: bytes, sql: str) -> None:
        """Keep in mind what the statement changes in the session or the transaction."""
        self.session.note(stream, sql)
        if not _CHANGES_NO_ROW.match(sql):
            for link in self._shared.links:
                if link.aside is not None:
                    link.aside.overwritten = True
        if _KEEPS_OPEN.search(sql) or (self._shared.clock is None and _TELLS_TIME.search(sql)):
            self._reopens = False
        if _KEEPS_UNENDED.search(sql):
            self._ends = False
        if LOCKS_ROWS.search(sql):
            self._locks_rows = True
        if _TIMEOUT.search(sql):
            self._timed = True
        if _PID.search(sql):
            self._shared.pid_told_to = self

    def _listen_for_the_others(self) -> None:
        rows = self._shared.backend.rows
        rows("UNLISTEN *")
        channels = set[str]().union(*(link.session.channels for link in self._shared.links))
        for name in sorted(channels):
            rows('LISTEN "' + name.replace('"', '""') + '"')

    def _without_notifications(self, answer: bytes) -> bytes:
        kept = []
        for kind, body in messages(answer):
            if kind != b"A":
                kept.append(message(kind, body))
                continue
            channel = body[4 : body.index(b"\0", 4)].decode()
            for link in self._shared.links:
                if channel in link.session.channels:
                    link._notified(body)
        return b"".join(kept)

    def _refuse_waiting(self, sql: str) -> None:
        """Refuse what could wait for a transaction that lies prepared."""
        shared = self._shared
        beside = [
            link.aside.prepared
            for link in shared.links
            if link is not self and link.aside and link.aside.prepared and not link.aside.lost
        ]
        beside += shared.held
        if beside and self.transaction != b"E" and might_wait(shared.backend, sql, beside):
            raise Refused(
                "Another connection has written in a transaction that is still open. A server "
                "would let this statement wait where their locks conflict; one backend cannot "
                "wait for itself."
            )

    def _refuse_late(self) -> None:
        """Refuse to go on where a server would have ended the connection meanwhile."""
        if not self._timed:
            return
        idle = (time.monotonic() - self._since) * 1000
        name = "idle_session_timeout"
        if self.transaction != b"I":
            name = "idle_in_transaction_session_timeout"
        limit = self._limit(name)
        if limit and idle > limit:
            raise Refused(
                f"{name} would have ended this connection; the PostgreSQL in this tab has no "
                "timers."
            )

    def _refuse_slow(self, seconds: float) -> None:
        limit = self._limit("statement_timeout") if self._timed else 0
        if limit and seconds * 1000 > limit:
            raise Refused(
                "statement_timeout would have cancelled this statement; the PostgreSQL in this tab "
                "has no timers."
            )

    def _limit(self, name: str) -> int:
        if self.transaction == b"E":
            return 0
        limit = f"select setting from pg_settings where name = {literal(name)}"  # noqa: S608
        found = self._shared.backend.rows(limit)
        return int(found[0][0] or 0)


def _busy(holder: Link) -> str:
    if holder.transaction == b"I":
        return (
            f"Connection {holder.number} has advisory locks, temporary tables or settings that "
            "all connections of this tab would share, since they have a single backend."
        )
    return (
        f"Connection {holder.number} is inside of a transaction, and all connections of this tab "
        "share a single backend: commit it or roll it back first."
    )
