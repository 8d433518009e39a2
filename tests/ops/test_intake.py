"""What strangers send is refused before it takes memory or disk; whoever may upload uploads."""

import json
import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.ops.intake import API_UPLOAD, FORM, IN_THE_PIPE, MEGABYTE, UPLOAD, Intake, chunks, form
from tests.servers import Postgres
from tests.tables import fill_postgres

INVENTED = ("Cookie: sessionid=invented", "Authorization: Bearer langai_invented", "Authorization: Bearer a.b.c")
REPLACE = "/admin/documents/document/3f0c2b62-4a54-4d5c-a9de-0a8d1ff3b6a1/replace/"
NOTHING = "Accept: */*"
LARGE = 50 * MEGABYTE
# What a page sends at most: twelve bytes for each character that its longest text may have, and what is said of it.
TEXT_MAX = 12 * 20_000 + 64 * 1024


@pytest.fixture(scope="module")
def server(folder_with_tables):
    server = Intake(folder_with_tables("intake"), RATE_LIMIT_PER_MINUTE="0", UPLOADS_IN_FLIGHT="2")
    yield server
    server.stop()


def status(answer: str) -> int:
    return int(answer.split(" ", 2)[1]) if answer else 0


def content(answer: str) -> str:
    return answer.partition("\r\n\r\n")[2]


def post(path: str, *lines: str) -> str:
    return "\n".join([f"POST {path} HTTP/1.1", FORM, *lines])


@pytest.mark.parametrize("who", INVENTED)
@pytest.mark.parametrize("path", [UPLOAD, API_UPLOAD])
def test_four_connections_with_an_invented_identity_fill_nothing(server, who, path):
    memory, disk = server.memory(), server.on_disk()

    def attack(_: int) -> tuple[int, int]:
        with server.connection() as raw:
            raw.send(post(path, who, f"Content-Length: {LARGE}"))
            sent = raw.push(bytes(LARGE))
            return sent, status(raw.answer())

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(attack, range(4)))
    assert [answer for _, answer in told] == [401] * 4
    assert all(sent < IN_THE_PIPE for sent, _ in told)
    assert server.peak() - memory < 20 * MEGABYTE
    assert server.on_disk() <= disk


@pytest.mark.parametrize("who", [*INVENTED, NOTHING])
@pytest.mark.parametrize("path", [UPLOAD, REPLACE, API_UPLOAD])
@pytest.mark.parametrize("length", [f"Content-Length: {LARGE}", "Transfer-Encoding: chunked"])
def test_a_stranger_is_refused_by_the_headers_alone(server, who, path, length):
    answer = server.asked(post(path, who, length, "Expect: 100-continue"))
    assert status(answer) == 401
    assert "\r\nConnection: close\r\n" in answer
    assert "100 Continue" not in answer
    assert ("application/json" in answer) == (path == API_UPLOAD)


@pytest.mark.parametrize(
    ("who", "path", "said"),
    [
        ("alice", UPLOAD, "no collection is yours"),
        ("alice", API_UPLOAD, "no collection is yours"),
        ("narrow", API_UPLOAD, "documents"),
    ],
)
def test_who_may_not_upload_is_refused_before_the_body(server, who, path, said):
    shown = server.bearer(who) if path == API_UPLOAD else server.cookie(who)
    answer = server.asked(post(path, shown, f"Content-Length: {LARGE}"))
    assert status(answer) == 403
    assert said in content(answer)


def test_a_document_that_is_not_there_is_not_replaced(server):
    answer = server.asked(post(REPLACE, server.cookie("olga"), f"Content-Length: {5 * MEGABYTE}"))
    assert status(answer) == 404


def test_a_session_counts_for_a_program_only_where_the_api_takes_it(server):
    both = (server.cookie("olga"), "Authorization: Basic eDp5", f"Content-Length: {LARGE}")
    assert status(server.asked(post(API_UPLOAD, *both))) == 401
    with server.connection() as raw:
        raw.send(post(API_UPLOAD, server.cookie("olga"), f"Content-Length: {LARGE}", "Expect: 100-continue"))
        assert b"100 Continue" in raw.plain.recv(100)


