"""Logging of the processes: one line or one JSON object per entry, on standard error."""

from typing import Any


def logging_at(level: str, *, production: bool) -> dict[str, Any]:
    """Return Django's LOGGING for a level of our own loggers, such as INFO."""
    others = "ERROR" if level == "ERROR" else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "langai_site.telemetry.logs.formatter", "production": production}},
        "filters": {"no_error": {"()": "langai_site.telemetry.logs.NoError"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_error"]}},
        # Below warnings only LangAI itself is logged: others log requests, bodies and queries there.
        "root": {"handlers": ["stderr"], "level": others},
        "loggers": {
            # It repeats each failed attempt; the caller that waits for the connection gets an error in the end.
            "psycopg.pool": {"level": "ERROR"},
            # Django gives these two their own handlers, which would write beside ours.
            **{name: {"level": others, "handlers": []} for name in ("django", "django.server")},
            **{name: {"level": level} for name in ("chat", "documents", "search", "langai_site")},
        },
    }
