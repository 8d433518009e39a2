"""Import a file as the worker does, and read the report."""

import json

from django.core.files.base import ContentFile

from chat.transfers import access, jobs
from langai_site.processes import worker


def imported(person, data, name="export.zip", floor=None):
    """Import a file as the worker does; return its row."""
    worker.stopping.clear()
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    row = access.start_import(person, ContentFile(data, name), floor)
    assert jobs.run()
    row.refresh_from_db()
    return row


def counts(row):
    assert row.status == "done", row.error
    report = row.report
    assert report["found"] == sum(report[name] for name in ("imported", "updated", "same", "broken"))
    return {name: report[name] for name in ("found", "imported", "updated", "same", "broken")}


def left_out(row):
    return {line["reason"]: line["count"] for line in row.report["left_out"]}
