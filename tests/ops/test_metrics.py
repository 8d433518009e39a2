"""/metrics: who may read it, and that it tells of every process."""

import os
import re
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from django.utils import timezone

from documents.models import Document
from langai_site import registry
from langai_site.models import Heartbeat
from langai_site.sensitivity import Sensitivity
from langai_site.telemetry import metrics_view
from langai_site.usage.spending import reservations as usage
from langai_site.usage.types import Caller, Entry, Usage
from search.models import Collection
from tests.ops.processes import Program

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = """
import django
django.setup()
from langai_site.telemetry import metrics_view
from langai_site.web.request_metrics import REQUESTS
REQUESTS.labels("other:page", "GET", 200).inc(7)
metrics_view.publish("worker")
print("published")
"""


@pytest.fixture(autouse=True)
def data(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


async def scraped(**headers: str):
    return await AsyncClient().get("/metrics", headers=headers)


async def told() -> str:
    response = await scraped()
    assert response.status_code == 200
    return response.content.decode()


def value(text: str, name: str, **labels: object) -> float:
    """The sum of the samples that have these labels, whichever process told them."""
    found = 0.0
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
        if match and all(f'{key}="{wanted}"' in (match[1] or "") for key, wanted in labels.items()):
            found += float(match[2])
    return found


async def test_this_machine_may_read_without_a_token():
    response = await scraped()
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"])
async def test_what_a_proxy_passes_on_is_not_this_machine(header):
    response = await scraped(**{header: "127.0.0.1"})
    assert response.status_code == 403
    assert b"langai_" not in response.content


@pytest.mark.parametrize("address", ["10.0.0.7", "2001:db8::1", ""])
def test_another_machine_may_not(address):
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 403


async def test_the_token_opens_it_from_anywhere_and_nothing_like_it_does(settings):
    settings.METRICS_TOKEN = "token-of-monitoring"
    far = {"X-Forwarded-For": "10.0.0.7"}
    assert (await scraped(**far, Authorization="Bearer token-of-monitoring")).status_code == 200
    for given in (
        "Bearer token",
        "Bearer ",
        "Basic token-of-monitoring",
        "token-of-monitoring",
        "Bearer é",
    ):
        assert (await scraped(**far, Authorization=given)).status_code == 403


async def test_without_a_token_set_none_opens_it(settings):
    settings.METRICS_TOKEN = ""
    assert (await scraped(**{"X-Forwarded-For": "10.0.0.7", "Authorization": "Bearer "})).status_code == 403


async def test_requests_are_counted_by_route_and_never_by_address():
    before = await told()
    conversation = "/conversations/3f0c2b62-4a54-4d5c-a9de-0a8d1ff3b6a1/"
    for path in ("/health", "/no/such/address", "/static/none.css", conversation):
        await AsyncClient().get(path)
    await AsyncClient().generic("BREW", "/health")
    after = await told()
    for route, method, status in (
        ("health", "GET", 200),
        ("none", "GET", 404),
        ("static", "GET", 404),
        ("chat:conversation", "GET", 302),
        ("health", "other", 200),
    ):
        labels = {"route": route, "method": method, "status": status}
        counted = [value(text, "langai_requests_total", **labels) for text in (before, after)]
        assert counted[1] - counted[0] == 1, labels
        assert value(after, "langai_request_seconds_count", route=route, method=method) >= 1
    assert "3f0c2b62" not in after
    assert "no/such" not in after


async def test_every_process_is_told_of_under_its_own_name(data):
    await told()
    other = Program(OTHER, data)
    other.until("published")
    assert other.wait(20) == 0
    text = await told()
    assert value(text, "langai_requests_total", route="other:page") == 7
    named = set(re.findall(r'process="((?:web|worker):[^"]+)"', text))
    assert {name.partition(":")[0] for name in named} == {"web", "worker"}
    assert text.count("# TYPE langai_requests_total counter") == 1
    assert value(text, "process_resident_memory_bytes") > 0


async def test_a_process_that_ended_is_forgotten(data):
    await told()
    gone = data / "metrics" / "worker:host:1.json"
    gone.write_text('[{"name": "langai_gone", "words": "", "type": "gauge", "samples": [["langai_gone", {}, 1]]}]')
    assert value(await told(), "langai_gone") == 1
    long_ago = gone.stat().st_mtime - metrics_view.FRESH_SECONDS - 5
    os.utime(gone, (long_ago, long_ago))
    assert value(await told(), "langai_gone") == 0
    os.utime(gone, (long_ago - metrics_view.KEPT_SECONDS, long_ago - metrics_view.KEPT_SECONDS))
    await told()
    assert not gone.exists()


async def test_nothing_is_written_while_nobody_asks(data):
    metrics_view.publish_worker()
    assert list(data.iterdir()) == []
    await told()
    metrics_view.publish_worker()
    assert len(list((data / "metrics").glob("worker:*.json"))) == 1


async def test_a_figure_that_cannot_be_read_costs_no_other(monkeypatch):
    def broken() -> float:
        raise ConnectionError("away")

    monkeypatch.setattr(registry, "shared_gauges", {**registry.shared_gauges})
    registry.shared_gauge(registry.Gauge("langai_broken", "", broken))
    text = await told()
    assert "langai_broken" not in text
    assert "langai_workers" in text


async def test_the_queue_of_documents_and_the_workers_are_told():
    collection = await Collection.objects.acreate(name="Shelf")
    now = timezone.now()
    for number, status in enumerate((Document.Status.QUEUED, Document.Status.QUEUED, Document.Status.FAILED)):
        await Document.objects.acreate(
            collection=collection,
            title="x",
            file_name="x.txt",
            sha256=str(number),
            status=status,
            uploaded_at=now - timezone.timedelta(minutes=number),
        )
    await Heartbeat.objects.acreate(worker="here:1")
    text = await told()
    counts = {status: value(text, "langai_documents", status=status) for status in ("queued", "working", "failed")}
    assert counts == {"queued": 2, "working": 0, "failed": 1}
    assert 55 < value(text, "langai_documents_oldest_queued_seconds") < 120
    assert value(text, "langai_workers") == 1
    assert 0 <= value(text, "langai_worker_heartbeat_age_seconds") < 30


def entry(**values) -> Entry:
    usual = {"status": "complete", "cost": None, "first_token_ms": 120, "duration_ms": 900}
    usage = Usage(input_tokens=100, output_tokens=20, cached_tokens=60)
    return Entry(
        caller=Caller(username="alice"),
        model="openai/figures",
        provider="openai",
        hosted=True,
        label=Sensitivity.PUBLIC,
        usage=usage,
        **{**usual, **values},
    )


async def test_what_calls_took_is_counted_when_it_is_in_the_ledger():
    before = await told()
    await sync_to_async(usage.record)([entry(cost=Decimal("0.25")), entry(status="cut"), entry(kind="embedding")])
    after = await told()

    def grown(name: str, **labels: str) -> float:
        first, last = (value(text, name, model="openai/figures", **labels) for text in (before, after))
        return last - first

    assert grown("langai_calls_total", status="complete", kind="chat") == 1
    assert grown("langai_calls_total", status="cut") == 1
    assert [grown("langai_tokens_total", direction=way) for way in ("in", "out", "cached")] == [300, 60, 180]
    assert grown("langai_cost_dollars_total") == 0.25
    assert grown("langai_unpriced_calls_total") == 2
    assert grown("langai_call_first_token_seconds_count") == 3
    assert grown("langai_call_seconds_sum", kind="embedding") == pytest.approx(0.9)
    assert "alice" not in after
