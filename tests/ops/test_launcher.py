"""`manage.py run` keeps its data to itself."""

import fcntl

from langai_site.processes import ports
from tests.ops.processes import Program


def test_a_second_run_on_the_same_data_ends_with_the_reason_told(tmp_path):
    with (tmp_path / "run.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = Program(
            "from langai_site.processes import launcher; launcher.main()",
            tmp_path,
            PORT=str(ports.free()),
            HOST="127.0.0.1",
        )
        assert second.wait(20) == 1
    second.until("already running")
    assert second.lines == [f"LangAI is already running on {tmp_path}. Stop it first, or set another DATA_DIR."]
