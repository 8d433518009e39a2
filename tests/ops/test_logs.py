"""What a line of the log says, and what it never does."""

import json
import logging

import pytest
from django.db import IntegrityError
from django.test import RequestFactory
from twisted.python.failure import Failure

from langai_site import request_id
from langai_site.errors import InvalidError
from langai_site.processes.supervisor import write_json
from langai_site.telemetry import logs

SECRET = "the-launch-code-is-none"


def line(name: str, words: str, *args: object, production: bool = True, error: Exception | None = None, **more) -> str:
    level = logging.ERROR if error else logging.WARNING
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, level, __file__, 1, words, args, info)
    record.__dict__.update(more)
    return logs.formatter(production=production).format(record)


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


def test_a_line_of_production_is_one_object():
    with request_id.following(request_id.Trail("asked-1")):
        told = json.loads(line("chat.runner", "reply %s failed", 7))
    assert told["event"] == "reply 7 failed"
    assert (told["level"], told["logger"], told["request_id"]) == ("warning", "chat.runner", "asked-1")
    assert told["timestamp"].endswith("Z")


def test_a_line_of_development_can_be_read():
    with request_id.following(request_id.Trail("asked-1")):
        shown = line("chat.runner", "reply %s failed", 7, production=False)
    assert shown.endswith("WARNING chat.runner: reply 7 failed request_id=asked-1")


def test_a_name_with_line_breaks_makes_no_second_line():
    assert "\n" not in line("documents.tasks", "read %s", "a\nERROR chat: all is lost", production=False)


@pytest.mark.parametrize(
    "text",
    [
        "key sk-abcdefghijklmnopqrst",
        "Authorization: Bearer abcdefghijklmnop",
        "postgres://langai:hunter2hunter2@db/langai",
        "asked by bob.miller@mail.example.org",
    ],
)
@pytest.mark.parametrize("production", [True, False])
def test_what_opens_something_or_names_a_person_is_withheld_by_its_form(text, production):
    shown = line("chat.x", "failed: %s", text, production=production)
    assert logs.WITHHELD in shown
    assert not any(part in shown for part in ("abcdefgh", "hunter2", "miller"))


def test_secrets_of_the_settings_are_withheld_in_whatever_they_turn_up(settings):
    settings.OPENAI_API_KEY = 'a"quoted\\key'
    settings.METRICS_TOKEN = "token-of-monitoring"
    settings.REDIS_URL = "redis://:pass%2Fword-1@redis:6379/0"
    shown = line("httpx", "sent %s %s %s", 'a"quoted\\key', "token-of-monitoring", "pass/word-1")
    assert json.loads(shown)["event"] == "sent [withheld] [withheld] [withheld]"


def test_short_values_that_ordinary_words_may_hold_are_not_taken_for_secrets(settings):
    settings.OPENAI_API_KEY = "none"
    assert "none" in line("chat.x", "none waits")


def test_an_exception_says_where_and_what_kind_but_not_the_value_that_it_is_about():
    error = raised(OSError(5, "disk failed"), cause=raised(ValueError(f"cannot read {SECRET}")))
    told = json.loads(line("chat.x", "broken", error=error))["exception"]
    assert told.index("ValueError") < told.index("OSError: [Errno 5] disk failed")
    assert "test_logs.py" in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(2, "No such file", f"/x/{SECRET}"), "[Errno 2] No such file: [withheld]"),
        (IntegrityError(f"null value\nDETAIL: Failing row contains ({SECRET})."), "null value"),
        (InvalidError(f"“{SECRET}” is no collection."), "[withheld] is no collection."),
        (AttributeError("'str' object has no attribute 'x'"), "[withheld]"),
        (KeyError(SECRET), ""),
        (RuntimeError(SECRET), ""),
    ],
)
def test_only_words_that_quote_nothing_are_kept(error, words):
    assert logs.safe_words(error) == words


def test_of_what_others_say_only_the_first_line_is_kept():
    shown = line("asyncio", f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{SECRET}')>")
    assert json.loads(shown)["event"] == "Task exception was never retrieved"


@pytest.mark.parametrize("error", [ValueError(SECRET), Failure(ValueError(SECRET)), ValueError(f"a\n{SECRET}")])
def test_an_exception_that_a_library_puts_into_its_line_is_told_by_its_kind(error):
    for shown in (line("daphne.server", "Exception inside application: %s", error), line("daphne.server", error)):
        assert SECRET not in shown
        assert type(error).__name__ in shown
    assert "Exception inside application" in line("daphne.server", "Exception inside application: %s", error)
    assert "positional_args" not in line("chat.x", "failed %s", 5)


@pytest.mark.parametrize(("path", "told"), [("/accounts/invitation/x1/", "/<slug:token>"), (f"/{SECRET}/", "")])
def test_django_tells_the_route_of_a_request_and_not_its_path(path, told):
    request = RequestFactory().get(path)
    if told:
        request.resolver_match = type("Match", (), {"route": told.removeprefix("/")})()
    event = json.loads(line("django.request", "Not Found: %s", path, request=request))["event"]
    assert event == f"Not Found: {told or logs.UNKNOWN_ADDRESS}"


def test_below_warnings_only_langai_is_heard(settings):
    heard = {name: logger["level"] for name, logger in settings.LOGGING["loggers"].items()}
    assert settings.LOGGING["root"]["level"] == "WARNING"
    assert heard["django"] == "WARNING"
    assert all(heard[name] == settings.LOG_LEVEL for name in logs.OWN)


def test_the_launcher_adds_the_process_to_an_object_and_makes_one_of_anything_else(capsys):
    write_json("web", '{"event": "x", "level": "info"}')
    write_json("chroma", "thread 'main' panicked")
    assert [json.loads(shown) for shown in capsys.readouterr().out.splitlines()] == [
        {"process": "web", "event": "x", "level": "info"},
        {"process": "chroma", "event": "thread 'main' panicked"},
    ]


FORM = "application/x-www-form-urlencoded"
SUSPICIOUS = {
    "a wrong host": lambda client: client.get("/", headers={"Host": "elsewhere.example"}),
    "too many fields": lambda client: client.post("/accounts/login/", "a=&" * 2000, content_type=FORM),
}


@pytest.mark.parametrize("send", SUSPICIOUS.values(), ids=SUSPICIOUS)
def test_what_strangers_send_is_one_warning_without_a_traceback(client, caplog, send):
    assert send(client).status_code == 400
    # As it is after the handler that settings name.
    # A host that is not known is named once more, by our own middleware, with the setting that is missing.
    (record,) = [each for each in caplog.records if each.name != "langai_site.web.known_hosts"]
    told = json.loads(logs.formatter(production=True).format(record))
    assert record.name.startswith(("django.security.", "django.request"))
    assert not any(each.exc_info for each in caplog.records if each is not record)
    assert (told["level"], "exception" in told) == ("warning", False)
