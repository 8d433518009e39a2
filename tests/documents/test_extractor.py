"""A service that reads layouts: a server on loopback speaks docling-serve's HTTP interface."""

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from documents import diagnosis, limits
from documents.models import Document
from documents.notes import described
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from search.models import Collection, Page, Passage
from tests.documents import files
from tests.documents.test_tasks import outcome
from tests.servers import free_port

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND = "# Prices\n\n<!-- image -->\n\nAll are net.", "| Lamp | Price |\n|---|---|\n| Oil | 6 EUR |"
FORM = re.compile(rb'name="(\w+)"\r\n\r\n(.*?)\r\n')


class Docling:
    """Answers with `pages` once it has been asked twice; `status` and `found` can be made bad."""

    def __init__(self):
        self.pages, self.task_status, self.status, self.code, self.most = (
            [FIRST, "", SECOND],
            "success",
            "success",
            200,
            0,
        )
        self.asked, self.form, self.file, self.key, self.polls, self.raw = [], {}, b"", "", 0, b""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path):
        if path.startswith("/v1/convert/file/async"):
            return {"task_id": "0c5b-1", "task_type": "convert", "task_status": "pending", "task_position": 1}
        if path.startswith("/v1/status/poll/0c5b-1"):
            self.polls += 1
            return {"task_id": "0c5b-1", "task_status": "started" if self.polls == 1 else self.task_status}
        if path == "/v1/result/0c5b-1":
            marker = self.form["md_page_break_placeholder"]
            content = f"\n\n{marker}\n\n".join(self.pages) + "x" * self.most
            document = {"filename": "document.pdf", "md_content": content, "json_content": None}
            return {"document": document, "status": self.status, "errors": [], "processing_time": 1.5, "timings": {}}
        return {"status": "ok"}

    def _handler(docling):  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                docling.asked.append(self.path.partition("?")[0])
                docling.key = self.headers.get("X-Api-Key", "")
                self._answer()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                docling.form = {name.decode(): value.decode() for name, value in FORM.findall(body)}
                docling.file = body
                self.do_GET()

            def _answer(self):
                data = docling.raw or json.dumps(docling.answer(self.path)).encode()
                self.send_response(docling.code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_args):
                pass

        return Handler


@pytest.fixture
def docling(settings):
    server = Docling()
    settings.EXTRACTOR_URL, settings.EXTRACTOR_API_KEY = server.url, "key-1"
    yield server
    server.stop()


def said(document):
    return [note.text for note in described(document.notes)]


def test_a_file_is_read_by_the_service_page_by_page(docling, upload):
    document = outcome(upload(files.pdf("Our own text."), "secret name.pdf"))
    assert (document.status, document.pages, document.title) == (Document.Status.READY, 3, "Prices")
    assert docling.asked == ["/v1/convert/file/async", *["/v1/status/poll/0c5b-1"] * 2, "/v1/result/0c5b-1"]
    assert docling.key == "key-1"
    assert docling.form["to_formats"] == "md"
    assert b'filename="document.pdf"' in docling.file
    assert b"secret name" not in docling.file
    passages = list(Passage.objects.order_by("position").values_list("page", "location", "heading", "text"))
    assert passages[0][:3] == (1, "page 1", "Prices")
    assert passages[-1][:3] == (3, "page 3", "Prices")
    assert "image" not in Page.objects.get(number=1).text
    assert said(document) == ["Page 2 has no text."]


def test_other_formats_are_read_here(docling, upload):
    outcome(upload("Everyone has 25 days.", "holiday.txt"))
    assert docling.asked == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"code": 500}, "it answers with status 500"),
        ({"code": 307}, "it answers with status 307"),
        ({"task_status": "failure"}, "it could not read the file"),
        ({"status": "failure"}, "it found no text in the file"),
        ({"pages": [" "]}, "it found no text in the file."),
        ({"pages": ["a"] * 12}, "its answer cannot be used. This file has 12 pages; at most 10 are read"),
        ({"most": 2_000_000}, "it does not answer (TooMuchError)"),
    ],
)
def test_what_it_does_not_read_is_read_here_and_said(docling, upload, settings, broken, reason):
    settings.EXTRACTION_MAX_PAGES, settings.EXTRACTION_MAX_CHARS = 10, 100_000
    vars(docling).update(broken)
    document = outcome(upload(files.pdf("Our own text."), "a.pdf"))
    assert document.status == Document.Status.READY
    assert Passage.objects.get().text == "Our own text."
    [note] = said(document)
    assert note.startswith(f"LangAI read this file itself, because the extraction service did not: {reason}")