def test_elsewhere_a_stranger_sends_no_more_than_signing_in_takes(server):
    for who in (NOTHING, "Cookie: theme=dark"):
        answer = server.asked(post("/accounts/login/", who, "Content-Length: 70000"), bytes(70_000))
        assert status(answer) == 413
    assert status(server.asked(post("/auth/token", "Content-Length: 60000"), bytes(60_000))) == 415
    assert status(server.asked(post("/accounts/login/", INVENTED[0], "Content-Length: 70000"), bytes(70_000))) == 401
    # Without a length it is known only when it is there.
    small, large = chunks(bytes(60_000)), chunks(bytes(70_000))
    assert status(server.asked(post("/auth/token", "Transfer-Encoding: chunked"), small)) == 415
    assert status(server.asked(post("/accounts/login/", "Transfer-Encoding: chunked"), large)) == 413


def test_who_is_known_sends_as_much_as_the_address_takes(server):
    who, most = server.cookie("olga"), 20 * 100 * MEGABYTE
    form_page = "/conversations/"
    assert status(server.asked(post(form_page, who, f"Content-Length: {TEXT_MAX}"), bytes(TEXT_MAX))) == 403
    for path, length in ((form_page, TEXT_MAX + 1), (UPLOAD, most + 1), (API_UPLOAD, 101 * MEGABYTE + 1)):
        assert status(server.asked(post(path, who, f"Content-Length: {length}"))) == 413
    texts = post("/v1/embeddings", server.bearer("narrow"), "Content-Type: application/json")
    assert status(server.asked(f"{texts}\nContent-Length: {2 * MEGABYTE}", bytes(2 * MEGABYTE))) == 403
    assert status(server.asked(f"{texts}\nContent-Length: {3 * MEGABYTE}")) == 413
    large = chunks(bytes(MEGABYTE))
    assert status(server.asked(post(form_page, who, "Transfer-Encoding: chunked"), large)) == 413
    one = f"{API_UPLOAD}/3f0c2b62-4a54-4d5c-a9de-0a8d1ff3b6a1"
    for method, path in (("PUT", UPLOAD), ("PATCH", API_UPLOAD), ("POST", one)):
        assert status(server.asked(f"{method} {path} HTTP/1.1\n{who}\nContent-Length: {5 * MEGABYTE}")) == 413
    # That there is no such document is known before its next version is sent.
    assert status(server.asked(f"PUT {one} HTTP/1.1\n{who}\nContent-Length: {5 * MEGABYTE}")) == 404


def test_a_program_is_told_as_of_any_other_error(server):
    asked = "X-Request-ID: asked-4711"
    ours, openais = (
        json.loads(content(server.asked(post(path, server.bearer("alice"), asked, "Content-Length: 9000000"))))["error"]
        for path in ("/chat", "/v1/embeddings")
    )
    message = "What was sent is too large."
    assert ours == {"code": "too_large", "message": message, "request_id": "asked-4711"}
    assert openais == {"code": "too_large", "message": message, "type": "invalid_request_error", "param": None}
    nobody = server.asked(post("/v1/chat/completions", INVENTED[1], "Content-Length: 100000"))
    assert status(nobody) == 401
    assert json.loads(content(nobody))["error"]["type"] == "authentication_error"


def test_an_open_page_is_told_in_its_notices(server):
    answer = server.asked(post("/conversations/", "HX-Request: true", INVENTED[0], "Content-Length: 100000"))
    assert "\r\nHX-Retarget: #notices\r\n" in answer
    assert "You are signed out" in content(answer)


def uploaded(server: Intake, text: str) -> bytes:
    return form(server.people["collection"], (text * 30_000).encode(), name=f"{text}.txt")


