"""The time zone of the process: UTC, until a program sets ``TZ`` and calls ``time.tzset()``.

The reader's own zone changes nothing, so a cell shows the same everywhere.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from tab.zone_rule import Kind, Rule, read_rule

type Use = Callable[[str], None]
"""Makes C's local time that of a `Zone`, which it gets as JSON."""

ALWAYS, NEVER = -(2**53), 2**53
CYCLE = 400  # years
HALF_A_YEAR = (365 * 24 + 6) * 3600 // 2


@dataclass
class Zone:
    """What its clocks show: ``changes`` are moments, each with the kind of time that begins.

    From the moment ``repeats`` on, every 400 years are like the first of them.
    """

    kinds: list[Kind]
    changes: list[tuple[int, int]]
    repeats: int = NEVER


def install(use: Use) -> None:
    """Give the process ``time.tzset``, and UTC."""

    def tzset() -> None:
        use(json.dumps(asdict(zone_of(os.environ.get("TZ", "")))))
        _set_names()

    time.tzset = tzset
    reset()


def reset() -> None:
    """Forget what a program set."""
    os.environ.pop("TZ", None)
    time.tzset()


def zone_of(name: str) -> Zone:
    """Return the zone that ``TZ`` means by ``name``. Raises ValueError where it means none."""
    key = name.removeprefix(":")
    if key in ("", "UTC"):
        return Zone([(0, False, "UTC")], [(ALWAYS, 0)])
    rule = read_rule(key)
    # Some rules without dates, such as EST5EDT, are also names of zones with a history.
    zone = _from_file(key) if rule is None or not rule.dated else None
    if zone is None and rule is not None:
        zone = _from_rule(rule)
    if zone is None:
        raise ValueError(
            f"TZ is {name!r}: neither a zone such as Europe/Berlin nor a rule such as EST5 or "
            "CET-1CEST,M3.5.0,M10.5.0/3"
        )
    return zone


def _from_file(key: str) -> Zone | None:
    from zoneinfo._common import load_data, load_tzdata  # noqa: PLC0415 - few programs need it

    try:
        with load_tzdata(key) as file:
            indexes, moments, offsets, summers, names, text = load_data(file)
    except (ImportError, KeyError, OSError, ValueError):
        return None
    kinds = list(zip(offsets, map(bool, summers), names, strict=True))
    zone = Zone(kinds, [(ALWAYS, 0), *zip(moments, indexes, strict=True)])
    rule = read_rule(text.decode()) if text else None
    if rule is not None and rule.summer is not None:
        last = zone.changes[-1][0]
        year = datetime.fromtimestamp(last, UTC).year
        _add(zone, rule, range(year, year + CYCLE + 2), after=last)
        zone.repeats = _new_year(year + 1)
    return zone


def _from_rule(rule: Rule) -> Zone:
    zone = Zone([rule.standard], [], repeats=_new_year(1))
    _add(zone, rule, range(1, 1 + CYCLE))
    changes = [change for change in zone.changes if change[0] < _new_year(1 + CYCLE)]
    # As the last year ends, so the first begins.
    zone.changes = [(ALWAYS, changes[-1][1] if changes else 0), *changes]
    return zone


def _add(zone: Zone, rule: Rule, years: range, after: int = ALWAYS) -> None:
    for moment, kind in rule.changes(years):
        if kind not in zone.kinds:
            zone.kinds.append(kind)
        if moment > after:
            zone.changes.append((moment, zone.kinds.index(kind)))


def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _set_names() -> None:
    """Set what ``time`` says of the zone, which is what holds in January and July."""
    january = int(time.time()) // (2 * HALF_A_YEAR) * 2 * HALF_A_YEAR
    both = [time.localtime(moment) for moment in (january, january + HALF_A_YEAR)]
    standard, summer = sorted(both, key=lambda local: local.tm_gmtoff)
    time.timezone, time.altzone = -standard.tm_gmtoff, -summer.tm_gmtoff
    time.daylight = int(time.timezone != time.altzone)
    time.tzname = (standard.tm_zone, summer.tm_zone)
