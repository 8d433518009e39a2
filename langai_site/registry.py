"""What apps contribute to shared rooms: each registers its parts in `AppConfig.ready()`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "fail", "off"]
Verdict = Literal["ok", "warn", "fail", "off"]


@dataclass(frozen=True)
class Job:
    """A function that the worker runs every `seconds`; it must tolerate running on several workers.

    Between two runs pass at least `rest` times the seconds that the first of them took.
    """

    name: str
    seconds: float
    run: Callable[[], object]
    rest: float = 0


@dataclass(frozen=True)
class Finding:
    """What `manage.py doctor` says of a part, in words without secrets; "off" is what is not set up, by choice.

    `advice` tells what to do where `status` is "warn" or "fail".
    """

    status: Verdict
    found: str
    advice: str = ""


@dataclass(frozen=True)
class DoctorCheck:
    """`run` may raise: then the part fails, with `advice`; it also does where `run` takes more than `seconds`."""

    run: Callable[[], Finding]
    advice: str
    seconds: float


health_checks: dict[str, Callable[[], Awaitable[Status]]] = {}
worker_jobs: dict[str, Job] = {}
# Functions that one of the workers runs once a night, in order.
nightly_jobs: dict[str, Callable[[], object]] = {}
# Coroutine functions that run in the web process for as long as it lives; each is cancelled at its end.
web_services: dict[str, Callable[[], Awaitable[None]]] = {}
# Coroutine functions awaited, in order, before the web process ends; each gets the grace in seconds.
web_drains: dict[str, Callable[[float], Awaitable[None]]] = {}

doctor_checks: dict[str, DoctorCheck] = {}
# Functions that `manage.py setup` runs, in order; each returns a line to show, or "".
setup_steps: dict[str, Callable[[], str]] = {}


def health_check(name: str, check: Callable[[], Awaitable[Status]]) -> None:
    """`check` runs in the background of the web process; it may be slow but never costs money."""
    health_checks[name] = check


def worker_job(name: str, *, seconds: float, run: Callable[[], object], rest: float = 0) -> None:
    worker_jobs[name] = Job(name, seconds, run, rest)


def nightly_job(name: str, run: Callable[[], object]) -> None:
    nightly_jobs[name] = run


def web_service(name: str, run: Callable[[], Awaitable[None]]) -> None:
    web_services[name] = run


def web_drain(name: str, drain: Callable[[float], Awaitable[None]]) -> None:
    web_drains[name] = drain


def doctor_check(name: str, run: Callable[[], Finding], *, advice: str, seconds: float = 5) -> None:
    """`run` is called on a thread of its own, beside the others; it leaves nothing behind and buys no answer."""
    doctor_checks[name] = DoctorCheck(run, advice, seconds)


def setup_step(name: str, run: Callable[[], str]) -> None:
    """`run` is called at every start: it must be quick, and change nothing, when its work is already done."""
    setup_steps[name] = run
