"""The claims as Markdown: the numbered rules first, then every other claim by topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from workbench.claims import Claim, Verdict

MARKS = {
    "summary": "<!-- verdicts counted -->",
    "rules": "<!-- the numbered rules -->",
    "claims": "<!-- every other claim -->",
}


def with_claims(page: str, claims: Sequence[Claim], *, topics: Mapping[str, Sequence[str]]) -> str:
    """Return ``page`` with its marks replaced by ``claims``.

    ``topics`` gives each topic's title and the names of its lessons, in the order to keep.
    """
    order = [name for names in topics.values() for name in names]
    ordered = sorted(claims, key=lambda claim: order.index(claim.lesson.name))
    rules = sorted((claim for claim in ordered if claim.rule), key=lambda claim: claim.rule or 0)
    parts = {
        "summary": _summary(ordered),
        "rules": "\n\n".join(_entry(claim) for claim in rules),
        "claims": "\n\n".join(_by_topic(ordered, topics)),
    }
    for name, mark in MARKS.items():
        page = page.replace(mark, parts[name])
    return page


def _summary(claims: Sequence[Claim]) -> str:
    counts = Counter(claim.verdict for claim in claims)
    rows = [f"| {_verdict(verdict)} | {counts[verdict]} |" for verdict in Verdict]
    table = "\n".join(["| Verdict | Claims |", "| :-- | --: |", *rows])
    return f"{table}\n\n{len(claims)} claims in all."


def _by_topic(claims: Sequence[Claim], topics: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for title, lessons in topics.items():
        entries = [
            _entry(claim) for claim in claims if claim.lesson.name in lessons and not claim.rule
        ]
        if entries:
            yield "\n\n".join([f"## {title}", *entries])


def _entry(claim: Claim) -> str:
    number = f"{claim.rule}. " if claim.rule else ""
    anchor = f"{claim.lesson.topic}-{claim.lesson.problem}-{claim.id}".replace("_", "-")
    cell = f"lessons/{claim.lesson.name}.ipynb#cell-{claim.cell}"
    lines = [
        f'/// html | div.claim[id="{anchor}"]',
        f"**{number}{claim.says}**",
        f"{_verdict(claim.verdict)} {claim.evidence} [See it run]({cell})",
    ]
    if claim.instead:
        lines.append(_with_links(claim.instead))
    return "\n\n".join([*lines, "///"])


def _verdict(verdict: Verdict) -> str:
    word = verdict.value[0].upper() + verdict.value[1:]
    return f"**{word}**{{ .verdict .verdict-{verdict.value.split()[-1]} }}"


def _with_links(text: str) -> str:
    """Link the path of each snippet to its file, which the site publishes under that path."""
    return re.sub(r"`(snippets/[a-z_/]+\.py)`", r"[`\1`](\1)", text)
