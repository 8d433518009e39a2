"""What an operator relies on: it starts, heals, and stops, and a second start changes nothing."""

import os
import signal
import sqlite3
import time
from contextlib import closing

import httpx
import pytest

from tests.live.server import ADMIN_PASSWORD, lives, sign_in

CHILDREN = ("web", "worker", "chroma")


@pytest.fixture(scope="module")
def own(start_langai):
    """A server that these tests may hurt."""
    return start_langai(is_first=True)


def page(url: str) -> int:
    return httpx.get(f"{url}/accounts/login/", timeout=10, trust_env=False).status_code


def test_it_tells_the_address_and_the_sign_in(own):
    own.until_logged("LangAI is ready at")
    assert f"run     | LangAI is ready at http://localhost:{own.port}/" in own.lines
    own.until_logged("Sign in as admin with the password in LANGAI_ADMIN_PASSWORD")
    assert ADMIN_PASSWORD not in own.log
    sign_in(own.url).close()


def test_every_part_is_well(own):
    own.until_healthy()
    checks = own.health()["checks"]
    assert {"database", "cache", "vector_store", "worker"} <= {name for name, state in checks.items() if state == "ok"}


def test_no_program_listens_beyond_this_machine(own):
    for name in CHILDREN:
        for family in ("tcp", "tcp6"):
            own_sockets = socket_inodes(own.pid(name))
            with open(f"/proc/{own.pid(name)}/net/{family}") as table:
                rows = [row.split() for row in table.readlines()[1:]]
            addresses = {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in own_sockets}
            assert addresses <= {"0100007F", "00000000000000000000000001000000"}


def socket_inodes(pid: int) -> set[str]:
    folder = f"/proc/{pid}/fd"
    links = [os.readlink(f"{folder}/{name}") for name in os.listdir(folder) if os.path.islink(f"{folder}/{name}")]
    return {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:")}


@pytest.mark.parametrize("name", ["chroma", "worker"])
def test_a_killed_process_is_replaced_while_pages_keep_working(own, name):
    with closing(sign_in(own.url)) as client:
        before = own.kill(name)
        assert client.get("/").status_code == 200
        own.until_logged(rf"run +\| {name} ended \(killed by SIGKILL\); starting it again in 1 s")
        own.until(lambda: running_anew(own, name, before), f"running {name} again", 20)
        assert client.get("/").status_code == 200
    own.until_healthy()


def running_anew(server, name: str, before: int) -> bool:
    try:
        return server.pid(name) != before
    except (LookupError, FileNotFoundError):
        return False


def test_a_killed_web_is_replaced(own):
    before = own.kill("web")
    own.until(lambda: running_anew(own, "web", before), "running web again", 20)
    own.until_healthy()
    assert page(own.url) == 200


def test_sigterm_stops_all_and_a_second_start_changes_nothing(own):
    pids = [own.pid(name) for name in CHILDREN]
    assert own.stop() == 0
    assert not any(lives(pid) for pid in pids)
    assert own.lines[-1] == "run     | Stopped."
    assert "Traceback" not in own.log

    before = contents(own)
    first = own.start_seconds
    own.start()
    # The first start had everything to prepare.
    assert own.start_seconds < 2 * first
    assert not [line for line in own.lines if line.startswith("setup")]
    assert "Sign in as" not in own.log
    assert contents(own) == before


def contents(server) -> tuple:
    """What a start must not change: people, documents, the collected files, the secret."""
    tables = ("accounts_user", "documents_document", "search_collection", "django_migrations")
    with closing(sqlite3.connect(server.data / "langai.sqlite3")) as database:
        counts = tuple(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)
    return counts, (server.data / "static" / "staticfiles.json").stat().st_mtime_ns, secret(server)


def secret(server) -> str:
    return (server.data / "secret_key").read_text()


def test_nothing_is_left_when_run_itself_is_killed(own):
    pids = [own.pid(name) for name in CHILDREN]
    own.process.send_signal(signal.SIGKILL)
    own.process.wait()
    deadline = time.monotonic() + 30
    while any(lives(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(lives(pid) for pid in pids)
