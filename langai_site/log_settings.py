"""How the processes log: one line or one JSON object an entry, on standard error."""

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
        # Below warnings only LangAI itself is heard: others log requests, bodies and queries there.
        "root": {"handlers": ["stderr"], "level": others},
        "loggers": {
            # It repeats each failed attempt; who waits for the connection is told in the end.
            "psycopg.pool": {"level": "ERROR"},
            # Django gives these two handlers of their own, which would write beside ours.
            **{name: {"level": others, "handlers": []} for name in ("django", "django.server")},
            **{name: {"level": level} for name in ("chat", "documents", "search", "langai_site")},
        },
    }
