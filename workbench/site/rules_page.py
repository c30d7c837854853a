"""The claims as Markdown: the numbered rules on one page, all claims of a topic on one each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from workbench.claims import Claim, Verdict
from workbench.markdown import table_cell

FOLDER = "rules"
MARKS = {"rules": "<!-- the numbered rules -->", "summary": "<!-- verdicts counted -->"}

type ByTopic = Mapping[str, Sequence[Claim]]


def topic_page(title: str) -> str:
    """Return the path of the page that holds the claims of the topic called ``title``."""
    return f"{FOLDER}/{title.lower()}.md"


def topic_markdown(title: str, claims: Sequence[Claim]) -> str:
    """Return the page of a topic: its claims in the order given."""
    counts = Counter(claim.verdict for claim in claims)
    heading = f"# {title}: what people say"
    intro = (
        f"{len(claims)} claims about {title.lower()}, each with the run that answers it:"
        f" {sums(counts)}. The [page of rules](index.md) says what the verdicts mean."
    )
    return "\n\n".join([heading, intro, *map(_entry, claims)])


def sums(counts: Mapping[Verdict, int]) -> str:
    """Return ``counts`` in words, the best verdict first: "2 hold, 0 hold within limits" and on."""
    return ", ".join(f"{counts[verdict]} {_plural(verdict)}" for verdict in Verdict)


def with_claims(page: str, claims: ByTopic) -> str:
    """Return ``page`` with the numbered rules and each topic's counts in place of its marks."""
    every = [claim for each in claims.values() for claim in each]
    rules = sorted((claim for claim in every if claim.rule), key=lambda claim: claim.rule or 0)
    parts = {"rules": "\n\n".join(map(_entry, rules)), "summary": _summary(claims)}
    for name, mark in MARKS.items():
        page = page.replace(mark, parts[name])
    return page


def _summary(claims: ByTopic) -> str:
    heads = ["Topic", *map(_capital, Verdict)]
    rows = [heads, [":--", *["--:"] * len(Verdict)]]
    total: Counter[Verdict] = Counter()
    for title, each in claims.items():
        counts = Counter(claim.verdict for claim in each)
        total += counts
        link = f"[{table_cell(title)}]({topic_page(title).removeprefix(FOLDER + '/')})"
        rows.append([link, *(str(counts[verdict]) for verdict in Verdict)])
    rows.append(["All", *(str(total[verdict]) for verdict in Verdict)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _entry(claim: Claim) -> str:
    number = f"{claim.rule}. " if claim.rule else ""
    cell = f"../lessons/{claim.lesson.name}.ipynb#cell-{claim.cell}"
    lines = [
        f'/// html | div.claim[id="{anchor(claim)}"]',
        f"**{number}{claim.says}**",
        f"{badge(claim.verdict)} {claim.evidence} [See\u00a0it\u00a0run]({cell})",
    ]
    if claim.instead:
        lines.append(_with_links(claim.instead))
    return "\n\n".join([*lines, "///"])


def anchor(claim: Claim) -> str:
    """Return the id of a claim on its page."""
    return f"{claim.lesson.problem}-{claim.id}".replace("_", "-")


def badge(verdict: Verdict) -> str:
    """Return ``verdict`` as Markdown, in its colour."""
    return f"**{_capital(verdict)}**{{ .verdict .verdict-{verdict.value.split()[-1]} }}"


def _capital(verdict: Verdict) -> str:
    return verdict.value[0].upper() + verdict.value[1:]


def _plural(verdict: Verdict) -> str:
    first, _, rest = verdict.value.partition(" ")
    return f"{first.removesuffix('s')} {rest}".strip()


def _with_links(text: str) -> str:
    """Link the path of each snippet to its file, which the site publishes under that path."""
    return re.sub(r"`(snippets/[a-z_/]+\.py)`", r"[`\1`](../\1)", text)
