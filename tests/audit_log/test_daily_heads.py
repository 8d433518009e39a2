"""Once a day the end of the chain goes where nobody who writes to the database can change it."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from langai_site import registry
from langai_site.audit.recording import record
from langai_site.usage.audit_pages import exporting, verify
from langai_site.usage.ledger import daily_heads, sealing, verification
from langai_site.usage.models import DailyHead
from langai_site.usage.months import month_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(settings, tmp_path):
    """The file for heads; mails are kept in memory."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.AUDIT_HEAD_MAIL = ["auditor@example.org"]
    settings.AUDIT_HEAD_FILE = str(tmp_path / "elsewhere" / "heads.jsonl")
    Path(settings.AUDIT_HEAD_FILE).parent.mkdir()
    return Path(settings.AUDIT_HEAD_FILE)


def tonight() -> None:
    registry.nightly_jobs["head of the chain"]()


@pytest.fixture
def a_day_passes(monkeypatch):
    """`a_day_passes()`: from now on it is a day later."""
    now = timezone.now

    def pass_on():
        passed.append(timedelta(days=1))
        monkeypatch.setattr(timezone, "now", lambda: now() + sum(passed, timedelta()))

    passed = []
    return pass_on


def said() -> tuple[str, str]:
    found = registry.doctor_checks["head of the chain"].run()
    return found.status, found.found


def test_a_day_has_one_line_and_one_mail(file):
    record("team.add", "team", 1)
    tonight()
    record("team.change", "team", 1)
    tonight()
    end = DailyHead.objects.get()
    assert json.loads(file.read_text()) == {
        "date": timezone.localdate().isoformat(), "sequence": 1, "hash": end.hash
    }  # fmt: skip
    assert file.stat().st_mode & 0o777 == 0o600
    (sent,) = mail.outbox
    assert sent.to == ["auditor@example.org"]
    assert daily_heads.line(end) in sent.body
    assert said() == ("ok", f"the head of {end.date} is delivered: file and mail")


def test_what_could_not_be_delivered_is_told_and_made_up_with_the_values_of_its_day(file, caplog, a_day_passes):
    file.parent.rmdir()
    record("team.add", "team", 1)
    with pytest.raises(daily_heads.HeadNotDeliveredError):
        tonight()
    first = verification.head().hash
    status, words = said()
    assert status == "fail"
    assert "file: FileNotFoundError" in words
    assert "could not be delivered" in caplog.text
    a_day_passes()
    file.parent.mkdir()
    record("team.change", "team", 1)
    tonight()
    assert [head.hash for head in verify.read_heads(file.open())] == [first, verification.head().hash]
    assert len(mail.outbox) == 2
    assert said()[0] == "ok"


def test_a_worker_that_was_killed_after_writing_leaves_no_line_twice(file, a_day_passes):
    tonight()
    DailyHead.objects.update(file_at=None)
    file.write_text(file.read_text() + '{"date": "20')
    tonight()
    assert len(verify.read_heads(file.open())) == 1
    a_day_passes()
    tonight()
    assert len(verify.read_heads(file.open())) == 2


@pytest.mark.parametrize(
    ("file_name", "addresses", "status", "words"),
    [("", [], "off", "are not set"), ("", ["a@example.org"], "fail", "EMAIL_URL is not set")],
)
def test_doctor_says_where_nothing_can_go(settings, file_name, addresses, status, words):
    settings.AUDIT_HEAD_FILE, settings.AUDIT_HEAD_MAIL = file_name, addresses
    settings.EMAIL_BACKEND = daily_heads.DUMMY
    try:
        tonight()
    except daily_heads.HeadNotDeliveredError:
        assert addresses
    assert said()[0] == status
    assert words in said()[1]


def test_a_worker_that_makes_no_heads_any_more_is_told(file, a_day_passes):
    assert said()[0] == "warn"
    tonight()
    a_day_passes()
    a_day_passes()
    assert said()[0] == "warn"


def verified(tmp_path, heads: Path) -> tuple[int, str]:
    month = tmp_path / "month.jsonl"
    month.write_text("".join(exporting.month(month_of(timezone.now()))))
    words = [sys.executable, "-I", "-S", verify.__file__, str(month), "--heads", str(heads)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


def test_a_month_and_the_ledger_are_compared_with_the_heads(file, tmp_path, capsys):
    for team in range(3):
        record("team.add", "team", team)
        sealing.seal_events()
    tonight()
    assert verified(tmp_path, file)[0] == 0
    call_command("verify_ledger", "--head", str(file))
    message = tmp_path / "message.txt"
    message.write_text(mail.outbox[0].body)
    assert verified(tmp_path, message)[0] == 0
    kept = file.read_text()
    file.write_text(kept.replace(verification.head().hash, "f" * 64))
    code, words = verified(tmp_path, file)
    assert (code, "place 3: what came before was rewritten" in words) == (1, True)
    with pytest.raises(SystemExit):
        call_command("verify_ledger", "--head", str(file))
    file.write_text(kept.replace('"sequence": 3', '"sequence": 99'))
    assert "None of the daily heads is of this month" in verified(tmp_path, file)[1]
    file.write_text("nothing")
    assert verified(tmp_path, file)[0] == 2
