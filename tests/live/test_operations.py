"""What an operator sees of a running LangAI: figures of every process, and a log that leads from one id to everything,
without a word of what people wrote."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.live import rows
from tests.live.person import HOSTED, PASSWORD, Person, invited, signed_in
from tests.live.server import ADMIN_PASSWORD, LangAI
from tests.upstream import Upstream

# Each goes in through a door of its own; none may come out in the log.
PROMPT, FAILING, SEARCHED, FILE_NAME, INSIDE = "zinnober-1", "kobalt-2", "ocker-3", "umbra-4", "sepia-5"
PATH, TYPED_NAME, TYPED_PASSWORD, HEADER, TITLE, NAME = (
    "purpur-6",
    "indigo-7",
    "magenta-8",
    "karmin-9",
    "siena-10",
    "dora",
)
MARKERS = (PROMPT, FAILING, SEARCHED, FILE_NAME, INSIDE, PATH, TYPED_NAME, TYPED_PASSWORD, HEADER, TITLE)
KEY = "sk-live-marker-of-the-key"
SECRET = "a-secret-key-that-nobody-may-read-in-a-log"
TOKEN = "a-token-for-monitoring"


@pytest.fixture(scope="module")
def debugged(start_langai, upstream: Upstream) -> LangAI:
    server = start_langai(
        OPENAI_BASE_URL=upstream.openai_url,
        OPENAI_API_KEY=KEY,
        SECRET_KEY=SECRET,
        METRICS_TOKEN=TOKEN,
        LOG_LEVEL="DEBUG",
    )
    rows.until_connected(server)
    return server


@pytest.fixture(scope="module")
def admin(debugged) -> Iterator[Person]:
    with signed_in(debugged) as person:
        yield person


@pytest.fixture(scope="module")
def dora(admin) -> Iterator[Person]:
    with invited(admin, NAME) as person:
        yield person


def figures(server: LangAI) -> str:
    answer = httpx.get(f"{server.url}/metrics", trust_env=False)
    assert answer.status_code == 200
    return answer.text


def lines(server: LangAI, request_id: str) -> list[str]:
    return [line for line in server.lines if f"request_id={request_id}" in line]


def asked_as(person: Person, request_id: str, text: str, model: str) -> str:
    """Ask in a new conversation, under that request's id; returns the conversation's."""
    headers = {"X-CSRFToken": person.client.cookies["csrftoken"], "X-Request-ID": request_id}
    answer = person.client.post("/conversations/", data={"text": text, "model": model}, headers=headers)
    assert answer.headers["X-Request-ID"] == request_id
    conversation = answer.headers["location"].split("/")[2]
    person.until_ended(conversation)
    return conversation


def upload(admin: Person, name: str, content: bytes, request_id: str) -> None:
    collection = rows.one(admin.server, "SELECT id FROM search_collection LIMIT 1")
    answer = admin.client.post(
        "/admin/documents/document/add/",
        data={"collection": collection, "sensitivity": "0"},
        files={"uploads": (name, content)},
        headers={"X-CSRFToken": admin.client.cookies["csrftoken"], "X-Request-ID": request_id},
    )
    assert answer.status_code == 302, answer.text[:2000]


def test_a_failure_of_a_model_is_told_under_the_request_that_asked(debugged, dora, upstream):
    asked_as(dora, "asked-fail-1", FAILING, f"{HOSTED}fail-broken-echo")
    told = lines(debugged, "asked-fail-1")
    assert any("POST chat:start" in line for line in told)
    assert any("langai_site.outbound.door" in line and "failed" in line for line in told)
    sent = [request["raw"] for request in upstream.requests() if FAILING in request["body"]]
    assert sent
    assert all("x-request-id: asked-fail-1" in raw.lower() for raw in sent)


def test_a_document_that_cannot_be_read_is_told_under_the_request_that_uploaded_it(debugged, admin):
    upload(admin, f"{FILE_NAME}.pdf", b"%PDF-1.7 " + INSIDE.encode(), "uploaded-1")
    debugged.until(
        lambda: any("documents.tasks" in line and line.startswith("worker") for line in lines(debugged, "uploaded-1")),
        "telling of the upload",
    )


def test_an_open_socket_is_counted_and_told_under_its_own_request(debugged, dora):
    conversation = dora.ask(PROMPT, f"{HOSTED}echo")
    dora.until_ended(conversation)
    with dora.watching(conversation) as viewer:
        viewer.until('id="thread"')
        assert re.search(r'^langai_open_sockets\{process="web:[^"]+"\} [1-9]', figures(debugged), re.MULTILINE)
    debugged.until_logged(r"request_metrics: Socket: closed after \d s request_id=[0-9a-f]{32}")


def test_figures_of_web_and_worker_are_told_in_one_place(debugged, admin, dora):
    figures(debugged)
    upload(admin, f"{TITLE}.txt", f"The word of the day is {INSIDE}.".encode(), "uploaded-2")
    asked_as(dora, "asked-figures-1", PROMPT, f"{HOSTED}echo")
    told = figures(debugged)
    assert re.search(
        r'langai_replies_total\{cached="no",model="hosted_vllm/echo",process="web:[^"]+",status="complete"', told
    )
    assert re.search(r'langai_reply_first_words_seconds_count\{model="hosted_vllm/echo"', told)
    assert re.search(r'langai_tokens_total\{direction="in",model="hosted_vllm/echo"', told)
    assert re.search(r"^langai_workers 1\.0$", told, re.MULTILINE)
    stage = re.compile(r'langai_ingestion_stage_seconds_count\{process="worker:[^"]+",stage="embedding"\} [1-9]')
    debugged.until(lambda: stage.search(figures(debugged)), "telling the worker's figures")
    assert not any(marker in told for marker in (*MARKERS, NAME, KEY, TOKEN))


def test_figures_are_for_this_machine_or_the_token(debugged):
    far = {"X-Forwarded-For": "203.0.113.9"}
    for headers, status in ((far, 403), ({**far, "Authorization": f"Bearer {TOKEN}"}, 200)):
        answer = httpx.get(f"{debugged.url}/metrics", headers=headers, trust_env=False)
        assert answer.status_code == status


def test_nothing_that_anybody_wrote_is_in_the_log_whichever_way_it_came_in(debugged, admin, dora):
    conversation = dora.ask(PROMPT, f"{HOSTED}echo")
    with dora.watching(conversation, f"?shown={PATH}") as viewer:
        viewer.until('id="thread"')
    dora.until_ended(conversation)
    for failure in ("unauthorized", "cut", "malformed"):
        dora.until_ended(dora.ask(FAILING, f"{HOSTED}fail-{failure}-echo"))
    dora.get(f"/search/?q={SEARCHED}")
    dora.get(f'/search/?q="{SEARCHED}" OR ( NEAR')
    dora.get(f"/{PATH}/?q={SEARCHED}")
    dora.get(f"/conversations/{conversation}/?reply={PATH}")
    dora.get(f"/accounts/invitation/{PATH}/")
    dora.post(f"/conversations/{conversation}/rename/", title=TITLE)
    dora.post("/conversations/", text=PROMPT, model=PATH, collections=[PATH])
    dora.client.get("/", headers={"X-Request-ID": f"{HEADER} <x>"})
    dora.client.post("/conversations/", data={"text": PROMPT})
    with httpx.Client(base_url=debugged.url, trust_env=False) as stranger:
        stranger.get("/accounts/login/")
        form = {"login": TYPED_NAME, "password": TYPED_PASSWORD, "csrfmiddlewaretoken": stranger.cookies["csrftoken"]}
        assert stranger.post("/accounts/login/", data=form).status_code == 200
    upload(admin, f"{FILE_NAME}.txt", INSIDE.encode(), "uploaded-3")
    admin.get(f"/admin/documents/document/?q={SEARCHED}&bad={PATH}")
    admin.get(f"/admin/accounts/user/{PATH}/change/")
    status = "SELECT count(*) FROM documents_document WHERE status IN ('queued', 'working')"
    debugged.until(lambda: rows.one(debugged, status) == 0, "done reading")
    dora.client.get("/health", headers={"X-Request-ID": "the-last-1"})
    debugged.until_logged("the-last-1")
    lines_with = {
        marker: [line for line in debugged.lines if marker in line]
        for marker in (*MARKERS, KEY, SECRET, TOKEN, ADMIN_PASSWORD, PASSWORD)
    }
    assert not any(lines_with.values()), lines_with
    assert not [line for line in debugged.lines if re.search(rf"\b{NAME}\b", line)]
    # It was written at all, with its levels.
    assert "DEBUG langai_site.web.request_metrics: GET search:search: 200" in debugged.log


def test_in_production_every_line_of_the_log_is_an_object(start_langai):
    server = start_langai(has_handbook=False, ENV="production")
    httpx.get(f"{server.url}/nowhere", trust_env=False)
    server.until_logged("LangAI is ready at")
    server.until_logged("Not Found")
    told = [json.loads(line) for line in server.lines]
    assert {"run", "setup", "web"} <= {line["process"] for line in told}
    (missed,) = [line for line in told if line["event"].startswith("Not Found")]
    assert (missed["process"], missed["level"], len(missed["request_id"])) == ("web", "warning", 32)
