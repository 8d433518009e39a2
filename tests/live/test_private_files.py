"""A whole LangAI, started where every new file would be open to all, keeps everything to its own account."""

import os
import re
import stat
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path

import httpx

from langai_site.processes import private_files
from tests.live.server import sign_in
from tests.live.test_run import CHILDREN

# Hard links to what all servers of these tests share; a new installation makes its own.
SHARED = {"model", "static", "static.fingerprint"}


def is_open_to_others(path):
    try:
        return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except FileNotFoundError:
        # Journals of SQLite come and go.
        return False


def test_all_that_it_writes_is_private_and_pages_have_their_style(start_langai):
    before = os.umask(0)
    try:
        server = start_langai()
    finally:
        os.umask(before)
    for name in CHILDREN:
        assert re.search(r"^Umask:\s+0077$", Path(f"/proc/{server.pid(name)}/status").read_text(), re.MULTILINE)
    with closing(sign_in(server.url)) as client:
        page = client.get("/").text
        style = re.search(r'href="(/static/app[^"]*\.css)"', page)[1]
        assert client.get(style).status_code == 200
    assert httpx.get(f"{server.url}/metrics", trust_env=False).status_code == 200
    written = [path for path in server.data.rglob("*") if path.relative_to(server.data).parts[0] not in SHARED]
    kinds = {path.relative_to(server.data).parts[0] for path in written}
    assert {"langai.sqlite3", "langai.sqlite3-wal", "chroma", "files", "metrics", "secret_key", "run.lock"} <= kinds
    # What is not named there would make the folder look like somebody else's as well.
    assert [name for name in kinds if not any(fnmatch(name, ours) for ours in private_files.OURS)] == []
    assert [path for path in (server.data, *written) if is_open_to_others(path)] == []
