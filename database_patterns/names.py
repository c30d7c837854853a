"""The name of a snippet as somebody types it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from database_patterns.refusal import Refused

_NAME = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)?")


def known_name(given: str, names: Collection[str]) -> str:
    """Return ``given`` if it is one of ``names``, such as ``queries/page``.

    The half after the slash is enough where no other snippet has it. Raises Refused otherwise,
    with the nearest names.
    """
    if given in names:
        return given
    if len(given) > 80 or not _NAME.fullmatch(given):
        raise Refused(
            f"{_quoted(given)} is no name of a snippet: that is topic/remedy, such as queries/page."
        )
    if "/" not in given:
        in_topic = [name for name in names if name.startswith(f"{given}/")]
        if in_topic:
            raise Refused(f"{given} is a topic: name one of {', '.join(sorted(in_topic))}.")
        same = [name for name in names if name.endswith(f"/{given}")]
        if len(same) == 1:
            return same[0]
    raise Refused(f"There is no snippet {given}{_nearest(given, names)}")


def _nearest(given: str, names: Collection[str]) -> str:
    # A slip is looked for in the whole name, and in the remedy alone where the topic is wrong.
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.8)
    remedies = {name.partition("/")[2]: name for name in names}
    alone = difflib.get_close_matches(given.rpartition("/")[2], remedies, n=3, cutoff=0.7)
    found = list(dict.fromkeys([*(remedies[remedy] for remedy in alone), *near]))[:3]
    if not found:
        return "; `database-patterns list` shows all."
    return f": did you mean {' or '.join(found)}?"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
