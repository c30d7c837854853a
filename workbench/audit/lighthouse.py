"""Lighthouse's scores for a page on a phone, and what keeps them from the limit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from statistics import median
from typing import Any, Final

from workbench.audit.tools import Tools
from workbench.chromium import browser_program, sandbox_arguments

LIMITS: Final[Mapping[str, int]] = {
    "performance": 98,
    "accessibility": 100,
    "best-practices": 100,
    "seo": 100,
}

TRIES: Final = 3


def scores(tools: Tools, url: str, *, runs: int = 3) -> tuple[dict[str, int], list[str]]:
    """Return the median score of ``runs`` for each category, and a sentence for each too low.

    Whatever else the machine does takes from the performance and never adds to it, so one that is
    too low is measured again, twice at most. Raises NoBrowser, and NodeFailed where Lighthouse does
    not run.
    """
    for _ in range(TRIES):
        reports = [_report(tools, url) for _ in range(runs)]
        found = {
            category: round(
                median(report["categories"][category]["score"] or 0 for report in reports) * 100
            )
            for category in LIMITS
        }
        if found["performance"] >= LIMITS["performance"]:
            break
    faults = [
        f"{url}: {category} is {found[category]} and not {limit}: {_causes(reports, category)}."
        for category, limit in LIMITS.items()
        if found[category] < limit
    ]
    return found, faults


def _report(tools: Tools, url: str) -> dict[str, Any]:
    flags = " ".join(["--headless=new", *sandbox_arguments()])
    text = tools.node.run(
        tools.modules / "lighthouse" / "cli" / "index.js",
        *(url, "--output=json", "--quiet", f"--chrome-flags={flags}"),
        f"--only-categories={','.join(LIMITS)}",
        variables={"CHROME_PATH": browser_program()},
    )
    report: dict[str, Any] = json.loads(text)
    return report


def _causes(reports: list[dict[str, Any]], category: str) -> str:
    """Return the audits that took points, with what each found, of the run in the middle."""
    report = sorted(reports, key=lambda each: each["categories"][category]["score"] or 0)[
        len(reports) // 2
    ]
    audits = report["audits"]
    return ", ".join(
        f"{audit['title']} {audit.get('displayValue', '')}".strip()
        for reference in report["categories"][category]["auditRefs"]
        if reference["weight"]
        and (audit := audits[reference["id"]])["score"] is not None
        and audit["score"] < 0.995
    )
