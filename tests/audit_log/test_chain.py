"""Events are sealed in the ledger's chain: whatever is done to one later is found, here and without LangAI."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from langai_site.accounts.models import Team, User
from langai_site.audit.models import AppendOnlyError, AuditEvent
from langai_site.audit.recording import record
from langai_site.usage.audit_pages import exporting, verify
from langai_site.usage.ledger import sealing, verification
from langai_site.usage.models import EventSeal, Seal, UsageEntry
from langai_site.usage.months import month_of

pytestmark = pytest.mark.django_db
LIST = "/admin/audit/auditevent/"


def entry():
    return UsageEntry.objects.create(model="m", provider="p", label=0, status="complete")


@pytest.fixture
def chained():
    """Three events with entries of the ledger between them, all sealed."""
    for team in range(1, 4):
        record("team.change", "team", team, fields=["name"])
        sealing.seal_events()
        entry()
        sealing.seal()


def month() -> list[str]:
    return list(exporting.month(month_of(timezone.now())))


def findings() -> list[str]:
    return [finding.text for finding in verification.findings()]


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def edited():
    sql("UPDATE audit_auditevent SET object_id = '9' WHERE object_id = '2'")


def removed():
    sql("DELETE FROM audit_auditevent WHERE object_id = '2'")


def removed_with_its_seal():
    sql("DELETE FROM usage_eventseal WHERE sequence = 3")
    removed()


def resealed():
    edited()
    sql("UPDATE usage_eventseal SET hash = %s WHERE sequence = 3", "0" * 64)


def swapped():
    sql("UPDATE usage_eventseal SET event = -1 WHERE sequence = 1")
    sql("UPDATE usage_eventseal SET event = (SELECT MIN(id) FROM audit_auditevent) WHERE sequence = 3")


def test_one_chain_has_both(chained):
    assert list(EventSeal.objects.values_list("sequence", flat=True)) == [1, 3, 5]
    assert list(Seal.objects.values_list("sequence", flat=True)) == [2, 4, 6]
    assert findings() == []
    assert verification.head().sequence == 6
    assert list(verify.problems(month())) == []


@pytest.mark.parametrize("tamper", [edited, removed, removed_with_its_seal, resealed, swapped])
def test_what_was_done_to_an_event_is_found_inside_and_outside(chained, tamper):
    head = verification.head()
    tamper()
    assert findings()
    assert list(verify.problems(month())) or tamper is removed_with_its_seal
    assert head.hash


def test_an_event_that_was_slipped_in_has_no_seal(chained):
    EventSeal.objects.update(sealed_at=timezone.now() - timedelta(hours=2))
    sql("UPDATE audit_auditevent SET id = id + 10")
    sql("UPDATE usage_eventseal SET event = event + 10")
    AuditEvent(id=1, action="team.change", door="admin").save(force_insert=True)
    assert [text for text in findings() if "has no seal" in text]


def run(tmp_path, lines, *more):
    file = tmp_path / "month.jsonl"
    file.write_text("".join(lines))
    words = [sys.executable, "-I", "-S", str(Path(verify.__file__)), str(file), *more]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


def test_the_program_needs_python_alone_and_compares_a_head_that_was_kept(chained, tmp_path):
    head = EventSeal.objects.get(sequence=3).hash
    assert run(tmp_path, month(), "--head", head) == (0, "The month is whole: every event is as it was sealed.\n")
    assert run(tmp_path, month(), "--head", "f" * 64)[0] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines[:2] + lines[3:], "does not follow"),
        (lambda lines: [lines[2], *lines[1:2], lines[0]], "does not follow"),
        (lambda lines: [line.replace('"fields": "name"', '"fields": "members"') for line in lines], "was changed"),
        (lambda lines: [*lines, "rubbish\n"], "not a place"),
        (lambda lines: [line for line in lines if "event" not in line], "no events"),
    ],
)
def test_a_file_that_somebody_changed_is_not_whole(chained, tmp_path, change, words):
    code, said = run(tmp_path, change(month()))
    assert code == 1
    assert words in said


def test_a_month_tells_nothing_of_the_ledger(chained):
    others = [json.loads(line) for line in month() if '"event"' not in line]
    assert [set(line) for line in others] == [{"sequence", "previous", "hash"}] * 2


def test_events_are_only_added():
    record("team.add", "team", 1)
    event = AuditEvent.objects.get()
    for change in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(kind=""),
    ):
        with pytest.raises(AppendOnlyError):
            change()


def test_an_unknown_action_is_a_mistake():
    with pytest.raises(AssertionError):
        record("team.paint", "team", 1)


@pytest.fixture
def auditor(client):
    """Staff who may read the audit log and nothing else."""
    user = User.objects.create_user("auditor", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    client.force_login(user)
    return client


@pytest.mark.django_db(transaction=True)
def test_the_list_is_filtered_searched_and_leads_from_an_object(auditor):
    record("team.change", "team", 7, fields=["name", "members"])
    record("budget.add", "budget", 8)
    page = auditor.get(f"{LIST}?kind=team&object_id=7").text
    assert "members, name" in page
    assert "Added a budget" not in re_list(page)
    assert "Added a budget" in re_list(auditor.get(f"{LIST}?q=8").text)
    lines = downloaded(auditor, "export.csv?kind=team").splitlines()
    assert lines[0].startswith("id,at,action")
    assert [line.split(",")[2] for line in lines[1:]] == ["team.change"]
    rows = downloaded(auditor, "export.json?kind=budget").splitlines()
    assert [json.loads(row)["action"] for row in rows] == ["budget.add"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_long_list_is_downloaded_whole(auditor, form):
    AuditEvent.objects.bulk_create([AuditEvent(action="team.change", door="admin") for _ in range(5000)])
    lines = downloaded(auditor, f"export.{form}?action=team.change").splitlines()
    assert len(lines) == 5000 + (form == "csv")


def downloaded(client, path: str) -> str:
    async def whole(pieces) -> bytes:
        return b"".join([piece async for piece in pieces])

    return async_to_sync(whole)(client.get(LIST + path).streaming_content).decode()


def re_list(page: str) -> str:
    return page.split('id="result_list"')[-1].split("</table>")[0]


def test_the_history_of_a_team_leads_to_its_events(client):
    client.force_login(User.objects.create_superuser("admin"))
    team = Team.objects.create(name="T")
    page = client.get(f"/admin/accounts/team/{team.pk}/history/").text
    assert f"{LIST}?kind=team&amp;object_id={team.pk}" in page


def test_nobody_changes_or_removes_events_in_admin(client):
    client.force_login(User.objects.create_superuser("admin"))
    event = AuditEvent.objects.first()
    assert event is not None
    assert client.post(f"{LIST}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{event.pk}/change/", {"kind": "x"}).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403


@pytest.mark.parametrize("path", ["", "export.csv", "2026-11.jsonl", "verify.py"])
def test_who_may_not_read_it_gets_nothing(client, path):
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.get(LIST + path).status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "cell"), [("=1+1", "'=1+1"), ("\uff1d1+1", "'\uff1d1+1"), ("x;=1", "x;'=1")])
def test_a_cell_is_no_formula(auditor, name, cell):
    record("team.change", "team", name)
    assert f",{cell}," in downloaded(auditor, "export.csv")
