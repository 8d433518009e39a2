"""The audit fails on what is known and not let pass, and never claims what it could not ask for."""

import http.server
import json
import threading
from datetime import date, timedelta

import pytest

from tests.audit.__main__ import ROOT, main
from tests.audit.exceptions import read
from tests.servers import free_port

TODAY = date.today()
# A run may begin today and end tomorrow.
TOMORROW = TODAY + timedelta(days=1)
CONTROL = ("pyyaml", "5.1")


def advisory(name, package, fixed="9.9"):
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    affected = [{"package": {"name": package, "ecosystem": "PyPI"}, "ranges": ranges}]
    return {"id": name, "summary": "x", "aliases": [f"CVE-of-{name}"], "affected": affected}


class Source(http.server.BaseHTTPRequestHandler):
    """A server that speaks OSV's API and knows what the test says."""

    def do_POST(self):
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = query["package"]["name"], query["version"]
        self.server.asked.append(asked)
        body = json.dumps({"vulns": self.server.known.get(asked, [])}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def source():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source) as server:
        server.known, server.asked = {CONTROL: [advisory("PYSEC-1", "pyyaml")]}, []
        server.url = f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def audit(tmp_path, source, capsys, monkeypatch):
    # Loopback is asked directly, whatever proxy the environment names.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "locked.txt").write_text("jinja2==3.1.0\nidna==3.10\n")

    def audit(*exceptions, url=source.url, requirements=tmp_path / "locked.txt"):
        """The exit code, and all that was printed."""
        listed = tmp_path / "exceptions.toml"
        listed.write_text("\n".join(exceptions))
        code = main(["--osv-url", url, "--requirements", str(requirements), "--exceptions", str(listed)])
        told = capsys.readouterr()
        return code, told.out + told.err

    return audit


def exception(id="GHSA-1", package="jinja2", reason="Not used.", expires=TOMORROW):
    return f'[[exception]]\nid = "{id}"\npackage = "{package}"\nreason = "{reason}"\nexpires = {expires}\n'


def test_nothing_is_wrong_where_a_source_that_can_be_believed_knows_of_nothing(audit, source):
    code, told = audit()
    assert (code, "2 packages checked" in told) == (0, True)
    assert source.asked == [CONTROL, ("jinja2", "3.1.0"), ("idna", "3.10")]


def test_a_known_vulnerability_fails_and_says_what_mends_it(audit, source):
    source.known["jinja2", "3.1.0"] = [advisory("GHSA-1", "jinja2", fixed="3.1.6")]
    code, told = audit()
    assert code == 1
    assert "jinja2 3.1.0 is vulnerable: CVE-of-GHSA-1, GHSA-1; mended in 3.1.6" in told


@pytest.mark.parametrize("name", ["GHSA-1", "CVE-of-GHSA-1"])
def test_one_that_was_reviewed_is_let_pass_and_told(audit, source, name):
    source.known["jinja2", "3.1.0"] = [advisory("GHSA-1", "jinja2")]
    code, told = audit(exception(id=name))
    assert (code, f"let pass until {TOMORROW}: jinja2 3.1.0, {name}: Not used." in told) == (0, True)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (exception(expires=TODAY - timedelta(days=1)), "expired"),
        (exception(expires=TODAY + timedelta(days=365)), "half a year at most"),
        (exception(reason=""), "needs exactly"),
        ('[[exception]]\nid = "GHSA-1"\n', "needs exactly"),
        (exception(id="GHSA-2"), "matches nothing any more"),
        (exception(package="idna"), "matches nothing any more"),
    ],
)
def test_an_exception_that_does_not_hold_fails(audit, source, entry, said):
    source.known["jinja2", "3.1.0"] = [advisory("GHSA-1", "jinja2")]
    code, told = audit(entry)
    assert (code, said in told, "is vulnerable" in told) == (1, True, True)


def test_a_source_that_does_not_know_the_controls_vulnerability_is_not_believed(audit, source):
    source.known.clear()
    code, told = audit()
    assert (code, told.startswith("could not check: osv: it does not know")) == (0, True)
    assert source.asked == [CONTROL]
    assert "packages checked" not in told


def test_a_source_that_is_away_is_told_in_one_line_and_fails_nobody(audit):
    code, told = audit(url=f"http://127.0.0.1:{free_port()}/")
    assert (code, told.startswith("could not check: osv: "), told.count("\n")) == (0, True, 1)


def test_exceptions_are_looked_at_without_a_source_too(audit):
    code, told = audit(exception(expires=TODAY - timedelta(days=1)), url=f"http://127.0.0.1:{free_port()}/")
    assert (code, "expired" in told) == (1, True)


def test_all_that_is_locked_is_asked_for(audit, source):
    code, told = audit(requirements=ROOT / "requirements.lock")
    assert (code, "could not check" in told) == (0, False)
    assert {"django", "litellm", "chromadb", "daphne"} <= {name for name, _version in source.asked}


def test_the_exceptions_that_are_recorded_are_complete():
    recorded = (ROOT / "tests" / "audit" / "exceptions.toml", TODAY)
    assert read(*recorded)[1] == []


def test_every_change_is_audited():
    assert "make lint audit &" in (ROOT / ".ci" / "run").read_text().splitlines()
