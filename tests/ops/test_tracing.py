"""Traces follow an answer through its parts, hold nothing that anybody wrote, and are off unless they are asked for."""

import asyncio

import pytest
from django.test import AsyncClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from langai_site import request_id
from langai_site.errors import NotFoundError
from langai_site.request_id import Trail
from langai_site.telemetry import tracing
from tests.ops.processes import Program

START = """
import sys, django
django.setup()
from langai_site import asgi
from langai_site.telemetry import tracing
{before}
tracing.start()
print("loaded", sorted({{name.partition(".")[0] for name in sys.modules}} & {{"opentelemetry", "grpc"}}))
"""
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture
def spans(monkeypatch):
    """Those that ended, oldest first."""
    monkeypatch.setattr(tracing, "_provider", None)
    monkeypatch.setattr(tracing, "_tracer", None)
    exporter = InMemorySpanExporter()
    tracing.use(SimpleSpanProcessor(exporter))
    return exporter.get_finished_spans


def started(tmp_path, before: str = "", **environment: str) -> Program:
    program = Program(START.format(before=before), tmp_path, **environment)
    program.until("loaded", seconds=60)
    return program


@pytest.mark.parametrize("environment", [{}, {**ENDPOINT, "OTEL_SDK_DISABLED": "true"}], ids=["unset", "disabled"])
def test_nothing_is_loaded_while_traces_are_off(tmp_path, environment):
    assert started(tmp_path, **environment).lines[-1] == "loaded []"


def test_the_standard_variables_switch_them_on(tmp_path):
    program = started(tmp_path, **ENDPOINT)
    assert program.lines[-1] == "loaded ['grpc', 'opentelemetry']"
    assert "Traces are sent" in program.log


def test_a_missing_package_is_told_in_one_line_and_costs_nothing_else(tmp_path):
    program = started(tmp_path, before="sys.modules['opentelemetry.sdk.trace.export'] = None", **ENDPOINT)
    (line,) = [line for line in program.lines if "OTEL_" in line]
    assert "opentelemetry.sdk.trace.export is missing. Install it: pip install" in line


def test_a_protocol_that_there_is_not_is_told_too(tmp_path):
    program = started(tmp_path, OTEL_EXPORTER_OTLP_PROTOCOL="pigeon", **ENDPOINT)
    assert "Nothing is traced" in program.log


async def test_parts_belong_to_their_whole_across_tasks_and_threads(spans):
    async def reply():
        with tracing.span("provider", {"langai.model": "m"}):
            await asyncio.to_thread(request_id.carried(part))

    def part():
        with tracing.span("inner"):
            pass

    with request_id.following(Trail("asked-1")), tracing.span("request") as span:
        task = asyncio.create_task(tracing.within("reply", reply()), context=request_id.fresh_context())
        span.called("POST chat:start", {"http.response.status_code": 204})
    await task
    found = {span.name: span for span in spans()}
    assert set(found) == {"POST chat:start", "reply", "provider", "inner"}
    assert len({span.context.trace_id for span in found.values()}) == 1
    for child, parent in (("reply", "POST chat:start"), ("provider", "reply"), ("inner", "provider")):
        assert found[child].parent.span_id == found[parent].context.span_id
    assert {span.attributes["langai.request_id"] for span in found.values()} == {"asked-1"}
    assert found["provider"].attributes["langai.model"] == "m"


async def test_a_request_goes_on_with_the_trace_of_who_sent_it(spans):
    sender = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await AsyncClient().get("/health", headers={"traceparent": sender})
    (span,) = spans()
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET health", 200)
    assert f"{span.context.trace_id:032x}" == sender.split("-")[1]
    assert f"{span.parent.span_id:016x}" == sender.split("-")[2]


async def test_of_an_error_only_its_kind_is_told(spans):
    with pytest.raises(NotFoundError), tracing.span("retrieval"):
        raise NotFoundError("what a person wrote")
    (span,) = spans()
    assert (span.status.is_ok, span.status.description, span.events) == (False, "NotFoundError", ())


async def test_to_be_stopped_is_no_failure(spans):
    work = asyncio.create_task(tracing.within("reply", asyncio.sleep(60)))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert spans()[0].status.status_code is StatusCode.UNSET
