"""The HTTP interface as programs use it, well and badly."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from assets.lineage.answer_tables import answers
from assets.platform import Platform

VACATION = "How many vacation days does a full-time employee have?"
LEAVE = {"document_id": "handbook/leave.md"}


@pytest.fixture
def client(service: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=60) as opened:
        yield opened


def asked(client: httpx.Client, question: str, **scope: str) -> list[dict[str, Any]]:
    with client.stream("POST", "/api/ask", json={"question": question, **scope}) as response:
        assert response.status_code == 200
        return [json.loads(line) for line in response.iter_lines()]


def version_on(client: httpx.Client, day: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/document", params={**LEAVE, "as_of": day}).json()
    return found


def test_an_answer_comes_event_by_event_and_is_on_record(client: httpx.Client, served: Platform) -> None:
    events = asked(client, VACATION)
    assert [each["event"] for each in events] == ["evidence", "checking", "sentence", "answer"]
    assert "Leave > Vacation" in events[0]["sections"]
    assert "21 days" in events[2]["sentence"]
    assert not events[3]["refused"]
    with served.catalogue.read() as connection:
        recorded = {row.answer_id: row.answer for row in connection.execute(answers.select())}
    assert recorded[events[3]["answer_id"]] == events[3]["answer"] == events[2]["sentence"]


def test_every_quote_stands_in_its_document_version(client: httpx.Client) -> None:
    quotes = [quote for event in asked(client, "What may sick leave be used for?") for quote in event.get("quotes", ())]
    assert len(quotes) > 1
    for quote in quotes:
        shown = client.get("/api/document", params={"document_id": quote["document_id"], "version": quote["version"]})
        assert shown.json()["text"][quote["start"] : quote["end"]] == quote["quote"]


@pytest.mark.parametrize(("day", "days"), [("2023-06-01", "18 days"), ("2024-06-01", "21 days")])
def test_the_answer_is_the_one_of_the_day(client: httpx.Client, day: str, days: str) -> None:
    assert days in asked(client, VACATION, as_of=day)[-1]["answer"]


def test_a_refusal_names_sections_that_can_be_opened(client: httpx.Client) -> None:
    refusal = asked(client, "May I bring my dog to the office?")[-1]
    assert refusal["refused"]
    assert refusal["nearest"]
    for section in refusal["nearest"]:
        values = {"document_id": section["document_id"], "as_of": refusal["as_of"]}
        text = client.get("/api/document", params=values).json()["text"]
        assert text[section["start"] : section["end"]].strip()


def test_filters_hold(client: httpx.Client) -> None:
    assert asked(client, VACATION, kind="regulation")[-1]["refused"]
    found = client.post("/api/search", json={"query": "vacation days", "kind": "handbook", "k": 3}).json()["results"]
    assert found[0]["document_id"] == "handbook/leave.md"
    assert {each["source"] for each in found} == {"handbook"}


def test_a_section_is_followed_through_its_versions(client: httpx.Client) -> None:
    now = version_on(client, "2024-06-01")
    start = now["text"].index("Full-time")
    found = client.get("/api/section", params={**LEAVE, "version": now["version"], "start": start}).json()
    assert [each["valid_from"][:10] for each in found["readings"]] == ["2023-01-01", "2024-04-01"]
    assert found["readings"][found["asked"]]["place"]["headings"] == ["Leave", "Vacation"]
    unchanged = now["text"].index("Up to 8")
    found = client.get("/api/section", params={**LEAVE, "version": now["version"], "start": unchanged}).json()
    assert [each["valid_from"][:10] for each in found["readings"]] == ["2023-01-01"]


def test_a_redline_shows_the_changed_words_alone(client: httpx.Client) -> None:
    older, newer = version_on(client, "2023-06-01"), version_on(client, "2024-06-01")
    values = {**LEAVE, "older": older["version"], "newer": newer["version"]}
    parts = client.get("/api/redline", params=values).json()["parts"]
    assert [(part["kind"], part["text"].strip()) for part in parts if part["kind"] != "same"] == [
        ("removed", "18"),
        ("added", "21"),
    ]
    section = {"older_start": older["text"].index("Up to"), "newer_start": newer["text"].index("Up to")}
    parts = client.get("/api/redline", params={**values, **section}).json()["parts"]
    assert [part["kind"] for part in parts] == ["same"]
    assert "Vacation" not in parts[0]["text"]


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("/api/ask", b"{", 422, "JSON"),
        ("/api/ask", b"{}", 422, "question"),
        ("/api/ask", b'{"question": " "}', 422, "empty"),
        ("/api/ask", b'{"question": 5}', 422, "question"),
        ("/api/ask", b'{"question": "\\ud800"}', 422, "question"),
        ("/api/ask", b'{"question": "%s"}' % (b"x" * 2_001), 422, "2,000"),
        ("/api/ask", b'{"question": "%s"}' % (b"x" * 40_000), 413, "longer"),
        ("/api/ask", b'{"question": "x", "as_of": "soon"}', 422, "as_of"),
        ("/api/ask", b'{"question": "x", "kind": "rumour"}', 422, "kind"),
        ("/api/ask", b'{"question": "x", "source": "nowhere"}', 422, "nowhere"),
        ("/api/ask", b'{"question": "x", "asof": "2024-01-01"}', 422, "asof"),
        ("/api/search", b'{"query": "x", "k": 0}', 422, "k:"),
        ("/api/search", b'{"query": " "}', 422, "empty"),
    ],
)
def test_a_bad_request_gets_one_sentence(client: httpx.Client, path: str, body: bytes, status: int, word: str) -> None:
    response = client.post(path, content=body, headers={"content-type": "application/json"})
    assert response.status_code == status
    assert word in response.json()["detail"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/document?document_id=no/such.md", 404),
        ("/api/document?document_id=handbook/leave.md&version=0000000000", 404),
        ("/api/document?document_id=handbook/leave.md&version=%2e%2e", 422),
        ("/api/document", 422),
        ("/api/section?document_id=handbook/leave.md&version=VERSION&start=99999999", 422),
        ("/api/section?document_id=handbook/leave.md&version=VERSION&start=-1", 422),
        ("/api/redline?document_id=handbook/leave.md&older=VERSION&newer=VERSION&older_start=1", 422),
        ("/..%2f..%2fpyproject.toml", 404),
        ("/model.py", 404),
    ],
)
def test_what_is_not_there_is_said_to_be_absent(client: httpx.Client, address: str, status: int) -> None:
    version = version_on(client, "2024-06-01")["version"]
    response = client.get(address.replace("VERSION", version))
    assert response.status_code == status
    assert response.json()["detail"]


def test_other_sites_and_other_names_are_refused(client: httpx.Client) -> None:
    question = {"question": VACATION}
    assert client.post("/api/ask", json=question, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/api/ask", json=question, headers={"host": "rebound.example:80"}).status_code == 421
    assert client.get("/", headers={"host": "rebound.example"}).status_code == 421
    text = {"content-type": "text/plain"}
    assert client.post("/api/ask", content=json.dumps(question), headers=text).status_code == 415


def test_every_response_is_guarded(client: httpx.Client) -> None:
    for address in ("/", "/page.js", "/openapi.json", "/api/choices", "/nothing"):
        headers = client.get(address).headers
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert client.get("/api/choices").headers["cache-control"] == "no-store"


def test_the_page_takes_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/").text
    assert "style=" not in page
    assert "onclick" not in page
    for name in ("", "page.css", "page.js", "service.js", "answer.js", "document.js", "versions.js", "elements.js"):
        text = client.get("/" + name).text
        assert not re.search(r"(?:src|href|from|import|fetch\(|url\()[ =\"'(]*(?:https?:)?//|@import", text)
        assert "innerHTML" not in text


def test_the_interface_is_described(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    paths = {"/api/choices", "/api/ask", "/api/search", "/api/document", "/api/section", "/api/redline"}
    assert set(described["paths"]) == paths
    assert described["components"]["securitySchemes"]
    assert all(operation.get("summary") for path in described["paths"].values() for operation in path.values())
    assert "AnswerGiven" in described["components"]["schemas"]


def test_a_key_is_asked_for_and_nothing_private_is_logged(start: Callable[..., Any]) -> None:
    key = "only-for-this-very-test"
    running = start("--host", "0.0.0.0", HRDP_SERVICE_KEY=key)
    url = running.url.replace("0.0.0.0", "127.0.0.1")
    bearer = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, timeout=60) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {key}"}):
            refused = client.post("/api/ask", json={"question": VACATION}, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        assert client.get("/", headers={"host": "rules.example"}).status_code == 200
        assert "21 days" in client.post("/api/ask", json={"question": VACATION}, headers=bearer).text
        client.get("/api/document", params={"document_id": "handbook/leave.md"}, headers=bearer)
        client.post("/api/ask", json={"question": 5}, headers=bearer)
    printed = running.stop()
    for private in (key, "vacation", "Full-time", "leave.md"):
        assert private not in printed
    assert running.process.returncode == 0


def test_without_a_key_no_other_machine_is_served(served: Platform) -> None:
    from click.testing import CliRunner

    from orchestration.command_line.main import main

    done = CliRunner().invoke(
        main, ["serve", "--host", "0.0.0.0"], env={"HRDP_HOME": str(served.home), "HRDP_SERVICE_KEY": ""}
    )
    assert done.exit_code == 2
    assert "HRDP_SERVICE_KEY" in done.output
    done = CliRunner().invoke(main, ["serve"], env={"HRDP_HOME": str(served.home), "HRDP_SERVICE_KEY": "short"})
    assert done.exit_code == 2
    assert "16" in done.output


def test_a_port_in_use_is_said_to_be(service: Any, served: Platform) -> None:
    from click.testing import CliRunner

    from orchestration.command_line.main import main

    port = service.url.rstrip("/").rsplit(":", 1)[1]
    done = CliRunner().invoke(main, ["serve", "--port", port], env={"HRDP_HOME": str(served.home)})
    assert done.exit_code == 1
    assert "--port" in done.output


def test_the_libraries_are_loaded_for_serving_alone() -> None:
    code = (
        "import sys, orchestration.command_line.main;"
        " print([name for name in ('fastapi', 'uvicorn', 'starlette', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
