"""What is wrong with the environment is said in one sentence that shows no secret."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from application.settings import SettingsMissing, settings_from
from workbench.execution.lessons import ROOT

URL = "postgresql://me:secret@localhost/tasks"
KEY = "sixteen bytes, or"


def test_any_driver_becomes_asyncpg() -> None:
    settings = settings_from({"DATABASE_URL": URL, "CURSOR_KEY": KEY})
    assert settings.database.drivername == "postgresql+asyncpg"
    assert settings.cursor_key == KEY.encode()
    assert "secret" not in repr(settings.database)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "secret"}, "DATABASE_URL is not set to a URL"),
        ({"DATABASE_URL": "postgresql://me:secret@localhost:port/x"}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:///secret"}, "URL of a PostgreSQL database"),
        ({"DATABASE_URL": URL}, "CURSOR_KEY must be a secret of 16"),
        ({"DATABASE_URL": URL, "CURSOR_KEY": "short secret"}, "CURSOR_KEY must be"),
    ],
)
def test_what_is_wrong_is_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsMissing) as refused:
        settings_from(environment)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value).replace("a secret of", "")


def test_uvicorn_ends_with_the_sentence() -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "CURSOR_KEY")}
    done = subprocess.run(
        [sys.executable, "-m", "uvicorn", "--factory", "application.main:application"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "DATABASE_URL is not set" in done.stderr
    assert "Traceback" not in done.stderr
