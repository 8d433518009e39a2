"""What doctor says of this machine: its folders, its mail, its programs, its settings."""

import socketserver
import stat
import threading

import pytest

from documents import diagnosis as documents
from langai_site import registry
from langai_site.telemetry.doctor import examine, machine, secrets
from tests.servers import free_port


def test_folders_are_written_to_and_left_as_they_were(settings, tmp_path):
    settings.DATA_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    settings.MEDIA_ROOT, settings.MODEL_DIR = str(tmp_path / "files"), tmp_path / "model"
    assert "setup" in machine.folders().advice
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "staticfiles.json").write_text("{}")
    assert "GB free" in machine.folders().found
    assert [path.name for path in tmp_path.iterdir()] == ["static"]


@pytest.mark.parametrize(
    ("limit", "status"), [("FREE_TOO_LITTLE", "fail"), ("FREE_TOLD", "warn")], ids=["too little", "little"]
)
def test_a_disk_that_is_nearly_full_is_told(settings, tmp_path, monkeypatch, limit, status):
    settings.DATA_DIR, settings.STATIC_ROOT = tmp_path, tmp_path
    settings.MEDIA_ROOT, settings.MODEL_DIR = str(tmp_path / "files"), tmp_path / "model"
    (tmp_path / "staticfiles.json").write_text("{}")
    monkeypatch.setattr(machine, limit, 2**62)
    assert (machine.folders().status, bool(machine.folders().advice)) == (status, True)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "METRICS_TOKEN", "DATABASE_URL"])
def test_a_file_of_secrets_that_everybody_can_read_is_told(settings, tmp_path, monkeypatch, name):
    settings.DATA_DIR = settings.BASE_DIR = tmp_path
    key = tmp_path / "key"
    key.write_text("x")
    key.chmod(0o600)
    monkeypatch.setenv(f"{name}_FILE", str(key))
    assert secrets.permissions().status == "ok"
    key.chmod(key.stat().st_mode | stat.S_IROTH)
    found = secrets.permissions()
    assert (found.status, found.advice) == ("warn", f"chmod o= {key}")


def test_mail_is_off_until_a_server_is_named(settings):
    settings.EMAIL_BACKEND = machine.DUMMY
    assert machine.mail().status == "off"
    assert machine.mail_to("admin@example.org").status == "fail"


class Mailbox(socketserver.StreamRequestHandler):
    """Just enough of SMTP to take mail; keeps the lines that came."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        in_text = False
        for line in self.rfile:
            self.server.lines.append(line.decode().strip())
            begins = line.strip().lower() == b"data"
            in_text = begins or (in_text and line.strip() != b".")
            if begins or not in_text:
                self.wfile.write(b"354 go on\r\n" if begins else b"250 good\r\n")


def test_mail_is_sent_only_when_an_address_is_given(settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = machine.SMTP, "127.0.0.1"
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        server.daemon_threads, server.lines = True, []
        settings.EMAIL_PORT = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert machine.mail().status == "ok"
        assert not [line for line in server.lines if line.upper().startswith("MAIL")]
        assert machine.mail_to("admin@example.org").status == "ok"
        assert [line for line in server.lines if "admin@example.org" in line and line.upper().startswith("RCPT")]
        server.shutdown()


def test_a_mail_server_that_is_away_fails(settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = machine.SMTP, "127.0.0.1", free_port()
    (row,) = examine({"mail": registry.doctor_checks["mail"]})
    assert (row.status, row.advice) == ("fail", "Check EMAIL_URL: the server, its port and the password.")


@pytest.mark.needs("tesseract")
def test_a_language_that_tesseract_does_not_know_is_told(settings):
    settings.OCR_LANGUAGES = "eng"
    assert documents.scanned_pages().status == "ok"
    settings.OCR_LANGUAGES = "eng+xxx"
    assert "tesseract-ocr-xxx" in documents.scanned_pages().advice


def test_without_tesseract_scanned_pages_are_off(settings, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert documents.scanned_pages().status == "off"


def test_settings_that_contradict_one_another_are_told(settings):
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    assert machine.configuration().status == "ok"
    settings.PRODUCTION, settings.TRUSTED_PROXIES = True, 0
    found = machine.configuration()
    assert found.status in ("warn", "fail")
    assert "langai.W006" in found.found
