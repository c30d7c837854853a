"""What belongs to one connection beside its transaction, put away while another has the backend."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tab.backend import Backend, identifier, literal
from tab.wire import SYNC, message, messages

_I = re.IGNORECASE | re.MULTILINE
_SETS = re.compile(r"^\s*(?:re)?set\b|\bset_config\b|;\s*(?:re)?set\b", _I)
_CUSTOM = re.compile(
    r"(?:^\s*set\s+(?:session\s+|local\s+)?|\bset_config\s*\(\s*')(role|[a-z_]\w*\.\w+)", _I
)
_UNNAMED = re.compile(r"\bset_config\s*\(\s*[^'\s](?![^;]*,\s*(?:true|'t'|'true')\s*\))", _I)
_AUTHORIZATION = re.compile(r"\bset\s+(?:local\s+)?session\s+authorization\b", _I)
_LISTEN = re.compile(r"^\s*(un)?listen\s+(\"[^\"]+\"|\*|\w+)", _I)
_FORGETS_STATEMENTS = re.compile(r"^\s*(?:deallocate|discard)\s+all\b", _I)
# Advisory locks and temporary tables cannot be put away.
_PRIVATE = """
select exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
       exists (select from pg_class where relnamespace = pg_my_temp_schema())
"""
_SETTINGS = """
select name, case when unit in ('ms', 's', 'min', 'kB') then setting || unit
                  when unit = '8kB' then (setting::bigint * 8) || 'kB' else setting end
from pg_settings where source = 'session'
"""


@dataclass
class Session:
    """The settings, prepared statements and channels of one connection."""

    settings: list[tuple[str, str]] = field(default_factory=list)
    changed: bool = False
    channels: set[str] = field(default_factory=set)
    left_a_channel: bool = False
    statements: dict[str, bytes] = field(default_factory=dict)
    away: bool = False
    counters_lost: bool = False
    _custom: set[str] = field(default_factory=set)
    _unsaveable: bool = False

    def begin_with(self, settings: dict[str, str]) -> None:
        """Take ``settings`` for those that the connection was opened with."""
        for name, value in settings.items():
            if value:
                self.settings.append((name, value))
                self.changed = True

    def note(self, stream: bytes, sql: str) -> None:
        """Keep in mind what a statement changes in the session."""
        if stream[:1] in {b"P", b"C"}:
            self._note_statements(stream)
        if _FORGETS_STATEMENTS.search(sql):
            self.statements.clear()
        if _SETS.search(sql):
            self.changed = True
            self._custom.update(name.lower() for name in _CUSTOM.findall(sql))
            if _UNNAMED.search(sql) or _AUTHORIZATION.search(sql):
                self._unsaveable = True
        for left, name in _LISTEN.findall(sql):
            self._note_channel(name, leave=bool(left))

    def shareable(self, backend: Backend) -> bool:
        """Whether another connection would see nothing of this session."""
        return not self._unsaveable and backend.rows(_PRIVATE) == [["f", "f"]]

    def put_away(self, backend: Backend) -> None:
        """Keep the settings, and leave the backend's own."""
        if not self.changed:
            return
        kept = [(str(name), str(value)) for name, value in backend.rows(_SETTINGS)]
        names = {name for name, _ in kept}
        for name in sorted(self._custom - names):
            value = backend.rows(f"select current_setting({literal(name)}, true)")[0][0]
            if value:
                kept.append((name, value))
        self.settings = kept
        reset(backend)

    def bring_back(self, backend: Backend) -> None:
        """Set what was put away."""
        for name, value in self.settings:
            if name == "role":
                role = identifier(value) if value != "none" else "none"
                backend.rows(f"SET ROLE {role}")
            else:
                backend.rows(f"select set_config({literal(name)}, {literal(value)}, false)")
        if self.away:
            self.away = False
            self.counters_lost = True
            backend.raw(b"".join(message(b"P", body) for body in self.statements.values()) + SYNC)

    def put_statements_away(self, backend: Backend) -> None:
        """Leave no prepared statement in the backend; they come back with the settings."""
        if self.statements and not self.away:
            self.away = True
            deallocate(backend, set(self.statements))

    def close(self, backend: Backend) -> None:
        """Leave nothing of the session in the backend, which it holds."""
        if backend.rows(_PRIVATE) != [["f", "f"]]:
            backend.rows("select pg_advisory_unlock_all()")
            backend.rows("DISCARD TEMP")
        if self.changed:
            reset(backend)

    def _note_statements(self, stream: bytes) -> None:
        for kind, body in messages(stream):
            if kind == b"P" and body[:1] != b"\0":
                self.statements[body[: body.index(b"\0")].decode()] = body
            elif kind == b"C" and body[:1] == b"S":
                self.statements.pop(body[1:-1].decode(), None)

    def _note_channel(self, name: str, *, leave: bool) -> None:
        name = name.strip('"') if name.startswith('"') else name.lower()
        if not leave:
            self.channels.add(name)
        elif name == "*":
            self.channels.clear()
        else:
            self.channels.discard(name)
        self.left_a_channel = self.left_a_channel or leave


def reset(backend: Backend) -> None:
    """Give every setting the value that a new session has."""
    backend.rows("RESET SESSION AUTHORIZATION")
    backend.rows("RESET ALL")


def deallocate(backend: Backend, names: set[str]) -> None:
    """Drop those prepared statements of ``names`` that there are."""
    for (name,) in backend.rows("select name from pg_prepared_statements"):
        if name in names:
            backend.rows(f"DEALLOCATE {identifier(name)}")