def test_a_slow_service_gets_a_small_file_again_with_more_time(docling, upload, monkeypatch):
    monkeypatch.setattr(limits, "QUICK_SECONDS", 0)
    document = outcome(upload(files.pdf("Our own text."), "a.pdf"))
    assert docling.asked.count("/v1/convert/file/async") == 2
    assert (document.title, said(document)) == ("Prices", ["Page 2 has no text."])


def test_a_service_that_is_away_costs_no_document(settings, upload):
    settings.EXTRACTOR_URL = f"http://127.0.0.1:{free_port()}"
    document = outcome(upload(files.pdf("Our own text."), "a.pdf"))
    assert said(document) == [
        "LangAI read this file itself, because the extraction service did not: it does not answer (ConnectError)."
    ]


@pytest.mark.parametrize("label", [Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL])
def test_a_service_outside_the_building_gets_no_confidential_document(docling, settings, upload, label):
    settings.LOCAL_HOSTS = ["10.0.0.1"]
    document = outcome(upload(files.pdf("Our own text."), "a.pdf", sensitivity=label))
    assert (docling.asked == []) == (label == Sensitivity.CONFIDENTIAL)
    assert ("label forbids sending it out" in " ".join(said(document))) == (label == Sensitivity.CONFIDENTIAL)


def test_a_service_gets_nothing_of_a_closed_account(docling, upload):
    document = upload(files.pdf("Our own text."), "a.pdf")
    carol = User.objects.create_user("carol", is_active=False)
    Collection.objects.filter(pk=document.collection_id).update(kind=Collection.Kind.OWN, holder=carol)
    document = outcome(document)
    assert docling.asked == []
    assert "was switched off" in " ".join(said(document))


def test_the_doctor_asks_it(docling, settings):
    assert diagnosis.extraction_service().found == "it answers"
    settings.LOCAL_HOSTS = ["10.0.0.1"]
    assert "no confidential document" in diagnosis.extraction_service().found
    docling.code = 503
    assert diagnosis.extraction_service().status == "fail"
    settings.EXTRACTOR_URL = ""
    assert diagnosis.extraction_service().status == "off"


def test_half_a_character_does_not_keep_a_file_from_being_read(docling, upload):
    docling.pages[0] = "# Prices\n\nAll are net \ud83d."
    document = outcome(upload(files.pdf("Our own text."), "a.pdf"))
    assert (document.status, document.pages) == (Document.Status.READY, 3)
    assert Page.objects.get(number=1).text.endswith("All are net ?.")


def test_an_answer_that_is_nested_without_end_is_none(docling, upload):
    docling.raw = b"[" * 100_000
    document = outcome(upload(files.pdf("Our own text."), "a.pdf"))
    assert document.status == Document.Status.READY
    assert Page.objects.get().text == "Our own text."


def test_a_label_that_rises_while_it_is_connected_to_is_honoured(docling, settings, upload, monkeypatch):
    settings.LOCAL_HOSTS = ["elsewhere.example"]
    document = upload(files.pdf("Our own text."), "a.pdf")
    connect = socket.create_connection

    def slowly(*args, **options):
        # A look at the labels in time, and a connection that takes until after they were raised.
        Document.objects.update(sensitivity=Sensitivity.CONFIDENTIAL)
        return connect(*args, **options)

    monkeypatch.setattr(socket, "create_connection", slowly)
    document = outcome(document)
    assert document.status == Document.Status.READY
    assert docling.asked == []
    assert docling.file == b""
