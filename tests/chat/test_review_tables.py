"""Review tables: who has them, what the worker fills in, what is asked again, and what exports hold."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from chat.grounding.checking import checks_of
from chat.models import ReviewCell, ReviewTable
from chat.reviews import filling, tables
from chat.reviews.values import value_of, verdict_of
from chat.turns import cited_sources
from documents import services
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Budget, Reservation, UsageEntry
from langai_site.usage.types import Entry, Usage
from search.models import Collection, Source
from tests.chat.handbook import QUESTION, read_all, replaced

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_stores")]

CONTRACT = "The contract ends on 31 March 2027. The cap of liability is EUR 1,000,000. It can be extended."


@pytest.fixture
def table(alice, document, shared):
    made = tables.create(alice, "Leave rules", shared.pk)
    tables.save_column(alice, made.pk, None, "Days", QUESTION, "text")
    return made


def filled(user, table):
    filling.start(user, table.pk)
    run()
    return ReviewCell.objects.filter(row__table=table).order_by("pk").first()


def run():
    while filling.run():
        pass


@pytest.mark.parametrize(
    ("kind", "text", "value", "verdict"),
    [
        ("date", "2027-03-31 [1]\nThe contract ends on 31 March 2027 [1].", "2027-03-31", "stands"),
        ("date", "2027-03-30 [1]\nThe contract ends on 31 March 2027 [1].", "2027-03-30", "reworded"),
        ("date", "At the end of March [1]", None, "wrong_kind"),
        ("number", "1,000,000 [1]\nThe cap of liability is EUR 1,000,000 [1].", "1000000", "stands"),
        ("number", "none [1]", None, "wrong_kind"),
        ("number", "1.000.000 [1]", "1000000", "stands"),
        ("number", "1.234,5 [1]", "1234.5", "reworded"),
        ("number", "**-1,000,000** [1]", "-1000000", "stands"),
        ("number", "- 1,000,000 [1]", "1000000", "stands"),
        ("yes_no", "Yes [1]\nIt can be extended [1].", "yes", "stands"),
        ("yes_no", "Yes [1]", "yes", "reworded"),
        ("yes_no", "Maybe [1]", None, "wrong_kind"),
        ("quotation", "“The contract ends on 31 March 2027.” [1]", "The contract ends on 31 March 2027.", "stands"),
        ("quotation", "“The contract ends on 30 March 2027.” [1]", "The contract ends on 30 March 2027.", "reworded"),
        ("text", "31 March 2027 [1]", "31 March 2027", "stands"),
        ("text", "31 March 2027", "31 March 2027", "no_source"),
        ("text", "Not stated.", "", "not_stated"),
    ],
)
def test_an_answer_is_read_as_its_type_and_compared_with_its_source(kind, text, value, verdict):
    passages = {1: CONTRACT} if "[1]" in text else {}
    assert value_of(text, kind) == value
    assert verdict_of(text, kind, checks_of(text, passages), passages) == verdict


def test_a_cell_is_answered_cited_and_checked_and_asked_again_only_after_a_change(client, alice, table, document):
    cell = filled(alice, table)
    assert (cell.state, cell.verdict) == ("done", "stands")
    assert "25 days" in cell.value
    assert [place["title"] for place in cell.citations] == ["Leave"]
    table.refresh_from_db()
    assert table.status == "idle"
    assert not filling.start(alice, table.pk).due
    replaced(document, "Everyone has 28 days of holiday a year.")
    client.force_login(alice)
    assert "document or question changed" in client.get(reverse("chat:review", args=[table.pk])).text
    assert "28 days" in filled(alice, table).value


def test_nobody_else_has_a_table(client, alice, bob, table):
    cell = filled(alice, table)
    client.force_login(bob)
    own = {"name": "review", "args": [table.pk]}
    for name, args in [
        (own["name"], own["args"]),
        ("review-fill", own["args"]),
        ("review-question-add", own["args"]),
        ("review-question", [table.pk, cell.column_id]),
        ("review-export", [table.pk, "csv"]),
        ("review-cell", [table.pk, cell.pk]),
    ]:
        assert client.get(reverse(f"chat:{name}", args=args)).status_code == 404, name
    for name, args in [
        ("review-fill", own["args"]),
        ("review-stop", own["args"]),
        ("review-rename", own["args"]),
        ("review-documents", own["args"]),
        ("review-delete", own["args"]),
        ("review-row-remove", [table.pk, cell.row_id]),
        ("review-question-remove", [table.pk, cell.column_id]),
        ("review-cell", [table.pk, cell.pk]),
    ]:
        assert client.post(reverse(f"chat:{name}", args=args), {"name": "x", "text": "x"}).status_code == 404, name
    assert ReviewCell.objects.get().correction is None


def test_the_pages_make_fill_correct_and_delete_a_table(client, alice, document, shared):
    client.force_login(alice)
    assert client.post(reverse("chat:reviews"), {"name": "", "collection": shared.pk}).status_code == 400
    made = client.post(reverse("chat:reviews"), {"name": "Leave", "collection": shared.pk})
    table = ReviewTable.objects.get()
    assert made.url == reverse("chat:review", args=[table.pk])
    question = {"name": "Days", "question": QUESTION, "kind": "text"}
    assert client.post(reverse("chat:review-question-add", args=[table.pk]), question).status_code == 302
    assert "1 cell will be asked" in client.get(reverse("chat:review-fill", args=[table.pk])).text
    assert client.post(reverse("chat:review-fill", args=[table.pk])).status_code == 302
    run()
    assert "25 days" in client.get(made.url).text
    cell = ReviewCell.objects.get()
    address = reverse("chat:review-cell", args=[table.pk, cell.pk])
    assert client.post(address, {"text": "25"}).status_code == 302
    assert "corrected by hand" in client.get(address).text
    assert client.post(reverse("chat:review-delete", args=[table.pk])).status_code == 302
    assert not ReviewTable.objects.exists()


def test_a_correction_stays_and_is_marked_once_the_document_changes(alice, table, document):
    cell = filled(alice, table)
    tables.correct(alice, table.pk, cell.pk, "25")
    replaced(document, "Everyone has 28 days of holiday a year.")
    cell = filled(alice, table)
    assert (cell.shown, cell.is_outdated_correction, cell.is_doubtful) == ("25", True, True)
    assert "28 days" in cell.value


def test_a_correction_of_a_cell_without_an_answer_is_marked_too(client, alice, table, document):
    cell = ReviewCell.objects.get()
    tables.correct(alice, table.pk, cell.pk, "25")
    client.force_login(alice)
    address = reverse("chat:review", args=[table.pk])
    assert "document or question changed" not in client.get(address).text
    replaced(document, "Everyone has 28 days of holiday a year.")
    page = client.get(address, {"doubtful": "1"}).text
    assert "document or question changed" in page
    assert "corrected by hand; changed since" in client.get(reverse("chat:review-cell", args=[table.pk, cell.pk])).text


def test_what_may_no_longer_be_read_is_not_shown_nor_sent_nor_exported(client, alice, bob, document, shared):
    table = tables.create(bob, "Mine", shared.pk)
    tables.save_column(bob, table.pk, None, "Days", QUESTION, "text")
    cell = filled(bob, table)
    shared.everyone = False
    shared.save()
    client.force_login(bob)
    page = client.get(reverse("chat:review", args=[table.pk])).text
    assert "You cannot read this document any more" in page
    export = client.get(reverse("chat:review-export", args=[table.pk, "csv"])).text
    assert "25 days" not in page + export
    assert "Leave" not in page + export
    assert client.get(reverse("chat:review-cell", args=[table.pk, cell.pk])).status_code == 404
    assert filling.start(bob, table.pk).unreadable == 1


def test_a_document_takes_its_answers_along_and_a_replaced_version_does_not(alice, table, document):
    filled(alice, table)
    replaced(document, "Everyone has 28 days of holiday a year.")
    Source.objects.filter(live=False).update(retired_at=timezone.now() - timedelta(days=2))
    cited_sources.discard_uncited()
    assert ReviewCell.objects.count() == 1
    services.delete(document)
    Source.objects.all().delete()
    assert not ReviewCell.objects.exists()


def test_a_dead_worker_loses_no_finished_cell_and_none_is_paid_twice(alice, table, admin, shared, echo):
    for name in ("b", "c"):
        services.upload(
            collection=shared, file=ContentFile(f"{name}: 25 days.".encode(), f"{name}.txt"), user=admin, title=name
        )
    read_all()
    tables.add_new_documents(alice, table.pk)
    Budget.objects.create(scope="site", period="month", amount=5)
    for _each in range(3):
        echo.script("25 days [1]")
    filling.start(alice, table.pk)
    held = Reservation.objects.get(reply=table.hold)
    assert held.status == "held"
    assert held.amount > 0
    filling.run()
    # A worker that dies with a cell in its hands leaves it with a lease.
    dead = filling._claimed()
    assert dead
    assert filling._claimed() is None
    ReviewCell.objects.filter(pk=dead.cell.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    run()
    assert set(ReviewCell.objects.values_list("state", flat=True)) == {"done"}
    assert UsageEntry.objects.filter(source="review").count() == 3
    assert not Reservation.objects.filter(status="held").exists()


def test_a_document_deleted_during_a_call_keeps_nothing_and_the_call_is_entered(alice, table, echo):
    echo.script("25 days [1]")
    filling.start(alice, table.pk)
    asked = filling._claimed()
    Source.objects.all().delete()
    priced = (Usage(10, 5), Decimal("0.01"), 12, 300, "complete")
    asked.entries.append(Entry(asked.request.caller, "m", "p", True, Sensitivity.PUBLIC, *priced))
    filling._write(asked, {"state": "done", "source_id": asked.source, "value": "25 days"})
    cell = ReviewCell.objects.get()
    assert (cell.state, cell.value) == ("failed", "")
    assert UsageEntry.objects.filter(source="review").count() == 1


def test_a_stopped_table_is_not_gone_on_with_after_a_crash(alice, table):
    filling.start(alice, table.pk)
    dead = filling._claimed()
    filling.stop(alice, table.pk)
    ReviewCell.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run()
    assert dead
    assert ReviewCell.objects.get().state == "empty"
    filling.start(alice, table.pk)
    run()
    assert ReviewCell.objects.get().state == "done"


def test_a_budget_without_room_starts_nothing(client, alice, table, echo):
    Budget.objects.create(scope="site", period="month", amount=Decimal("0.000001"))
    client.force_login(alice)
    answer = client.post(reverse("chat:review-fill", args=[table.pk]))
    assert answer.status_code == 429
    table.refresh_from_db()
    assert table.status == "idle"
    assert set(ReviewCell.objects.values_list("state", flat=True)) == {"empty"}


def test_a_confidential_row_is_not_sent_to_a_hosted_model(client, alice, table, document, echo):
    Source.objects.update(sensitivity=Sensitivity.CONFIDENTIAL)
    client.force_login(alice)
    assert "cannot be answered" in client.get(reverse("chat:review-fill", args=[table.pk])).text
    cell = filled(alice, table)
    assert cell.state == "failed"
    assert cell.error
    assert not [sent for sent in echo.requests() if "holiday" in str(sent)]


def test_exports_have_typed_values_and_links_and_no_formula(client, alice, table, document):
    cell = filled(alice, table)
    tables.correct(alice, table.pk, cell.pk, "=1+1")
    days = tables.save_column(alice, table.pk, None, "Cap", "What is the cap?", "number")
    ReviewCell.objects.filter(column=days).update(state="done", value="25", number=25, verdict="stands")
    since = tables.save_column(alice, table.pk, None, "Since", "Since when?", "date")
    ReviewCell.objects.filter(column=since).update(state="done", value="1850-01-31", verdict="stands")
    client.force_login(alice)
    rows = list(csv.reader(io.StringIO(client.get(reverse("chat:review-export", args=[table.pk, "csv"])).text)))
    assert rows[1][0] == "Leave"
    assert rows[1][1] == "'=1+1"
    assert "/sources/" in rows[1][3]
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(reverse("chat:review-export", args=[table.pk, "xlsx"])).content)
    )
    sheet = book.worksheets[0]
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1", "s")
    assert sheet["E2"].value == 25
    assert sheet["H2"].value == "1850-01-31"
    assert sheet["D2"].hyperlink


def test_sorting_and_only_doubtful_ones(client, alice, table, document, shared, admin):
    services.upload(collection=shared, file=ContentFile(b"Nothing of note.", "z.txt"), user=admin, title="Zebra")
    read_all()
    tables.add_new_documents(alice, table.pk)
    filled(alice, table)
    column = table.columns.get()
    client.force_login(alice)
    address = reverse("chat:review", args=[table.pk])
    ReviewCell.objects.filter(row__document=document.pk).update(value="b", verdict="stands")
    ReviewCell.objects.exclude(row__document=document.pk).update(value="a", verdict="no_source", state="done")
    page = client.get(address, {"sort": column.pk}).text
    assert page.index("Zebra") < page.index(">Leave<")
    page = client.get(address, {"doubtful": "1"}).text
    assert "Zebra" in page
    assert ">Leave<" not in page
    assert ">Leave<" in client.get(address, {"q": "leave"}).text


def test_a_large_table_needs_no_more_statements_than_a_small_one(
    client, alice, table, document, django_assert_max_num_queries
):
    collection = Collection.objects.get()
    values = {"collection": collection, "file_name": "x.txt", "media_type": "text/plain", "live": True}
    Source.objects.bulk_create([Source(document=uuid4(), title=f"Doc {n}", **values) for n in range(199)])
    for number in range(7):
        tables.save_column(alice, table.pk, None, f"Q{number}", f"Question {number}?", "text")
    tables.add_new_documents(alice, table.pk)
    assert ReviewCell.objects.count() == 1600
    client.force_login(alice)
    with django_assert_max_num_queries(20):
        assert client.get(reverse("chat:review", args=[table.pk])).status_code == 200
