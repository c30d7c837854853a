"""What a client of the application sees, and what PostgreSQL was asked for it."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from workbench.lesson import record

NOBODY = str(uuid.UUID(int=7))


async def made(client: AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    response = await client.post(path, json=body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.fixture
async def ada(client: AsyncClient) -> dict[str, Any]:
    return await made(client, "/users", email="Ada@Example.org", name=" Ada ")


@pytest.fixture
async def apollo(client: AsyncClient, ada: dict[str, Any]) -> dict[str, Any]:
    return await made(client, "/projects", name="Apollo", owner_id=ada["id"])


async def test_a_user_is_made_once_per_address(client: AsyncClient, ada: dict[str, Any]) -> None:
    assert (ada["email"], ada["name"]) == ("ada@example.org", "Ada")
    assert (await client.get(f"/users/{ada['id']}")).json() == ada
    again = await client.post("/users", json={"email": "ada@example.org", "name": "Eve"})
    assert (again.status_code, again.json()) == (409, {"detail": "this address is taken"})


async def test_a_project_comes_with_its_owner_board_and_columns(
    client: AsyncClient, app_engine: AsyncEngine, apollo: dict[str, Any]
) -> None:
    with record(app_engine) as sent:
        page = (await client.get("/projects/apollo")).json()
    assert sent.verbs() == ["SELECT"] * 3
    assert sent.boundaries == ["BEGIN", "COMMIT"]
    assert page["owner"]["name"] == "Ada"
    (board,) = page["boards"]
    assert [column["name"] for column in board["columns"]] == ["To do", "In progress", "Done"]
    assert {name: page[name] for name in apollo} == apollo


async def test_projects_of_one_name_get_slugs_of_their_own(
    client: AsyncClient, ada: dict[str, Any]
) -> None:
    bodies = [{"name": "Größe!", "owner_id": ada["id"]}] * 3
    answers = await asyncio.gather(*(client.post("/projects", json=body) for body in bodies))
    assert sorted(answer.json()["slug"] for answer in answers) == [
        "grösse",
        "grösse-2",
        "grösse-3",
    ]


async def test_a_deleted_project_is_gone_and_its_slug_is_free(
    client: AsyncClient, migrated: AsyncEngine, ada: dict[str, Any], apollo: dict[str, Any]
) -> None:
    assert (await client.delete(f"/projects/{apollo['id']}")).status_code == 204
    assert (await client.get("/projects/apollo")).status_code == 404
    assert (await client.delete(f"/projects/{apollo['id']}")).status_code == 404
    assert (await client.get(f"/users/{ada['id']}/projects")).json()["items"] == []
    tasks = await client.post(f"/projects/{apollo['id']}/tasks", json={"title": "Late"})
    assert tasks.status_code == 404
    second = await made(client, "/projects", name="Apollo", owner_id=ada["id"])
    assert second["slug"] == "apollo"
    async with migrated.connect() as connection:
        kept = await connection.scalar(text("SELECT count(*) FROM project"))
    assert kept == 2


async def test_the_database_refuses_what_the_application_would_never_send(
    migrated: AsyncEngine, apollo: dict[str, Any]
) -> None:
    async with migrated.connect() as connection:
        with pytest.raises(Exception, match="rows of project are not deleted"):
            await connection.execute(text("DELETE FROM project"))


async def test_lists_are_walked_by_cursor_in_one_statement_each(
    client: AsyncClient, app_engine: AsyncEngine, apollo: dict[str, Any]
) -> None:
    path = f"/projects/{apollo['id']}/tasks"
    for number in range(5):
        await made(client, path, title=f"Task {number}")
    titles: list[str] = []
    cursor: str | None = None
    with record(app_engine) as sent:
        while True:
            query = {"size": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(path, params=query)).json()
            titles += [task["title"] for task in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
    assert titles == [f"Task {number}" for number in reversed(range(5))]
    assert sent.verbs() == ["SELECT"] * 3


async def test_a_cursor_of_another_list_is_refused(
    client: AsyncClient, ada: dict[str, Any], apollo: dict[str, Any]
) -> None:
    for number in range(2):
        await made(client, f"/projects/{apollo['id']}/tasks", title=f"Task {number}")
    first = await client.get(f"/projects/{apollo['id']}/tasks", params={"size": 1})
    cursor = first.json()["next"]
    for path in (f"/projects/{NOBODY}/tasks", f"/users/{ada['id']}/projects"):
        refused = await client.get(path, params={"cursor": cursor})
        assert refused.status_code == 400, path
        assert "cursor" in refused.json()["detail"]


async def test_only_what_changed_is_updated_and_the_stamp_moves(
    client: AsyncClient, app_engine: AsyncEngine, apollo: dict[str, Any]
) -> None:
    path = f"/projects/{apollo['id']}"
    with record(app_engine) as sent:
        renamed = (await client.patch(path, json={"name": "Apollo 11"})).json()
    assert sent.verbs() == ["SELECT", "UPDATE"]
    assert "slug" not in sent[1].sql.partition("WHERE")[0]
    assert renamed["name"] == "Apollo 11"
    assert renamed["updated_at"] > apollo["updated_at"]
    with record(app_engine) as sent:
        await client.patch(path, json={"name": "Apollo 11"})
    assert sent.verbs() == ["SELECT"]
    assert (await client.patch(path, json={"slug": "The Eleventh"})).json()[
        "slug"
    ] == "the-eleventh"


async def test_a_task_takes_an_assignee_and_loses_it(
    client: AsyncClient, ada: dict[str, Any], apollo: dict[str, Any]
) -> None:
    task = await made(client, f"/projects/{apollo['id']}/tasks", title="Land")
    assert (task["status"], task["assignee"]) == ("open", None)
    given = await client.patch(f"/tasks/{task['id']}", json={"assignee_id": ada["id"]})
    assert given.json()["assignee"]["name"] == "Ada"
    taken = await client.patch(f"/tasks/{task['id']}", json={"assignee_id": None})
    assert taken.json()["assignee"] is None
    assert (await client.delete(f"/tasks/{task['id']}")).status_code == 204
    assert (await client.patch(f"/tasks/{task['id']}", json={})).status_code == 404


async def test_a_transfer_tells_listeners_after_the_commit(
    client: AsyncClient, migrated: AsyncEngine, apollo: dict[str, Any]
) -> None:
    ben = await made(client, "/users", email="ben@example.org", name="Ben")
    heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    async with migrated.connect() as connection:
        listener = (await connection.get_raw_connection()).driver_connection
        assert listener is not None
        await listener.add_listener("project_owner", lambda *said: heard.set_result(said[-1]))
        answer = await client.put(f"/projects/{apollo['id']}/owner", json={"owner_id": ben["id"]})
        assert answer.json()["owner_id"] == ben["id"]
        assert await asyncio.wait_for(heard, 5) == apollo["id"]


async def test_a_commit_that_fails_is_a_409_and_leaves_no_row(
    client: AsyncClient, migrated: AsyncEngine, ada: dict[str, Any], failures: list[Exception]
) -> None:
    async with migrated.begin() as connection:
        await connection.execute(
            text("ALTER TABLE project DROP CONSTRAINT fk_project_owner_id_app_user")
        )
        await connection.execute(
            text(
                "ALTER TABLE project ADD CONSTRAINT fk_project_owner_id_app_user FOREIGN KEY"
                " (owner_id) REFERENCES app_user DEFERRABLE INITIALLY DEFERRED"
            )
        )
    answer = await client.post("/projects", json={"name": "Ghost", "owner_id": NOBODY})
    assert (answer.status_code, answer.json()) == (409, {"detail": "the owner does not exist"})
    assert (await client.get("/projects/ghost")).status_code == 404
    assert failures == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/projects", {"name": "X", "owner_id": NOBODY}, 409),
        ("POST", "/projects", {"name": "…", "owner_id": NOBODY}, 422),
        ("POST", "/projects", {"name": "X"}, 422),
        ("POST", "/projects", {"name": "X", "owner_id": NOBODY, "slug": "mine"}, 422),
        ("POST", "/users", {"email": "no address", "name": "X"}, 422),
        ("POST", "/users", {"email": "x@example.org", "name": "a\x00b"}, 422),
        ("POST", "/users", {"email": "x@example.org", "name": " "}, 422),
        ("GET", f"/users/{NOBODY}", None, 404),
        ("GET", "/users/x", None, 422),
        ("GET", "/projects/none", None, 404),
        ("GET", "/projects/a%00b", None, 422),
        ("PATCH", f"/projects/{NOBODY}", {"name": "X"}, 404),
        ("PATCH", f"/tasks/{NOBODY}", {"title": None}, 422),
        ("PUT", f"/projects/{NOBODY}/owner", {"owner_id": NOBODY}, 404),
        ("DELETE", f"/tasks/{NOBODY}", None, 404),
        ("GET", f"/projects/{NOBODY}/tasks?size=101", None, 422),
        ("GET", f"/projects/{NOBODY}/tasks?cursor=x", None, 400),
    ],
)
async def test_bad_input_is_answered_and_nothing_is_logged(
    client: AsyncClient,
    failures: list[Exception],
    method: str,
    path: str,
    body: dict[str, Any] | None,
    status: int,
) -> None:
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, failures) == (status, []), answer.text
    assert "detail" in answer.json()


async def test_no_connection_is_left_open_in_a_transaction(
    client: AsyncClient, migrated: AsyncEngine, ada: dict[str, Any]
) -> None:
    bodies = [{"name": f"P {n}", "owner_id": (n % 2 and ada["id"]) or NOBODY} for n in range(12)]
    answers = await asyncio.gather(*(client.post("/projects", json=body) for body in bodies))
    assert sorted({answer.status_code for answer in answers}) == [201, 409]
    async with migrated.connect() as connection:
        states = await connection.scalars(
            text("SELECT state FROM pg_stat_activity WHERE application_name = 'tasks'")
        )
        assert set(states) == {"idle"}
