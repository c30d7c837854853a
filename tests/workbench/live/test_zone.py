"""The zone that ``TZ`` means in a tab: as ``zoneinfo`` and C's library have it, or an error."""

from __future__ import annotations

import json
import os
import random
import time
import zoneinfo
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from tab import zone
from tab.zone import Zone, zone_of
from tab.zone_rule import Kind

CYCLE = 400 * 365.2425 * 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CENTURIES = (int(datetime(1700, 1, 1, tzinfo=UTC).timestamp()), 253_000_000_000)
# C's library of glibc has rules begin in 1970.
RULES = [
    "UTC0",
    "EST5",
    "JST-9",
    "<+0330>-3:30",
    "EST5EDT4,M3.2.0,M11.1.0",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "NZST-12NZDT,M9.5.0,M4.1.0/3",
    "IST-1GMT0,M10.5.0,M3.5.0/1",
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
    "AAA3BBB,J60/0,J300",
    "AAA3BBB,59/0,300/-1",
    "AAA-5:30:15BBB-6,100,200/26:30:10",
    "AAA5BBB",
]
NO_ZONES = [
    "Nonsense",
    "Europe/Berlim",
    "Europe",
    "zone.tab",
    "../zoneinfo/Asia/Tokyo",
    "/etc/localtime",
    "JST+",
    "JS-9",
    "EST5EDT,M3.2.0",
    "EST5EDT,M13.2.0,M11.1.0",
    "EST5EDT,M3.2.7,M11.1.0",
    "EST5EDT,J0,J300",
    "EST5EDT,1,366",
    "a\0b",
]


def kind_at(found: Zone, moment: int) -> Kind:
    if moment >= found.repeats:
        moment = int(found.repeats + (moment - found.repeats) % CYCLE)
    index = bisect([begins for begins, _ in found.changes], moment) - 1
    return found.kinds[found.changes[index][1]]


def moments_of(found: Zone, first: int) -> Iterator[int]:
    """Give the seconds before and at some of its changes, and some others."""
    chance = random.Random(7)
    for moment, _ in found.changes[1 :: max(1, len(found.changes) // 40)]:
        later = int(moment + CYCLE * max(0, (first - moment) // CYCLE + 1))
        yield from (each for each in (moment - 1, moment, later - 1, later) if each >= first)
    yield from (chance.randrange(first, CENTURIES[1]) for _ in range(40))


@pytest.fixture
def own_data(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What ``zoneinfo`` says comes from the package that a tab has as well."""
    zoneinfo.reset_tzpath([])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("own_data")
def test_every_named_zone_is_what_zoneinfo_says() -> None:
    names = sorted(zoneinfo.available_timezones())
    assert len(names) > 400
    for name in names:
        found, expected = zone_of(name), zoneinfo.ZoneInfo(name)
        for moment in moments_of(found, CENTURIES[0]):
            local = (EPOCH + timedelta(seconds=moment)).astimezone(expected)
            offset, _, abbreviation = kind_at(found, moment)
            said = (local.utcoffset(), local.tzname())
            assert said == (timedelta(seconds=offset), abbreviation), (name, moment)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_what_the_library_of_c_says(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zone_of(rule)
    with monkeypatch.context() as changed:
        changed.setenv("TZ", rule)
        # Without dates it would take those of a file that the system may have.
        changed.setenv("TZDIR", str(files("tzdata") / "zoneinfo"))
        time.tzset()
        for moment in moments_of(found, 365 * 86_400):
            local = time.localtime(moment)
            said = (local.tm_gmtoff, bool(local.tm_isdst), local.tm_zone)
            assert said == kind_at(found, moment), moment
    time.tzset()


def test_summer_may_last_for_ever() -> None:
    found = zone_of("EST5EDT,0/0,J365/25")
    for moment in moments_of(found, CENTURIES[0]):
        assert kind_at(found, moment) == (-4 * 3600, True, "EDT"), moment


def test_a_name_wins_over_a_rule_without_dates() -> None:
    in_april_1980 = 325_000_000
    assert kind_at(zone_of("EST5EDT"), in_april_1980)[2] == "EST"
    assert kind_at(zone_of("EST5EDT,M3.2.0,M11.1.0"), in_april_1980)[2] == "EDT"


def test_a_colon_before_a_name_says_nothing() -> None:
    assert zone_of(":Asia/Tokyo") == zone_of("Asia/Tokyo")
    assert zone_of(":") == zone_of("UTC") == zone_of("")


@pytest.mark.parametrize("name", NO_ZONES)
def test_anything_else_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="neither a zone such as Europe/Berlin nor a rule"):
        zone_of(name)


def test_resetting_forgets_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tzset", "timezone", "altzone", "daylight", "tzname"):
        monkeypatch.setattr(time, name, getattr(time, name))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    used: list[str] = []
    zone.install(lambda each: used.append(json.loads(each)["kinds"][-1][2]))
    os.environ["TZ"] = "CET-1"
    time.tzset()
    zone.reset()
    assert used == ["UTC", "CET", "UTC"]
    assert "TZ" not in os.environ
