"""OpenTelemetry traces, enabled by its own environment variables; while they are off, none of it is imported.

A span says what took how long: routes, models, statuses. It never holds what people wrote or what was answered, nor
the message of an error, which may quote either.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar

from langai_site import request_id

logger = logging.getLogger(__name__)

T = TypeVar("T")
Value = str | int | float | bool

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
EXPORTERS = {
    "grpc": "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http.trace_exporter",
}
INSTALL = "pip install opentelemetry-sdk opentelemetry-exporter-otlp"
FLUSH_MS = 2000
# Not failures: a person pressed stop, or the process ends.
ENDINGS = (asyncio.CancelledError, GeneratorExit)

NONE: Mapping[str, Any] = {}

_provider: Any = None
_tracer: Any = None


class TraceSpan:
    """Attributes of a piece of work that are known only at its end; ignored while tracing is off."""

    def __init__(self, span: Any = None) -> None:  # noqa: ANN401 - OpenTelemetry's, which is imported late
        self._span = span

    def called(self, name: str, attributes: Mapping[str, Value]) -> None:
        if self._span is not None:
            self._span.update_name(name)
            self._span.set_attributes(attributes)


_OFF = nullcontext(TraceSpan())


def wanted(environment: Mapping[str, str]) -> bool:
    """Return whether the standard variables request traces: they name an endpoint and do not disable tracing."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(environment.get(name) for name in ENDPOINTS)


def start() -> None:
    """Start tracing if that is wanted; log a line about it, or about what is missing."""
    if not wanted(os.environ):
        return
    try:
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        use(BatchSpanProcessor(_exporter()))
    except ImportError as error:
        logger.warning("OTEL_ variables ask for traces, but %s is missing. Install it: %s", error.name, INSTALL)
    except Exception as error:
        logger.warning("Nothing is traced: the OTEL_ variables cannot be followed (%s)", type(error).__name__)
    else:
        logger.info("Traces are sent as the OTEL_ variables say")


def _exporter() -> Any:  # noqa: ANN401 - OpenTelemetry's
    from importlib import import_module

    protocol = next((value for name in PROTOCOLS if (value := os.environ.get(name))), "grpc")
    return import_module(EXPORTERS[protocol]).OTLPSpanExporter()


def use(processor: Any) -> None:  # noqa: ANN401 - OpenTelemetry's
    """Give every span that ends to `processor`."""
    global _provider, _tracer
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider

    os.environ.setdefault("OTEL_SERVICE_NAME", "langai")
    _provider = TracerProvider(resource=Resource.create({SERVICE_NAME: os.environ["OTEL_SERVICE_NAME"]}))
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("langai")


def stop() -> None:
    """Send what has not been sent yet, briefly, and stop tracing."""
    global _provider, _tracer
    if _provider is not None:
        _provider.force_flush(FLUSH_MS)
    _provider = _tracer = None


def span(
    name: str, attributes: Mapping[str, Value] = NONE, *, headers: Mapping[str, str] = NONE
) -> AbstractContextManager[TraceSpan]:
    """Measure the block as a child of the current span, or of the one that `headers` (`traceparent`) name."""
    return _OFF if _tracer is None else _measured(name, attributes, headers)


async def within(name: str, work: Awaitable[T]) -> T:
    """Await `work` inside a span."""
    with span(name):
        return await work


@contextmanager
def _measured(name: str, attributes: Mapping[str, Value], headers: Mapping[str, str]) -> Iterator[TraceSpan]:
    from opentelemetry.trace import StatusCode

    here = request_id.current()
    started_span = _tracer.start_span(name, context=_parent(here, headers), attributes=attributes)
    if here.request:
        started_span.set_attribute("langai.request_id", here.request)
    try:
        with request_id.following(replace(here, span=started_span)):
            yield TraceSpan(started_span)
    except ENDINGS:
        raise
    except BaseException as error:
        started_span.set_status(StatusCode.ERROR, type(error).__name__)
        raise
    finally:
        started_span.end()


def _parent(here: request_id.Trail, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - OpenTelemetry's context
    from opentelemetry.context import Context
    from opentelemetry.trace import set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    if here.span is not None:
        return set_span_in_context(here.span, Context())
    named = {name.lower(): value for name, value in headers.items()}
    return TraceContextTextMapPropagator().extract(named, Context())
