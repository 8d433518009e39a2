"""A setting that cannot be is told in one line; secrets are kept well."""

import os
import socket
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from allauth.core.internal.httpkit import get_client_ip

from langai_site.processes import ports

ROOT = Path(__file__).parent.parent.parent


def manage(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    line = [sys.executable, "manage.py", *command]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def shown(data: Path, expression: str, **settings: str) -> str:
    """What Python prints for `expression`, with LangAI's settings as `settings`."""
    code = f"from langai_site import settings; print({expression})"
    environment = {**os.environ, "DATA_DIR": str(data), **settings}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("DATABASE_URL", "nonsense://"),
        ("ENV", "prod"),
        ("LOG_LEVEL", "LOUD"),
        ("STOP_GRACE", "-1"),
        ("LOCAL_HOSTS", "10.0.0.0/99"),
        ("VECTOR_STORE", "shelf"),
        ("DATABASE_URL", "mysql://langai@127.0.0.1/langai"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "http://127.0.0.1:6379"),
        ("CHROMA_URL", "127.0.0.1:8000"),
        ("CHROMA_URL", "http://"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:port"),
        ("ANTHROPIC_BASE_URL", "ftp://127.0.0.1"),
        ("OLLAMA_BASE_URL", "localhost"),
        ("OLLAMA_BASE_URL", "http://[::1"),
        ("CSRF_TRUSTED_ORIGINS", "https://chat.example.org,chat.example.net"),
        ("CSRF_TRUSTED_ORIGINS", "https://chat.example.org/"),
        ("SECRET_KEY_FILE", "/nowhere"),
        ("OPENAI_API_KEY_FILE", sys.executable),
        ("TRUSTED_PROXIES", "-1"),
        ("RATE_LIMIT_PER_MINUTE", "often"),
        ("RATE_LIMIT_PER_MINUTE", "60/0m"),
        ("RATE_LIMIT_LOGIN", "10/week"),
        ("REPLIES_IN_FLIGHT", "-1"),
        ("SOCKETS_PER_USER", "some"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("AUDIT_HEAD_FILE", "heads.jsonl"),
        ("AUDIT_HEAD_MAIL", "auditor"),
        ("AUDIT_SYSLOG", "logs.example.org"),
        ("AUDIT_SYSLOG", "unix:///"),
        ("AUDIT_WEBHOOK", "udp://logs.example.org"),
        ("AUDIT_WEBHOOK", "https://logs.example.org"),
        ("AUDIT_WEBHOOK_SECRET", "short"),
        ("AUDIT_WEBHOOK_SECRET", "whsec_no base64 at all"),
        ("EMAIL_URL", "off"),
        ("EMAIL_URL", "https://mail.example.org"),
        ("EMAIL_URL", "smtp://mail.example.org:post"),
    ],
)
def test_a_bad_value_is_told_in_one_line_that_names_the_setting(tmp_path, name, value):
    done = manage("check", **{"DATA_DIR": str(tmp_path), name: value})
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("LangAI cannot start: ")
    assert name in done.stderr


@pytest.mark.parametrize(
    "embedder",
    [
        {"EMBEDDER": "openai/text-embedding-3-small", "OPENAI_API_KEY": "sk-1"},
        {"EMBEDDER": "hosted_vllm/bge-m3", "EMBEDDER_BASE_URL": "https://embed.example.org/v1"},
        {"EMBEDDER": "hosted_vllm/bge-m3", "EMBEDDER_BASE_URL": "http://10.0.0.7/v1", "LOCAL_HOSTS": "10.0.0.8"},
        {"EMBEDDER": "ollama/nomic-embed-text-cloud", "OLLAMA_BASE_URL": "http://127.0.0.1:11434"},
    ],
)
def test_confidential_text_is_embedded_in_the_building_only_or_nothing_starts(tmp_path, embedder):
    done = manage("check", **{"DATA_DIR": str(tmp_path), "EMBEDDER_CEILING": "confidential", **embedder})
    assert done.returncode == 1
    assert done.stderr.startswith("LangAI cannot start: EMBEDDER_CEILING must not be confidential")
    assert len(done.stderr.strip().splitlines()) == 1
    assert manage("check", **{"DATA_DIR": str(tmp_path), "EMBEDDER_CEILING": "internal", **embedder}).returncode == 0


def test_an_embedder_in_the_building_may_see_confidential_text(tmp_path):
    inside = {"EMBEDDER": "hosted_vllm/bge-m3", "EMBEDDER_BASE_URL": "http://10.0.0.7/v1", "LOCAL_HOSTS": "10.0.0.0/8"}
    done = manage("check", **{"DATA_DIR": str(tmp_path), "EMBEDDER_CEILING": "confidential", **inside})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("chosen", "missing"),
    [
        ({"EMBEDDER": "hosted_vllm/bge-m3"}, "EMBEDDER_BASE_URL"),
        ({"EMBEDDER": "openai/text-embedding-3-small"}, "OPENAI_API_KEY"),
        ({"VECTOR_STORE": "weaviate"}, "WEAVIATE_URL"),
    ],
)
def test_what_a_chosen_embedder_or_store_lacks_is_told_in_one_line(tmp_path, chosen, missing):
    done = manage("check", DATA_DIR=str(tmp_path), **chosen)
    assert done.returncode == 1
    assert done.stderr.startswith("LangAI cannot start: ")
    assert missing in done.stderr


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path):
    (tmp_path / "taken").write_text("a file")
    done = manage("check", DATA_DIR=str(tmp_path / "taken" / "data"))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "DATA_DIR" in done.stderr


