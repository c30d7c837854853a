"""What a test does where something that it needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def skip_unless_on_ci(reason: str) -> NoReturn:
    """Skip the test for ``reason``; on CI, which installs all that is needed, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