def test_whoever_may_uploads_with_a_length_and_without(server):
    plain, chunked, small = (uploaded(server, text) for text in ("plain", "chunked", "small"))
    who = server.bearer("olga")
    assert status(server.asked(post(API_UPLOAD, who, f"Content-Length: {len(plain)}"), plain)) == 202
    assert status(server.asked(post(API_UPLOAD, who, "Transfer-Encoding: chunked"), chunks(chunked))) == 202
    tiny = form(server.people["collection"], b"A small one.")
    assert status(server.asked(post(API_UPLOAD, who, "Transfer-Encoding: chunked"), chunks(tiny, 7))) == 202
    with server.connection() as raw:
        raw.send(post(API_UPLOAD, who, f"Content-Length: {len(small)}", "Expect: 100-continue"))
        assert raw.plain.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.push(small)
        assert status(raw.answer()) == 202
    server.until(lambda: server.on_disk() == 0)


def test_one_connection_carries_an_upload_and_what_follows(server):
    first, second = uploaded(server, "first"), uploaded(server, "second")
    who = server.bearer("olga")
    with server.connection() as raw:
        for body in (first, second):
            raw.send(post(API_UPLOAD, who, f"Content-Length: {len(body)}"), body)
            assert status(raw.answer()) == 202
        raw.send("GET /health/live HTTP/1.1")
        assert status(raw.answer()) == 200


def test_the_body_of_an_upload_is_never_in_memory(server):
    body = form(server.people["collection"], bytes(60 * MEGABYTE), name="zeros.exe")
    before = server.memory()
    answer = server.asked(post(API_UPLOAD, server.bearer("olga"), f"Content-Length: {len(body)}"), body)
    assert status(answer) == 415
    assert server.peak() - before < 20 * MEGABYTE
    server.until(lambda: server.on_disk() == 0)


def test_what_arrived_is_gone_with_the_connection(server):
    with server.connection() as raw:
        raw.send(post(API_UPLOAD, server.bearer("olga"), f"Content-Length: {LARGE}"), bytes(20 * MEGABYTE))
        server.until(lambda: server.on_disk() > 10 * MEGABYTE)
    server.until(lambda: server.on_disk() == 0)


def test_a_full_disk_is_told(server):
    everything = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (20 * MEGABYTE, resource.RLIM_INFINITY))
    try:
        body = bytes(30 * MEGABYTE)
        answer = server.asked(post(API_UPLOAD, server.bearer("olga"), f"Content-Length: {len(body)}"), body)
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, everything)
    assert status(answer) == 507
    assert "disk is full" in content(answer)
    server.until(lambda: server.on_disk() == 0)


@pytest.mark.needs("postgres")
def test_while_the_database_is_away_nothing_large_is_taken(tmp_path):
    database = Postgres()
    database.start()
    fill_postgres(database, "postgres")
    server = Intake(tmp_path, DATABASE_URL=database.url)
    try:
        database.stop()
        for who, path in ((server.bearer("olga"), API_UPLOAD), (server.cookie("olga"), UPLOAD)):
            for length in (f"Content-Length: {LARGE}", "Transfer-Encoding: chunked"):
                answer = server.asked(post(path, who, length, "Expect: 100-continue"))
                assert status(answer) == 503
                assert "database is not answering" in content(answer)
    finally:
        server.stop()
        database.stop()


def test_guesses_with_large_bodies_are_counted_by_address(folder_with_tables):
    server = Intake(folder_with_tables("guesses"), RATE_LIMIT_PER_MINUTE="3/d")
    try:
        guess = post(API_UPLOAD, INVENTED[1], f"Content-Length: {LARGE}")
        assert [status(server.asked(guess)) for _ in range(5)] == [401, 401, 401, 429, 429]
        body = uploaded(server, "allowed")
        assert (
            status(server.asked(post(API_UPLOAD, server.bearer("olga"), f"Content-Length: {len(body)}"), body)) == 202
        )
    finally:
        server.stop()


