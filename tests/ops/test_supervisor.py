"""Children are restarted with the reason told, stopped together, and never left behind."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from langai_site.processes import supervisor as supervisor_module
from langai_site.processes.supervisor import Child, Supervisor, ending

ROOT = Path(__file__).parent.parent.parent
SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
LONG_GRACE = 300.0


def python(name: str, code: str, **options) -> Child:
    return Child(name, [sys.executable, "-c", code], **options)


class Running:
    """A supervisor at work, with the lines that it reported."""

    def __init__(self, *children: Child) -> None:
        self.lines: list[tuple[str, str]] = []
        self.supervisor = Supervisor(children, lambda name, text: self.lines.append((name, text)))

    async def __aenter__(self):
        self.task = asyncio.create_task(self.supervisor.run())
        return self

    async def __aexit__(self, *_):
        self.supervisor.stop()
        await asyncio.wait_for(self.task, 20)

    async def until(self, name: str, text: str, times: int = 1) -> None:
        async with asyncio.timeout(20):
            while sum(1 for who, line in self.lines if who == name and text in line) < times:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def pid(self, name: str) -> int:
        return self.supervisor.processes[name].pid


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_child_that_is_killed_is_started_again_with_the_reason_told():
    async with Running(python("web", SLEEPER)) as running:
        await running.until("web", "up")
        first = running.pid("web")
        os.kill(first, signal.SIGKILL)
        await running.until("web", "up", times=2)
        assert ("run", "web ended (killed by SIGKILL); starting it again in 1 s") in running.lines
        assert running.pid("web") != first


async def test_a_child_that_keeps_failing_is_started_less_and_less_often():
    async with Running(python("worker", "import sys; sys.exit(3)")) as running:
        await running.until("run", "exit code 3", times=2)
        assert [line for _, line in running.lines] == [
            "worker ended (exit code 3); starting it again in 1 s",
            "worker ended (exit code 3); starting it again in 2 s",
        ]


async def test_one_that_fails_tells_its_last_words_though_its_output_is_not_shown():
    code = "import sys; print('art\\n' * 9 + 'disk I/O failure'); sys.exit(1)"
    async with Running(python("chroma", code, shown=re.compile("ERROR"))) as running:
        await running.until("run", "exit code 1")
        assert running.lines[:-1] == [("chroma", "art")] * 4 + [("chroma", "disk I/O failure")]


async def test_one_that_cannot_stay_alive_is_helped_once(tmp_path):
    damaged = tmp_path / "damaged"
    damaged.touch()

    def remedy() -> str:
        damaged.unlink()
        return "moved aside"

    code = f"import pathlib, sys; pathlib.Path({str(damaged)!r}).exists() and sys.exit(1); {SLEEPER}"
    async with Running(python("chroma", code, remedy=remedy)) as running:
        await running.until("chroma", "up")
        assert [line for _, line in running.lines].count("moved aside") == 1
        assert sum("exit code 1" in line for _, line in running.lines) == supervisor_module.QUICK_DEATHS


async def test_a_program_that_is_missing_is_told():
    async with Running(Child("chroma", ["/nowhere/chroma"])) as running:
        await running.until("run", "chroma cannot start")


async def test_all_are_stopped_and_the_vector_store_last():
    farewell = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()))"
    )
    code = f"{farewell}; print('up', flush=True); time.sleep(60)"
    running = Running(python("chroma", code, wave=1), python("web", code))
    async with running:
        await running.until("web", "up")
        await running.until("chroma", "up")
        pids = [running.pid("web"), running.pid("chroma")]
    assert [name for name, line in running.lines if line == "bye"] == ["web", "chroma"]
    assert not any(lives(pid) for pid in pids)


async def test_one_that_does_not_end_in_time_is_killed():
    running = Running(python("web", DEAF, grace=0.3))
    async with running:
        await running.until("web", "up")
    assert ("run", "web did not end in time; killed") in running.lines


async def test_a_second_request_to_stop_hurries():
    running = Running(python("web", DEAF, grace=LONG_GRACE))
    async with running:
        await running.until("web", "up")
        started = time.monotonic()
        running.supervisor.stop()
    # Without the hurry it is killed after its grace.
    assert time.monotonic() - started < LONG_GRACE / 2


async def test_children_of_a_child_end_with_it():
    start = f"p = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])"
    code = f"import subprocess, sys; {start}; print(f'pid={{p.pid}}', flush=True); p.wait()"
    async with Running(python("worker", code)) as running:
        await running.until("worker", "up")
        # The child of the child may speak before the child does.
        await running.until("worker", "pid=")
        grandchild = int(next(line for _, line in running.lines if line.startswith("pid=")).removeprefix("pid="))
        os.kill(running.pid("worker"), signal.SIGKILL)
        await running.until("run", "killed by SIGKILL")
        assert not lives(grandchild)


async def test_a_line_of_any_length_and_bytes_that_are_no_text_come_through():
    write = "sys.stdout.buffer.write(b'x' * 3_000_000 + b'\\xff\\nend\\n'); sys.stdout.flush()"
    code = f"import sys, time; {write}; time.sleep(60)"
    async with Running(python("web", code)) as running:
        await running.until("web", "end")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_nothing_is_left_when_the_supervisor_is_killed():
    child_code = f"import os; print(os.getpid(), flush=True); {SLEEPER}"
    code = (
        "import asyncio, sys; from langai_site.processes.supervisor import Child, Supervisor;"
        f"child = Child('web', [sys.executable, '-c', {child_code!r}]);"
        "asyncio.run(Supervisor([child]).run())"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline().split("|")[1])
    assert lives(child)
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 60
    while lives(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not lives(child)


def test_endings_are_told_in_words():
    assert ending(0) == "exit code 0"
    assert ending(-signal.SIGSEGV) == "killed by SIGSEGV"


async def test_one_that_says_why_it_cannot_run_is_not_started_again():
    code = "import sys; print('art'); print('No such file.'); sys.exit(78)"
    child = python("model", code, shown=re.compile("^No "), final=78)
    async with Running(child, python("web", "import sys; sys.exit(3)")) as running:
        await running.until("run", "web ended", times=2)
        assert [line for who, line in running.lines if who == "model" or "model" in line] == ["No such file."]


async def test_one_that_crashes_is_started_again_though_it_could_say_why_it_cannot_run():
    async with Running(python("model", "import sys; sys.exit(1)", final=78)) as running:
        await running.until("run", "model ended (exit code 1); starting it again in 2 s")


async def test_a_child_gets_nothing_but_the_variables_that_it_may_inherit(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("LANG", "C.UTF-8")
    code = "import os; print(sorted({'SECRET_KEY', 'LANG', 'TASK'} & set(os.environ)), flush=True)"
    async with Running(python("model", code, environment={"TASK": "x"}, inherited=("LANG", "MISSING"))) as running:
        await running.until("model", "['LANG', 'TASK']")
