"""Lines over a measured axis, with the values written at the marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from workbench.lesson.figure import SERIES, WIDTH, Figure, label, number, sentence, width

type Point = tuple[float, float]
type Box = tuple[float, float, float, float]
type Scale = Callable[[float], float]

_TOP, _RIGHT = 38, WIDTH - 12
_BOTTOM, _FEW, _LOWER_BOTTOM = 172, 3, 272
_MARKS = (
    "M{0} {1}m-4-4h8v8h-8z",
    "M{0} {1}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    "M{0} {1}m0-5l5 5-5 5-5-5z",
    "M{0} {1}m0-5l5 9h-10z",
)


def line_chart(
    title: str, series: Mapping[str, Iterable[Point]], *, x: str, log: bool = False
) -> Figure:
    """Return a chart of up to four ``series`` of (x, y), each named at its last mark.

    ``title`` says what y is, ``x`` what x is; no value is below 0. With ``log`` both axes are
    logarithmic, and no value is below 1. A value stands at its mark where there is room; all of
    them are in the description. Raises ValueError for anything else.
    """
    lines = {name: list(points) for name, points in series.items()}
    values = [value for points in lines.values() for point in points for value in point]
    if not 1 <= len(lines) <= SERIES or not all(lines.values()):
        raise ValueError(f"a chart has one to {SERIES} series, and each has a point")
    if min(values) < (1 if log else 0):
        raise ValueError("values are 0 or more, and 1 or more on a logarithmic axis")
    across = sorted({at for points in lines.values() for at, _ in points})
    heights = [value for points in lines.values() for _, value in points]
    whole = all(value == int(value) for value in heights)
    ticks = y_ticks(max(heights), log=log, whole=whole)
    left = 8 + max(width(number(tick)) for tick in ticks)
    to_x = _scale(across[0], across[-1], left + 6, _RIGHT, log=log)
    bottom = _BOTTOM if len(lines) <= _FEW else _LOWER_BOTTOM
    to_y = _scale(ticks[0], ticks[-1], bottom, _TOP, log=log)
    placed = {
        name: [(to_x(at), to_y(value), value) for at, value in points]
        for name, points in lines.items()
    }
    body = "".join([*_axes(across, ticks, left, to_x, to_y), *_drawn(placed, bottom)])
    described = [
        f"{name}: {', '.join(f'{number(value)} at {number(at)}' for at, value in points)}"
        for name, points in lines.items()
    ]
    body += label(x, _RIGHT, bottom + 34, anchor="end")
    return Figure(title, f"Against {x}, {sentence(described)}", body, bottom + 40)


def y_ticks(largest: float, *, log: bool, whole: bool = False) -> list[float]:
    """Return two to six round values: from 0, or from 1 by powers of ten, past ``largest``.

    With ``whole`` there is no fraction among them.
    """
    if log:
        powers = max(1, math.ceil(math.log10(largest)))
        by = math.ceil(powers / 4)
        return [10**power for power in range(0, powers + by, by)]
    base = 10 ** math.floor(math.log10(largest or 1))
    steps = (base * part for part in (0.25, 0.5, 1, 2.5) if base * part * 4 >= largest)
    step = next(step for step in steps if not whole or step == int(step))
    return [step * n for n in range(max(1, math.ceil(largest / step)) + 1)]


def _scale(low: float, high: float, start: float, end: float, *, log: bool) -> Scale:
    by = math.log10 if log else float
    span = by(high) - by(low) or 1
    return lambda value: round(start + (by(value) - by(low)) / span * (end - start))


def _axes(
    across: list[float], ticks: list[float], left: float, to_x: Scale, to_y: Scale
) -> Iterator[str]:
    for tick in ticks:
        yield f'<path class="rule" d="M{left:.0f} {to_y(tick):g}H{WIDTH}"/>'
        yield label(number(tick), left - 4, to_y(tick) + 4, anchor="end")
    edge = math.inf
    for at in reversed(across):
        half = width(number(at)) / 2
        middle = min(to_x(at), WIDTH - half)
        if middle + half < edge:
            yield label(number(at), middle, to_y(ticks[0]) + 18, anchor="middle")
            edge = middle - half - 6


def _drawn(placed: Mapping[str, list[tuple[float, float, float]]], bottom: float) -> Iterator[str]:
    """Give lines and marks of each series; then texts, the names first, where none is covered."""
    taken: list[Box] = [
        (x - 4, y - 4, x + 4, y + 4) for points in placed.values() for x, y, _ in points
    ]
    texts: list[list[str]] = [[] for _ in placed]
    for is_name in (True, False):
        for index, (name, points) in enumerate(placed.items()):
            for x, y, value in reversed(points[-1:] if is_name else points[:-1]):
                text = f"{name}: {number(value)}" if is_name else number(value)
                if box := _room(x, y, width(text), taken, bottom, name=is_name):
                    taken.append(box)
                    texts[index].append(label(text, box[0], box[3] - 2))
    for index, points in enumerate(placed.values()):
        line = "L".join(f"{x:g} {y:g}" for x, y, _ in points)
        marks = "".join(_MARKS[index].format(f"{x:g}", f"{y:g}") for x, y, _ in points)
        yield (
            f'<g class="s{index}"><path d="M{line}"/><path class="mark" d="{marks}"/>'
            f"{''.join(texts[index])}</g>"
        )


def _room(
    x: float, y: float, wide: float, taken: list[Box], bottom: float, *, name: bool
) -> Box | None:
    """Return where a text at a mark covers nothing: above it, a name else below or all the same."""
    boxes = [
        (left, top, left + wide + 5, top + 14)
        for top in ((y - 20, y + 6) if name else (y - 20,))
        for start in (x - wide / 2, x - wide, x - 2, *((x - wide - 10,) if name else ()))
        for left in (max(0.0, min(start, WIDTH - wide)),)
        if top + 14 <= bottom + 2
    ]
    free = (box for box in boxes if not any(_overlap(box, other) for other in taken))
    return next(free, boxes[0] if name else None)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
