import pytest
from sqlalchemy import URL

from workbench.postgres import ServerUnavailable
from workbench.postgres.address import connect_arguments, place, read_database_url


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"]
)
def test_each_usual_scheme_becomes_asyncpg(scheme: str) -> None:
    url = read_database_url(f"{scheme}://ann:s3cret@db.example:5433/app")
    assert url == URL.create("postgresql+asyncpg", "ann", "s3cret", "db.example", 5433, "app")


def test_a_url_without_a_database_means_the_database_postgres() -> None:
    assert read_database_url("postgresql://ann@db.example").database == "postgres"


def test_spaces_around_the_url_do_not_matter() -> None:
    assert read_database_url(" postgresql://ann@db.example/app\n").database == "app"


def test_parameters_of_libpq_become_those_of_asyncpg() -> None:
    url = read_database_url(
        "postgresql://db.example/app?sslmode=require&connect_timeout=3&user=ann&password=s3cret"
    )
    assert connect_arguments(url) == {
        "host": "db.example",
        "user": "ann",
        "password": "s3cret",
        "database": "app",
        "ssl": "require",
    }


def test_a_socket_directory_is_named_as_the_place() -> None:
    assert "/run/postgresql" in place(read_database_url("postgresql:///app?host=/run/postgresql"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense s3cret", "is not a URL"),
        ("mysql://ann:s3cret@db.example/app", "begins with mysql://"),
        ("postgresql+psycopg2://ann:s3cret@db.example/app", "begins with postgresql+psycopg2://"),
        ("postgresql://ann:s3cret@db.example:abc/app", "is not a number"),
        ("postgresql://ann:s3cret/app", "is not a number"),
        ("postgresql://ann:x@db.example:70000/app", "is not a number from 1 to 65535"),
        ("postgresql://ann:x@db.example/app?port=s3cret", "is not a number from 1 to 65535"),
        ("postgresql://ann:p@s3cret@db.example/app", "an @ too many"),
        ("postgresql://ann:s3cret@db.example/app?channel_binding=require", "'channel_binding'"),
    ],
)
def test_what_cannot_be_read_is_refused_without_its_password(text: str, said: str) -> None:
    with pytest.raises(ServerUnavailable) as refused:
        read_database_url(text)
    assert said in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