def test_one_person_has_so_many_uploads_and_others_have_theirs(server):
    with ExitStack() as stack:
        opened = [stack.enter_context(server.connection()) for _ in range(2)]
        for raw in opened:
            raw.send(post(API_UPLOAD, server.bearer("olga"), f"Content-Length: {LARGE}", "Expect: 100-continue"))
            assert b"100 Continue" in raw.plain.recv(100)
        third = server.asked(post(UPLOAD, server.cookie("olga"), f"Content-Length: {LARGE}"))
        assert status(third) == 429
        assert "\r\nRetry-After: " in third
        assert "2 uploads running" in content(third)
        other = server.asked(post(API_UPLOAD, server.bearer("admin"), "Content-Length: 70000"), bytes(70_000))
        assert status(other) == 400
    body = uploaded(server, "later")
    server.until(
        lambda: (
            status(server.asked(post(API_UPLOAD, server.bearer("olga"), f"Content-Length: {len(body)}"), body)) != 429
        )
    )


def test_one_person_has_so_many_bytes_on_their_way(server):
    """As many as the largest upload, an import of conversations, however they are divided."""
    most = 2001 * MEGABYTE
    with server.connection() as raw:
        raw.send(post("/transfers/import/", server.cookie("admin"), f"Content-Length: {most}", "Expect: 100-continue"))
        assert b"100 Continue" in raw.plain.recv(100)
        refused = server.asked(post("/chat", server.bearer("admin"), "Content-Length: 100000"))
        assert status(refused) == 429
        assert "as much as one person may" in content(refused)


def test_a_head_and_a_get_may_have_a_small_body_and_no_large_one(server):
    for method in ("GET", "HEAD"):
        with server.connection() as raw:
            raw.send(f"{method} /health/live HTTP/1.1\nContent-Length: 100", bytes(100))
            head = raw.plain.recv(4096).decode()
            assert status(head) == 200
        answer = server.asked(f"{method} {UPLOAD} HTTP/1.1\nContent-Length: {LARGE}\n{server.cookie('olga')}")
        assert status(answer) == 413


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 5\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\nContent-Length: 5",
        "Content-Length: 5\nContent-Length: 6",
        "Transfer-Encoding: gzip, chunked",
        "Content-Length: -1",
        "Content-Length: " + "9" * 5000,
        "\n".join(f"X-Many-{number}: 1" for number in range(600)),
        "X-Long: " + "a" * 20_000,
        "\n".join(f"X-Long-{number}: {'a' * 1000}" for number in range(30)),
        "Daphne-Root-Path: \xe9",
        "X-Request-ID: \xe9\nCookie: \xe9=\xe9",
        "Accept: \xe9\nContent-Type: \xe9",
        'X-Forwarded-For: "; DROP TABLE',
        "X-Forwarded-For: \xe9, fe80::1%x:99999",
    ],
)
def test_odd_headers_hurt_nobody(server, lines):
    logged = len(server.program.lines)
    answer = server.asked(f"POST /accounts/login/ HTTP/1.1\n{lines}", b"5\r\nhello\r\n0\r\n\r\n")
    assert answer == "" or 400 <= status(answer) < 500
    assert "Traceback" not in "\n".join(server.program.lines[logged:])
    assert status(server.asked("GET /health/live HTTP/1.1")) == 200


def test_many_requests_at_once_on_one_connection_are_answered_in_turn(server):
    with server.connection() as raw:
        raw.plain.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300)
        raw.plain.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        got = b""
        while piece := raw.plain.recv(65536):
            got += piece
    assert got.count(b"HTTP/1.1 200 OK") == 301


def test_many_bad_requests_at_once_end_the_connection_or_get_their_answers(server):
    logged = len(server.program.lines)
    with server.connection() as raw:
        raw.push(b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3000)
        assert status(raw.answer()) == 400
    assert status(server.asked("GET /health/live HTTP/1.1")) == 200
    assert "Traceback" not in "\n".join(server.program.lines[logged:])
