"""A trial tells whether tests notice, whatever becomes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.mutation.trial import Subject, is_noticed

WHOLE = "def double(n):\n    return 2 * n\n"


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    path = tmp_path / "doubled.py"
    path.write_text(WHOLE)
    tests = tmp_path / "test_doubled.py"
    tests.write_text(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from doubled import double\n"
        "def test_double(): assert double(2) == 4\n"
    )
    return Subject("doubled", path, tests)


def test_the_module_as_it_is_passes(subject: Subject) -> None:
    assert not is_noticed(subject, WHOLE)


@pytest.mark.parametrize(
    "source",
    [
        WHOLE.replace("2 * n", "3 * n"),
        "def double(n",
        "import os\nos._exit(0)\n",
        "import sys\nsys.exit(0)\n",
        "raise KeyboardInterrupt\n",
    ],
    ids=["wrong", "no-python", "exits-at-once", "exits", "interrupts"],
)
def test_a_module_that_is_wrong_or_breaks_is_noticed(subject: Subject, source: str) -> None:
    assert is_noticed(subject, source)


def test_what_no_test_asks_for_is_not_noticed(subject: Subject) -> None:
    assert not is_noticed(subject, WHOLE + "def triple(n):\n    return 0\n")
