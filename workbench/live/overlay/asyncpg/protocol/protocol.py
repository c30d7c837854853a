"""asyncpg's connection below its Connection class, on a link to the backend of the tab."""

from __future__ import annotations

import asyncio
import re
import time
import weakref
from collections.abc import Iterable
from typing import Any

from asyncpg import exceptions
from asyncpg.exceptions import _base as messages_of_exceptions
from tab.links import Link
from tab.refusals import Refused

from . import copying, requests, startup
from .answers import Answer, Reader, messages
from .codec_config import DataCodecConfig
from .deadline import Deadline, split_guard
from .many import Batches
from .record import Record, RecordDescriptor
from .settings import ConnectionSettings
from .statement import PreparedStatementState
from .type_names import BUILTIN_TYPE_NAME_MAP, BUILTIN_TYPE_OID_MAP

__all__ = [
    "BUILTIN_TYPE_NAME_MAP",
    "BUILTIN_TYPE_OID_MAP",
    "NO_TIMEOUT",
    "BaseProtocol",
    "ConnectionSettings",
    "DataCodecConfig",
    "PreparedStatementState",
    "Protocol",
    "Record",
    "RecordDescriptor",
]

NO_TIMEOUT = object()

_IN_PROGRESS = "cannot perform operation: another operation is in progress"
_CLOSED_MEANWHILE = "connection was closed in the middle of operation"
# A statement that took longer lets timers run before its result is given.
_NOTICEABLE = 0.002
# Fails the transaction at hand, as a cancelled statement does on a server.
_FAIL = requests.query("SELECT 1/0")
_COPY_IN = re.compile(r"\bcopy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
_ROLLBACK = re.compile(r"\s*(?:rollback|abort)\b(?!\s+to\b)", re.IGNORECASE)
# asyncpg turns this off while it introspects types and on again, which no other link may notice.
_OWN_SETTING = "set_config('jit'"


class BaseProtocol:
    """Speaks for one connection."""

    def __init__(
        self,
        addr: object,
        connected_fut: asyncio.Future[bool],
        con_params: Any,
        record_class: type[Record],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.loop = loop
        self.queries_count = 0
        self.is_ssl = False
        self.settings = ConnectionSettings((addr, con_params.database))
        self._auth_received = False
        self._record_class = record_class
        self._connection: weakref.ref[Any] | None = None
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None
        self._cancelled_in_transaction = False
        self._query: str | None = None
        self._reader = Reader(noticed=self._notice, set_parameter=self.settings.add_setting)
        self._startup = startup.Parameters(con_params.server_settings or {})
        try:
            self._link = self._open(con_params)
        except Refused as refused:
            self._closed = True
            connected_fut.set_exception(exceptions.InterfaceError(str(refused)))
        except exceptions.PostgresError as raised:
            self._closed = True
            connected_fut.set_exception(raised)
        else:
            self._auth_received = True
            connected_fut.set_result(True)

    def _open(self, con_params: Any) -> Link:
        self._startup.check()
        link = Link(
            user=con_params.user,
            database=con_params.database,
            settings=self._startup.values,
            notified=self._notified,
        )
        self.backend_pid, self.backend_secret = link.pid, link.key
        for name, value in self._startup.reported(link.parameters).items():
            self.settings.add_setting(name, value)
        return link

    def set_connection(self, connection: Any) -> None:
        """Note whose protocol this is."""
        self._connection = weakref.ref(connection)

    def get_connection(self) -> Any:
        """Return whose protocol this is, or None where it is gone."""
        return None if self._connection is None else self._connection()

    def get_server_pid(self) -> int:
        """Return the number of the backend's process."""
        return self.backend_pid

    def get_settings(self) -> ConnectionSettings:
        """Return the parameters and codecs of the connection."""
        return self.settings

    def get_record_class(self) -> type[Record]:
        """Return the class of rows."""
        return self._record_class

    def is_closed(self) -> bool:
        """Whether the connection was closed."""
        return self._closed

    def is_connected(self) -> bool:
        """Whether the connection is open."""
        return not self._closed

    def is_in_transaction(self) -> bool:
        """Whether a transaction is open, failed or not."""
        return self._link.transaction != b"I"

    # Operations, as asyncpg's other modules call them.

    async def prepare(
        self,
        stmt_name: str,
        query: str,
        timeout: Any = None,  # noqa: ASYNC109 - asyncpg's interface
        *,
        state: PreparedStatementState | None = None,
        ignore_custom_codec: bool = False,
        record_class: type[Record],
    ) -> PreparedStatementState:
        """Prepare a statement and learn the types of its arguments and columns."""
        deadline = self._begin(timeout)
        if state is None:
            state = PreparedStatementState(
                stmt_name, query, self.settings, record_class, ignore_custom_codec
            )
        stream = requests.parse(stmt_name, query) + requests.describe(stmt_name)
        answer = await self._ask(stream + requests.SYNC, query, deadline)
        state.describe(answer.parameters, answer.columns)
        return state

    async def bind_execute(
        self,
        state: PreparedStatementState,
        args: Any,
        portal_name: str,
        limit: int,
        return_extra: bool,
        timeout: Any,  # noqa: ASYNC109
    ) -> Any:
        """Run a statement for one set of arguments."""
        deadline = self._begin(timeout)
        bound = requests.bind(portal_name, state.name, state.encode(args))
        self.queries_count += 1
        answer = await self._ask_for_rows(
            state, bound + requests.execute(portal_name, limit), deadline
        )
        return self._extra(answer) if return_extra else answer.rows

    async def bind_execute_many(
        self,
        state: PreparedStatementState,
        args: Iterable[Any],
        portal_name: str,
        timeout: Any,  # noqa: ASYNC109
        return_rows: bool,
    ) -> list[Record] | None:
        """Run a statement for many sets of arguments, all or none outside of a transaction."""
        deadline = self._begin(timeout)
        batches = Batches(state, args, portal_name)
        with self._operation():
            self._query = state.query
            if batches.fill(deadline) and not batches.sent:
                return [] if return_rows else None
            if batches.failure is None or (self._link.transaction == b"T" and batches.sent):
                self.queries_count += 1
                answer = await self._converse(
                    self._parsed(state) + batches.stream(),
                    state.query,
                    deadline,
                    parsed=1 if self._reparses(state) else 0,
                    row=state.row_reader() if return_rows else None,
                )
            if batches.failure is not None:
                raise batches.failure
            return answer.rows if return_rows else None

    async def bind(
        self,
        state: PreparedStatementState,
        args: Any,
        portal_name: str,
        timeout: Any,  # noqa: ASYNC109
    ) -> None:
        """Open a portal."""
        deadline = self._begin(timeout)
        bound = requests.bind(portal_name, state.name, state.encode(args))
        await self._ask_for_rows(state, bound, deadline)

    async def execute(
        self,
        state: PreparedStatementState,
        portal_name: str,
        limit: int,
        return_extra: bool,
        timeout: Any,  # noqa: ASYNC109
    ) -> Any:
        """Read on from an open portal."""
        deadline = self._begin(timeout)
        self.queries_count += 1
        answer = await self._ask(
            requests.execute(portal_name, limit) + requests.SYNC,
            state.query,
            deadline,
            row=state.row_reader(),
        )
        return self._extra(answer) if return_extra else answer.rows

    async def close_portal(self, portal_name: str, timeout: Any) -> None:  # noqa: ASYNC109
        """Close a portal."""
        deadline = self._begin(timeout)
        await self._ask(requests.close(portal_name, portal=True) + requests.SYNC, None, deadline)

    async def close_statement(self, state: PreparedStatementState, timeout: Any) -> None:  # noqa: ASYNC109
        """Close a prepared statement that nobody uses."""
        deadline = self._begin(timeout)
        if state.refs != 0:
            raise exceptions.InternalClientError(
                f"cannot close prepared statement; refs == {state.refs} != 0"
            )
        state.closed = True
        await self._ask(requests.close(state.name, portal=False) + requests.SYNC, None, deadline)

    async def query(self, query: str, timeout: Any) -> str:  # noqa: ASYNC109
        """Run statements without arguments and return the status of the last."""
        deadline = Deadline(self._get_timeout(timeout))
        self._check_state()
        self.queries_count += 1
        stream = requests.query(query) + _without_source(query)
        answer = await self._ask(stream, query, deadline)
        return answer.status.decode()  # type: ignore[union-attr]

    async def copy_out(self, copy_stmt: str, sink: Any, timeout: Any) -> str:  # noqa: ASYNC109
        """Run a COPY that writes, and await ``sink`` with what it wrote."""
        deadline = self._begin(timeout)
        with self._operation():
            answer = await self._converse(requests.query(copy_stmt), copy_stmt, deadline)
            try:
                for part in copying.parts(answer.copied):
                    await deadline.wait(sink(part))
            except BaseException:
                self._cancel()
                raise
        return self._status(answer)

    async def copy_in(
        self,
        copy_stmt: str,
        reader: Any,
        data: Any,
        records: Any,
        record_stmt: PreparedStatementState | None,
        timeout: Any,  # noqa: ASYNC109
    ) -> str:
        """Run a COPY that reads rows, the chunks of an asynchronous iterable, or ``data``."""
        deadline = self._begin(timeout)
        with self._operation():
            start = requests.query(copy_stmt)
            try:
                await self._pause()
                if record_stmt is not None:
                    sent = await copying.rows(record_stmt, records, self.settings)
                elif reader is not None:
                    sent = await copying.chunks(reader, deadline)
                else:
                    sent = requests.copy_data(memoryview(data))
            except BaseException as raised:
                self._check_failure()
                late = isinstance(raised, TimeoutError)
                self._abandon(start + requests.copy_fail(_copy_fails(late=late)), copy_stmt)
                raise
            stream = start + sent + requests.copy_done()
            return self._status(await self._converse(stream, copy_stmt, deadline))

    async def close(self, timeout: Any) -> None:  # noqa: ASYNC109
        """Close the connection; an operation in progress is cancelled."""
        if self._closed:
            return
        self._closed = True
        Deadline(self._timeout(timeout))
        self._fail(exceptions.QueryCanceledError("canceling statement due to user request"))
        self._link.close()

    def abort(self) -> None:
        """Close the connection; an operation in progress fails."""
        if self._closed:
            return
        self._closed = True
        self._fail(exceptions.ConnectionDoesNotExistError(_CLOSED_MEANWHILE))
        self._link.close()

    def _fail(self, failure: BaseException) -> None:
        self._failure = failure
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _is_cancelling(self) -> bool:
        return False

    async def _wait_for_cancellation(self, timeout: float | None = None) -> float | None:  # noqa: ASYNC109
        return timeout

    # Timeouts.

    def _get_timeout(self, timeout: Any) -> float | None:
        if timeout is not None:
            try:
                if isinstance(timeout, bool):
                    raise ValueError
                timeout = float(timeout)
            except ValueError:
                raise ValueError(
                    f"invalid timeout value: expected non-negative float (got {timeout!r})"
                ) from None
        return self._timeout(timeout)

    def _timeout(self, timeout: Any) -> float | None:
        seconds: float | None
        if timeout is None:
            seconds = self.get_connection()._config.command_timeout
        else:
            seconds = None if timeout is NO_TIMEOUT else float(timeout)
        if seconds is not None and seconds <= 0:
            raise TimeoutError
        return seconds

    def _begin(self, timeout: Any) -> Deadline:
        deadline = Deadline(self._timeout(timeout))
        self._check_state()
        return deadline

    def _check_state(self) -> None:
        if self._closed:
            raise exceptions.InterfaceError("cannot perform operation: connection is closed")
        if self._waiter is not None:
            raise exceptions.InterfaceError(_IN_PROGRESS)

    # The conversation.

    def _operation(self) -> _Operation:
        return _Operation(self)

    async def _ask(
        self, stream: bytes, sql: str | None, deadline: Deadline, row: Any = None
    ) -> Answer:
        with self._operation():
            self._query = sql
            return await self._converse(stream, sql or "", deadline, row=row)

    async def _ask_for_rows(
        self, state: PreparedStatementState, stream: bytes, deadline: Deadline
    ) -> Answer:
        with self._operation():
            self._query = state.query
            return await self._converse(
                self._parsed(state) + stream + _without_source(state.query) + requests.SYNC,
                state.query,
                deadline,
                parsed=1 if self._reparses(state) else 0,
                row=state.row_reader(),
            )

    def _reparses(self, state: PreparedStatementState) -> bool:
        # Links share the backend, and with it the statement that has no name.
        return not state.prepared or not state.name

    def _parsed(self, state: PreparedStatementState) -> bytes:
        return requests.parse(state.name, state.query) if self._reparses(state) else b""

    async def _converse(
        self, stream: bytes, sql: str, deadline: Deadline, *, row: Any = None, parsed: int = -1
    ) -> Answer:
        """Send a request when it is this link's turn, and return the answer.

        ``parsed`` is how many statements the stream parses, where a deadline can undo it.
        """
        try:
            await deadline.wait(self._turn(sql))
            started = time.monotonic()
            guarded = parsed >= 0 and deadline.timeout is not None
            guarded = guarded and self._link.transaction == b"I"
            if guarded:
                stream = stream.removesuffix(requests.SYNC) + deadline.guard() + requests.SYNC
            found = list(messages(self._exchange(stream, sql)))
            late = deadline.passed()
            if guarded:
                found, late = split_guard(found, parsed)
            answer = self._reader.read(iter(found), row)
            if late:
                raise TimeoutError
            if time.monotonic() - started > _NOTICEABLE:
                await self._pause()
        except Refused as refused:
            raise exceptions.InterfaceError(str(refused)) from refused
        except (asyncio.CancelledError, TimeoutError):
            self._cancel()
            raise
        if answer.undecodable is not None:
            raise answer.undecodable
        if answer.error is not None:
            raise messages_of_exceptions.PostgresError.new(answer.error, query=self._query)
        return answer

    async def _turn(self, sql: str) -> None:
        await self._pause()
        await self._link.turn(sql)
        self._check_failure()

    async def _pause(self) -> None:
        """Let other tasks run once, as they would while a server works."""
        waiter = self._waiter = self.loop.create_future()
        self.loop.call_soon(_done, waiter)
        await waiter
        self._check_failure()

    def _check_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _exchange(self, stream: bytes, sql: str) -> bytes:
        if self._cancelled_in_transaction:
            self._fail_transaction(sql)
        answer = self._link.exchange(stream, sql="" if _OWN_SETTING in sql else sql)
        for again in self._startup.after(sql):
            self._reader.read(messages(self._link.exchange(again)))
        return answer

    def _fail_transaction(self, sql: str) -> None:
        if self._link.transaction == b"T":
            try:
                self._link.exchange(_FAIL)
            except Refused:
                if not _ROLLBACK.match(sql):
                    raise
        self._cancelled_in_transaction = False

    def _cancel(self) -> None:
        """Have the transaction fail, if one is open, as it does where a statement is cancelled."""
        self._cancelled_in_transaction = self._link.transaction == b"T"

    def _abandon(self, stream: bytes, sql: str) -> None:
        """Let a COPY fail whose source did; its own error interests nobody."""
        try:
            self._reader.read(messages(self._exchange(stream, sql)))
        except Refused:
            self._cancel()

    @staticmethod
    def _extra(answer: Answer) -> tuple[list[Any], bytes | None, bool]:
        return answer.rows, answer.status, answer.completed

    @staticmethod
    def _status(answer: Answer) -> str:
        return "" if answer.status is None else answer.status.decode()

    # What belongs to no operation.

    def _notice(self, fields: dict[str, str]) -> None:
        connection = self.get_connection()
        if connection is not None:
            connection._process_log_message(fields, self._query)

    def _notified(self, body: bytes) -> None:
        channel, payload, _ = body[4:].decode().split("\0")
        self.loop.call_soon(self._notify, int.from_bytes(body[:4], "big"), channel, payload)

    def _notify(self, pid: int, channel: str, payload: str) -> None:
        connection = self.get_connection()
        if connection is not None:
            connection._process_notification(pid, channel, payload)


class Protocol(BaseProtocol, asyncio.Protocol):
    """What asyncpg gives to an event loop."""


class _Operation:
    """Keeps a second operation from starting before the first has ended."""

    def __init__(self, protocol: BaseProtocol) -> None:
        self._protocol = protocol

    def __enter__(self) -> None:
        self._protocol._waiter = self._protocol.loop.create_future()

    def __exit__(self, *_: object) -> None:
        self._protocol._waiter = None
        self._protocol._query = None


def _done(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _without_source(sql: str) -> bytes:
    """Return what ends a COPY that only the copy methods could feed: it would wait for ever."""
    return requests.copy_fail("no data was given") if _COPY_IN.search(sql) else b""


def _copy_fails(*, late: bool) -> str:
    return "TimeoutError" if late else "COPY aborted due to an exception in input generator"


def _create_record(mapping: dict[str, int] | None, elems: tuple[Any, ...]) -> Record:
    """Return a row that no database sent: asyncpg makes some of its own."""
    positions = mapping or {}
    if len(positions) != len(elems):
        raise RuntimeError("invalid record mapping")
    return RecordDescriptor(positions, tuple(positions)).make_record(Record, elems)
