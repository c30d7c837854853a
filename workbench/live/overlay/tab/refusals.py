"""What one backend cannot do for several connections: refused in a sentence.

Nothing is answered wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

SERVER = "Run this on a server: make lab, or your own PostgreSQL."


class Refused(Exception):
    """The single backend cannot do what was asked; the message says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} {SERVER}")


@dataclass(frozen=True)
class Surroundings:
    """What else is going on when a connection sends a statement."""

    others_open: bool
    others_in_transaction: bool
    others_hold_locks: bool
    other_asked_for_pid: bool
    overwritten: bool


type Condition = Callable[[Surroundings], bool]

_WORDS = re.IGNORECASE | re.DOTALL
_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)


def _always(_: Surroundings) -> bool:
    return True


_RULES: tuple[tuple[re.Pattern[str], Condition, str], ...] = (
    (
        re.compile(r"\b(?:create|drop|alter)\s+database\b", _WORDS),
        _always,
        "The PostgreSQL in this tab has one database.",
    ),
    (
        re.compile(r"\bpg_(?:terminate|cancel)_backend\b", _WORDS),
        _always,
        "The PostgreSQL in this tab has a single backend, and nobody beside it to end it.",
    ),
    (
        re.compile(r"\balter\s+system\b|\bpg_reload_conf\b", _WORDS),
        _always,
        "The PostgreSQL in this tab does not read its configuration again.",
    ),
    (
        re.compile(r"\bclient_encoding\b(?!\s*(?:=|to)\s*'?utf-?8)|\bset\s+names\b", _WORDS),
        _always,
        "The PostgreSQL in this tab talks UTF-8 alone.",
    ),
    (
        re.compile(r"\bprepare\s+transaction\b", _WORDS),
        _always,
        "The PostgreSQL in this tab has no prepared transactions.",
    ),
    (
        re.compile(r"\bpg_stat_activity\b|\bpg_blocking_pids\b", _WORDS),
        lambda now: now.others_open,
        "All connections share the single backend of this tab, so its list of sessions is not "
        "theirs.",
    ),
    (
        re.compile(r"(?<!pid = )(?<!pid=)(?<!pid <> )\bpg_backend_pid\b", _WORDS),
        lambda now: now.other_asked_for_pid,
        "All connections share the single backend of this tab, so they have the same process id.",
    ),
    (
        re.compile(r"\bpg_(?:locks|prepared_xacts)\b", _WORDS),
        lambda now: now.others_in_transaction,
        "All connections share the single backend of this tab, so its locks are not told apart.",
    ),
    (
        re.compile(r"\b(?:currval|lastval)\b|\bsetseed\b", _WORDS),
        lambda now: now.others_open,
        "All connections share the single backend of this tab, and with it what it remembers of "
        "sequences and seeds.",
    ),
    (
        re.compile(r"(?:^|;)\s*vacuum\b", _WORDS),
        lambda now: now.overwritten,
        "Another connection is inside of a transaction that may still see what was deleted since "
        "it began. A server would keep those rows; one backend cannot tell.",
    ),
    (
        re.compile(
            r"(?:^|;)\s*(?:alter|drop|truncate|reindex|cluster|lock|refresh|do|vacuum\s*\(?\s*full"
            r"|create\s+(?:or\s+replace\s+)?(?:policy|rule))\b",
            _WORDS,
        ),
        lambda now: now.others_hold_locks,
        "Another connection has read tables in a transaction that is still open. A server would "
        "let this statement wait for it where their locks conflict; one backend cannot wait for "
        "itself.",
    ),
)


def without_noise(sql: str) -> str:
    """Return ``sql`` with no comments, and with every literal empty."""
    return _NOISE.sub("''", sql)


def refuse(sql: str, now: Surroundings) -> None:
    """Raise Refused where one backend would answer ``sql`` otherwise than a server does."""
    bare = without_noise(sql)
    for pattern, applies, reason in _RULES:
        if applies(now) and pattern.search(bare):
            raise Refused(reason)
