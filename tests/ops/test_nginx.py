"""Behind nginx as operators are given it: a stranger fills neither its disk nor ours, and is told the same."""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from tests.live.deployment import Door, certificate
from tests.live.server import children
from tests.ops.intake import (
    API_UPLOAD,
    FORM,
    MEGABYTE,
    UPLOAD,
    Intake,
    Raw,
    chunks,
    form,
    in_unnamed_files,
)
from tests.ops.test_intake import INVENTED, LARGE, content, post, status

pytestmark = pytest.mark.needs("nginx")

CONNECTIONS = 40


class Behind(Door):
    """nginx before a web process, with times that a test can wait for."""

    def __init__(self, folder: Path, server: Intake) -> None:
        self.server = server
        certificates = folder / "certificates"
        super().__init__(
            SimpleNamespace(folder=folder, certificates=certificates, tls=certificate(certificates)),  # type: ignore[arg-type]
            "nginx",
            [server.port],
        )

    def _listening(self, text: str) -> str:
        for given, shorter in (
            ("client_header_timeout     20s", "client_header_timeout 2s"),
            ("client_body_timeout       30s", "client_body_timeout 2s"),
            ("langai_addresses 1000", f"langai_addresses {CONNECTIONS}"),
        ):
            assert text.count(given) == 1
            text = text.replace(given, shorter)
        return super()._listening(text)

    @contextmanager
    def connection(self) -> Iterator[Raw]:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        with self.tls.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            yield Raw(secure)

    def asked(self, head: str, body: bytes = b"") -> str:
        with self.connection() as raw:
            raw.send(head, body)
            return raw.answer()

    def on_disk(self) -> int:
        """Bytes in files of nginx's that have no name any more, and in those that have one."""
        assert self.process.process
        folders = [self.deployment.folder / "nginx" / name for name in ("body", "proxy")]
        named = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
        return named + sum(map(in_unnamed_files, children(self.process.process.pid)))


@pytest.fixture(scope="module")
def server(folder_with_tables):
    server = Intake(folder_with_tables("intake"), RATE_LIMIT_PER_MINUTE="0", TRUSTED_PROXIES="1")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def nginx(tmp_path_factory, server):
    nginx = Behind(tmp_path_factory.mktemp("nginx"), server)
    nginx.process.start()
    server.until(nginx.answers)
    yield nginx
    nginx.process.stop()


@pytest.mark.parametrize("who", INVENTED)
@pytest.mark.parametrize("path", [UPLOAD, API_UPLOAD])
@pytest.mark.parametrize("length", [f"Content-Length: {LARGE}", "Transfer-Encoding: chunked"])
def test_four_connections_with_an_invented_identity_fill_nothing(nginx, server, who, path, length):
    memory, disk = server.memory(), server.on_disk()
    body = chunks(bytes(LARGE)) if "chunked" in length else bytes(LARGE)

    def attack(_: int) -> tuple[int, int, int]:
        with nginx.connection() as raw:
            raw.send(post(path, who, length))
            sent = raw.push(body)
            return sent, status(raw.answer()), nginx.on_disk()

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(attack, range(4)))
    assert [answer for _, answer, _ in told] == [401] * 4
    assert [held for *_, held in told] == [0] * 4
    assert server.peak() - memory < 20 * MEGABYTE
    assert server.on_disk() <= disk


def test_only_places_for_uploads_take_what_is_large(nginx, server):
    who = server.cookie("olga")
    page = nginx.asked(post("/conversations/", who, f"Content-Length: {LARGE}"))
    assert (status(page), content(page)) == (413, "What was sent is too large.\n")
    ours, openais = (
        json.loads(content(nginx.asked(post(path, server.bearer("olga"), f"Content-Length: {LARGE}"))))["error"]
        for path in ("/chat", "/v1/embeddings")
    )
    assert (ours["code"], openais["type"]) == ("too_large", "invalid_request_error")
    assert set(ours) == {"code", "message", "request_id"}


def test_a_label_in_a_header_with_an_underscore_is_refused(nginx, server):
    asked = post("/chat", server.bearer("olga"), "Content-Length: 0\nX_LangAI_Sensitivity: confidential")
    assert "underscore" in content(nginx.asked(asked))


@pytest.mark.parametrize("http2", [False, True])
def test_whoever_may_uploads(nginx, server, http2):
    headers = {"Authorization": server.bearer("olga").split(": ")[1]}
    text = f"HTTP/2 {http2} " * 100_000
    # Of its own: httpx writes into it which protocols it speaks.
    tls = ssl.create_default_context(cafile=nginx.deployment.certificates / "fullchain.pem")
    with httpx.Client(verify=tls, http2=http2, trust_env=False) as client:
        answer = client.post(
            f"{nginx.url}{API_UPLOAD}",
            data={"collection": server.people["collection"]},
            files={"file": (f"{http2}.txt", text)},
            headers=headers,
        )
    assert (answer.status_code, answer.http_version) == (202, "HTTP/2" if http2 else "HTTP/1.1"), answer.text
    assert nginx.on_disk() == 0


def test_whoever_may_uploads_in_chunks_and_when_asked(nginx, server):
    body = form(server.people["collection"], b"In chunks. " * 50_000)
    who = server.bearer("olga")
    assert status(nginx.asked(post(API_UPLOAD, who, "Transfer-Encoding: chunked"), chunks(body))) == 202
    body = form(server.people["collection"], b"When asked. " * 50_000)
    with nginx.connection() as raw:
        raw.send(post(API_UPLOAD, who, f"Content-Length: {len(body)}", "Expect: 100-continue"))
        assert b"100 Continue" in raw.plain.recv(100)
        raw.push(body)
        assert status(raw.answer()) == 202


def test_who_drips_is_cut_off(nginx, server):
    with nginx.connection() as raw:
        raw.plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert status(raw.answer()) in (0, 408)
    with nginx.connection() as raw:
        raw.send(post(API_UPLOAD, server.bearer("olga"), f"Content-Length: {LARGE}"), bytes(100_000))
        assert status(raw.answer()) in (0, 408)
    server.until(lambda: server.on_disk() == 0)


def test_connections_of_one_address_are_counted(nginx):
    slow = f"POST /auth/token HTTP/1.1\n{FORM}\nContent-Length: 100"
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(nginx.connection()).send(slow)
        nginx.server.until(lambda: status(nginx.asked("GET /health/live HTTP/1.1")) in (429, 408))
    nginx.server.until(lambda: status(nginx.asked("GET /health/live HTTP/1.1")) == 200)


def test_the_limits_agree_with_those_of_langai(settings):
    text = (Path(__file__).parent.parent.parent / "docs/operations/nginx.conf").read_text()
    assert int(re.search(r"limit_conn +langai_addresses (\d+)", text)[1]) == settings.CONNECTIONS_PER_ADDRESS
    assert float(re.search(r"client_header_timeout +(\d+)s", text)[1]) == settings.HEADER_TIMEOUT
    assert float(re.search(r"client_body_timeout +(\d+)s", text)[1]) == settings.BODY_TIMEOUT


def test_as_many_cookies_as_langai_reads_pass_and_more_are_refused_in_words(nginx):
    cookies = "; ".join(f"c{number:02}={'x' * 1000}" for number in range(32))
    assert status(nginx.asked(f"GET /accounts/login/ HTTP/1.1\nCookie: {cookies}")) == 200
    refused = nginx.asked(f"GET /accounts/login/ HTTP/1.1\nCookie: {cookies}; {cookies}")
    assert status(refused) == 431
    assert "at most 32 KB of cookies are read" in refused