def test_a_busy_port_is_told_in_one_line(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = str(other.getsockname()[1])
        done = manage("run", DATA_DIR=str(tmp_path), PORT=port)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [f"Port {port} is in use; set PORT to another one."]
    assert done.stdout == ""


def test_a_database_that_does_not_answer_is_told_in_one_line(tmp_path):
    url = f"postgresql://langai@127.0.0.1:{ports.free()}/langai"
    done = manage("run", DATA_DIR=str(tmp_path), DATABASE_URL=url, PORT=str(ports.free()))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("LangAI cannot start: the database does not answer")
    assert "DATABASE_URL" in done.stderr


def test_web_alone_tells_of_a_busy_port_too(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = str(other.getsockname()[1])
        done = manage("serve", DATA_DIR=str(tmp_path), PORT=port)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [f"Port {port} is in use; set PORT to another one."]


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    secret = shown(tmp_path, "settings.SECRET_KEY", SECRET_KEY="")
    assert len(secret) > 50
    assert shown(tmp_path, "settings.SECRET_KEY", SECRET_KEY="") == secret
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_secret_can_come_from_a_file(tmp_path):
    key = tmp_path / "key"
    key.write_text("sk-from-a-file\n")
    assert shown(tmp_path, "[settings.OPENAI_API_KEY]", OPENAI_API_KEY_FILE=str(key)) == "['sk-from-a-file']"


def test_good_addresses_are_taken(tmp_path):
    good = {
        "REDIS_URL": "rediss://:secret@redis:6379/0",
        "CHROMA_URL": "http://[::1]:8000",
        "OLLAMA_BASE_URL": "https://models.example.org/ollama",
        "CSRF_TRUSTED_ORIGINS": "https://chat.example.org,https://*.example.net",
    }
    assert shown(tmp_path, "settings.CHROMA_URL, len(settings.CSRF_TRUSTED_ORIGINS)", **good) == "http://[::1]:8000 2"


@pytest.mark.parametrize(
    ("given", "meant"), [("", "60/m"), ("90", "90/m"), ("5/10s", "5/10s"), ("1000/d", "1000/d"), ("0", ""), ("0/h", "")]
)
def test_a_rate_is_a_number_a_minute_or_says_its_time_and_0_is_none(tmp_path, given, meant):
    assert shown(tmp_path, "[settings.RATE_LIMIT_PER_MINUTE]", RATE_LIMIT_PER_MINUTE=given) == f"['{meant}']"


def test_attempts_to_sign_in_can_be_unlimited(tmp_path):
    expression = "settings.RATE_LIMIT_LOGIN or 'unlimited'"
    assert shown(tmp_path, expression, RATE_LIMIT_LOGIN="20/h") == "20/h"
    assert shown(tmp_path, expression, RATE_LIMIT_LOGIN="0") == "unlimited"


def test_a_folder_of_any_name_holds_the_database(tmp_path):
    folder = tmp_path / "our data, 100% #1?"
    done = manage("migrate", "contenttypes", "--verbosity", "0", DATA_DIR=str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "langai.sqlite3").is_file()


def test_an_empty_variable_counts_as_not_set(tmp_path):
    assert shown(tmp_path, "settings.PORT", PORT="") == "8000"


def test_while_redis_is_away_the_cache_of_sign_ins_is_empty_and_that_of_live_answers_fails(tmp_path):
    redis = f"redis://127.0.0.1:{ports.free()}/0"
    ask = (
        "import django; django.setup(); from django.core.cache import caches; "
        "cache = caches['{}']; print(cache.add('lock', 1), cache.get('attempts', 0))"
    )
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "REDIS_URL": redis}
    environment["DJANGO_SETTINGS_MODULE"] = "langai_site.settings"

    def asked(alias: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-c", ask.format(alias)]
        return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)

    assert asked("default").stdout.strip() == "True 0"
    assert "ConnectionInterrupted" in asked("live").stderr


def test_behind_a_proxy_sign_ins_are_counted_by_the_address_it_saw(rf, settings, tmp_path):
    assert shown(tmp_path, "settings.ALLAUTH_TRUSTED_PROXY_COUNT", TRUSTED_PROXIES="1") == "1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    request = rf.get("/", headers={"X-Forwarded-For": "198.51.100.9, 203.0.113.7"})
    assert get_client_ip(request) == "203.0.113.7"
