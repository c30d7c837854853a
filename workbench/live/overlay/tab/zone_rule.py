"""Rules for time zones in POSIX's notation, such as ``CET-1CEST,M3.5.0,M10.5.0/3``."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

type Kind = tuple[int, bool, str]
"""The offset in seconds, east of Greenwich positive; whether it is summer time; its name."""
type Clock = Callable[[int], int]
"""Gives, for a year, what the clock shows at a change, in seconds since 1970 if it were UTC."""

DAY = 86_400
# Where a rule names no dates; what C's library takes.
USUAL_DATES = "M3.2.0,M11.1.0"

_NAME = r"[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>"
_TIME = r"[+-]?\d{1,3}(?::\d\d){0,2}"
_RULE = re.compile(
    rf"(?P<name>{_NAME})(?P<west>{_TIME})"
    rf"(?:(?P<summer>{_NAME})(?P<summer_west>{_TIME})?(?:,(?P<dates>[^,]+,[^,]+))?)?"
)
_DATE = re.compile(
    r"(?: J(?P<counted>\d+) | (?P<day>\d+) | M(?P<month>\d+)\.(?P<week>\d)\.(?P<weekday>\d) )"
    rf"(?: /(?P<time>{_TIME}) )?",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Rule:
    """Standard time, and summer time with the clocks of its ``start`` and ``end``, if any."""

    standard: Kind
    summer: tuple[Kind, Clock, Clock] | None = None
    dated: bool = True

    def changes(self, years: range) -> Iterator[tuple[int, Kind]]:
        """Give the moments of the changes in ``years``, in order, each with what begins."""
        if self.summer is None:
            return
        summer, start, end = self.summer
        begins = [(start(year) - self.standard[0], True) for year in years]
        ends = [(end(year) - summer[0], False) for year in years]
        # Where summer never ends, its end and its next start are the same moment.
        for moment, is_summer in sorted(begins + ends):
            yield moment, summer if is_summer else self.standard


def read_rule(text: str) -> Rule | None:
    """Return the rule that ``text`` is, or None where it is none."""
    found = _RULE.fullmatch(text)
    if found is None:
        return None
    west = _seconds(found["west"])
    standard = (-west, False, found["name"].strip("<>"))
    if not found["summer"]:
        return Rule(standard)
    summer_west = _seconds(found["summer_west"]) if found["summer_west"] else west - 3600
    dates = (found["dates"] or USUAL_DATES).split(",")
    start, end = (_clock(date) for date in dates)
    if start is None or end is None:
        return None
    summer = (-summer_west, True, found["summer"].strip("<>"))
    return Rule(standard, (summer, start, end), dated=bool(found["dates"]))


def _clock(text: str) -> Clock | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    time = _seconds(found["time"] or "2")
    counted, day, *weekday = (
        int(found[name] or -1) for name in ("counted", "day", "month", "week", "weekday")
    )
    if 1 <= counted <= 365:
        return lambda year: _new_year(year) + (counted - 1 + _leap(year, counted)) * DAY + time
    if 0 <= day <= 365:
        return lambda year: _new_year(year) + day * DAY + time
    month, week, which = weekday
    if 1 <= month <= 12 and 1 <= week <= 5 and 0 <= which <= 6:
        return lambda year: _day(year, month, week, which) * DAY + time
    return None


def _leap(year: int, counted: int) -> int:
    return int(calendar.isleap(year) and counted > 31 + 28)


def _new_year(year: int) -> int:
    return _days(date(year, 1, 1)) * DAY


def _day(year: int, month: int, week: int, weekday: int) -> int:
    """Return the day of the ``week``-th ``weekday``, 0 for Sunday; the fifth is the last."""
    first = date(year, month, 1)
    day = 1 + (weekday - first.isoweekday()) % 7 + 7 * (week - 1)
    while day > calendar.monthrange(year, month)[1]:
        day -= 7
    return _days(first) + day - 1


def _days(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _seconds(text: str) -> int:
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    seconds = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
    return -seconds if text.startswith("-") else seconds
