"""Answers that are given before Django sees a request say as much as any other of what may be done with them."""

import pytest

from tests.ops.intake import Intake
from tests.ops.test_connections import HANDSHAKE

SAID = {
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
NOWHERE = "GET /ws/conversations/x/ HTTP/1.1"
ANSWERS = {
    "not a request": (400, "GARBAGE"),
    "another protocol": (400, "PRI * HTTP/2.0"),
    "not a header": (400, "GET / HTTP/1.1\nfoo"),
    "not a length": (400, "POST /chat HTTP/1.1\nContent-Length: abc"),
    "two lengths": (400, "POST /chat HTTP/1.1\nContent-Length: 5\nTransfer-Encoding: chunked"),
    "a long header": (431, f"GET / HTTP/1.1\nCookie: a={'x' * 60_000}"),
    "too many headers": (400, "GET / HTTP/1.1\n" + "\n".join(f"X{number}: a" for number in range(600))),
    "not a chunk": (400, "POST /chat HTTP/1.1\nTransfer-Encoding: chunked"),
    "an odd query": (400, "GET /?\xff HTTP/1.1"),
    "too large": (413, "POST /chat HTTP/1.1\nContent-Length: 99999999"),
    "an upload of nobody's": (401, "POST /api/documents HTTP/1.1\nContent-Length: 99999999"),
    "a label that is dropped": (422, "POST /chat HTTP/1.1\nContent-Length: 0\nX_LangAI_Sensitivity: confidential"),
    "a long body with one": (422, "POST /chat HTTP/1.1\nContent-Length: 99999999\nX-LangAI_Label: confidential"),
    "a slow body": (408, "POST /chat HTTP/1.1\nContent-Length: 500"),
    "a page of another site": (403, "\n".join([NOWHERE, *HANDSHAKE[:-1], "Origin: http://elsewhere.example"])),
    "an odd socket": (400, "\n".join([NOWHERE, *HANDSHAKE]).replace("Version: 13", "Version: 99")),
}


@pytest.fixture(scope="module")
def server(folder_with_tables):
    server = Intake(folder_with_tables("headers"), BODY_TIMEOUT="1")
    yield server
    server.stop()


@pytest.mark.parametrize("name", ANSWERS)
def test_it_says_what_may_be_done_with_it(server, name):
    status, head = ANSWERS[name]
    lines = server.asked(head, b"zz\r\n" * (name == "not a chunk")).partition("\r\n\r\n")[0].split("\r\n")
    assert lines[0].split(" ")[1] == str(status)
    said = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines[1:]}
    assert SAID.items() <= said.items(), lines


def test_as_many_cookies_as_a_browser_sends_are_read(server):
    cookies = "; ".join(f"c{number:02}={'x' * 1000}" for number in range(32))
    assert len(cookies) > 32_000
    assert " 200 " in server.asked(f"GET /accounts/login/ HTTP/1.1\nCookie: {cookies}").partition("\r\n")[0]


def test_more_cookies_are_refused_in_words_and_programs_read_json(server):
    many = "\n".join(f"Cookie: c={'x' * 9000}" for _ in range(6))
    assert "at most 32 KB of cookies are read" in server.asked(f"GET / HTTP/1.1\n{many}")
    assert '"code": "headers_too_large"' in server.asked(f"GET /api/documents HTTP/1.1\n{many}")


def test_a_header_that_is_dropped_and_states_no_label_is_nothing_to_refuse(server):
    assert " 401 " in server.asked("POST /chat HTTP/1.1\nContent-Length: 0\nX_Trace: 1").partition("\r\n")[0]
