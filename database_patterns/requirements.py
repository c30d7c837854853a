"""Which distributions a set of imports needs, in the versions that this package names."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_DISTRIBUTION = "database-patterns"
# What an import needs beside the distribution that holds it.
_BESIDE = {"sqlalchemy.ext.asyncio": ("asyncpg",), "pytest": ("pytest-asyncio",)}


@cache
def known() -> dict[str, str]:
    """Return the requirements of the extras ``snippets`` and ``tests`` by distribution."""
    found: dict[str, str] = {}
    for line in requires(_DISTRIBUTION) or ():
        requirement = Requirement(line)
        if requirement.marker and "extra" in str(requirement.marker):
            requirement.marker = None
            found[canonicalize_name(requirement.name)] = str(requirement)
    return found


def required(modules: Iterable[str]) -> list[str]:
    """Return the requirements of ``modules``, sorted; those of the standard library need none."""
    distributions: set[str] = set()
    for module in modules:
        distributions.add(canonicalize_name(module.partition(".")[0]))
        for prefix, beside in _BESIDE.items():
            if f"{module}.".startswith(f"{prefix}."):
                distributions.update(beside)
    return sorted(known()[name] for name in distributions if name in known())


def distribution(requirement: str) -> str:
    """Return the normalized name of the distribution that ``requirement`` asks for."""
    return canonicalize_name(Requirement(requirement).name)
