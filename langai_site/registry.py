"""The registry of what apps contribute to shared packages: each registers its parts in `AppConfig.ready()`."""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from django.utils.functional import Promise

Status = Literal["ok", "fail", "off"]
Verdict = Literal["ok", "warn", "fail", "off"]


@dataclass(frozen=True)
class Job:
    """A function that the worker runs every `seconds`; it must tolerate running on several workers.

    The pause between two runs is at least `rest` times the duration of the first.
    """

    name: str
    seconds: float
    run: Callable[[], object]
    rest: float = 0


class Measure(Protocol):
    """A counter in this process, such as a Counter of prometheus-client."""

    def collect(self) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Gauge:
    """A figure that is read when it is needed: one number, or one for the values of each set of `labels`."""

    name: str
    words: str
    read: Callable[[], float | Mapping[tuple[str, ...], float]]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class DoctorFinding:
    """The result of `manage.py doctor` for a part, without secrets; "off" means deliberately not configured.

    `advice` says what to do if `status` is "warn" or "fail".
    """

    status: Verdict
    found: str
    advice: str = ""


@dataclass(frozen=True)
class DoctorCheck:
    """A check. If `run` raises, or takes more than `seconds`, the part fails with `advice`."""

    run: Callable[[], DoctorFinding]
    advice: str
    seconds: float


@dataclass(frozen=True)
class OverviewLine:
    """A line on the admin's home: how a part is, in words.

    `address` leads to where one sees or mends it, and `action` says what the link does.
    """

    about: str
    status: Verdict
    words: str
    address: str = ""
    action: str = ""


@dataclass(frozen=True)
class FirstStep:
    """A step that a new LangAI needs: the page named `page`, for people with `permission`, until `is_done()`."""

    title: str | Promise
    words: str | Promise
    done: str | Promise
    action: str | Promise
    page: str
    permission: str
    is_done: Callable[[], bool]


@dataclass(frozen=True)
class UploadPlace:
    """An address for uploads: a path that `path` matches entirely takes at most `files` of UPLOAD_MAX_MB.

    `megabytes` is what all of them together may have, where that is another number.

    `check` gets the sender's credential and the named groups of `path`. It reads the database, on a thread, and raises
    a LangAIError if the sender may not upload there.
    """

    path: re.Pattern[str]
    files: int
    check: Callable[..., None]
    methods: tuple[str, ...] = ("POST",)
    megabytes: int = 0


# Gets the headers of a request as an HttpRequest without a body, and what to check once the sender is known. Returns
# a name to count the sender by; None if the headers contain no credential. Raises a LangAIError.
SenderOf = Callable[[Any, Callable[[Any], None]], Awaitable[str | None]]


@dataclass(frozen=True)
class AccessGuard:
    """An app's answers about the access that its things give, before a person hands access out. Synchronous.

    `opens`: what a team can open, as in “documents”. `closed_teams(editor_id, team_ids)`: those teams that open
    something which the editor may not manage, each with the names of the people who manage it.
    `exceeds(person_id, editor_id)`: whether the person may use something that the editor may neither use nor manage.
    """

    opens: str
    closed_teams: Callable[[int | None, Collection[int]], Mapping[int, Sequence[str]]]
    exceeds: Callable[[int, int], bool]


health_checks: dict[str, Callable[[], Awaitable[Status]]] = {}
worker_jobs: dict[str, Job] = {}
# Functions that one of the workers runs once a night, in order.
nightly_jobs: dict[str, Callable[[], object]] = {}
# Coroutine functions that run as long as the web process; each is cancelled at its end.
web_services: dict[str, Callable[[], Awaitable[None]]] = {}
# Coroutine functions awaited, in order, before the web process ends; each gets the grace in seconds.
web_drains: dict[str, Callable[[float], Awaitable[None]]] = {}

# Counters of each process, and gauges that it reads on demand.
measures: list[Measure] = []
gauges: dict[str, Gauge] = {}
# Figures that are the same in every process, because they are read from the database, on a thread.
shared_gauges: dict[str, Gauge] = {}
doctor_checks: dict[str, DoctorCheck] = {}
# Functions that `manage.py setup` runs, in order; each returns a line to show, or "".
setup_steps: dict[str, Callable[[], str]] = {}
upload_places: list[UploadPlace] = []
# What refuses a file that is to be uploaded in parts, before any of it is sent: for a "message", for a "collection".
planned_uploads: dict[str, Callable[[Any, str, int, int | None], None]] = {}
# Paths at which programs send many texts at once, each with the most bytes of a body there.
long_texts: dict[str, int] = {}
# One entry, under "accounts": the web process calls it before it accepts a large body.
sender_checks: dict[str, SenderOf] = {}
access_guards: dict[str, AccessGuard] = {}
# Functions that return, for some ids, a person's own existing conversations with their titles.
conversation_titles: dict[str, Callable[[int, Sequence[UUID]], Mapping[UUID, str]]] = {}
# Functions that return what the admin's home says to a person; they read little, and only what the person may know.
overviews: dict[str, Callable[[Any], Sequence[OverviewLine]]] = {}
first_steps: dict[str, FirstStep] = {}
_model_names: list[Callable[[], Mapping[str, str]]] = []


def health_check(name: str, check: Callable[[], Awaitable[Status]]) -> None:
    """Register a check that runs in the background of the web process; it may be slow but must never cost money."""
    health_checks[name] = check


def worker_job(name: str, *, seconds: float, run: Callable[[], object], rest: float = 0) -> None:
    worker_jobs[name] = Job(name, seconds, run, rest)


def nightly_job(name: str, run: Callable[[], object]) -> None:
    nightly_jobs[name] = run


def web_service(name: str, run: Callable[[], Awaitable[None]]) -> None:
    web_services[name] = run


def web_drain(name: str, drain: Callable[[float], Awaitable[None]]) -> None:
    web_drains[name] = drain


def measure(*counted: Measure) -> None:
    """Register counters and histograms for /metrics; labels must be few, and never name people or what they wrote."""
    measures.extend(one for one in counted if one not in measures)


def gauge(gauge: Gauge) -> None:
    gauges[gauge.name] = gauge


def shared_gauge(gauge: Gauge) -> None:
    shared_gauges[gauge.name] = gauge


def doctor_check(name: str, run: Callable[[], DoctorFinding], *, advice: str, seconds: float = 5) -> None:
    """Register a check that runs on a separate thread; it must leave nothing behind and pay for no answer."""
    doctor_checks[name] = DoctorCheck(run, advice, seconds)


def setup_step(name: str, run: Callable[[], str]) -> None:
    """Register a step for every start: it must be quick, and change nothing, when its work is already done."""
    setup_steps[name] = run


def overview(name: str, read: Callable[[Any], Sequence[OverviewLine]]) -> None:
    """Register `read(user)`, which returns lines for the home of the admin."""
    overviews[name] = read


def first_step(name: str, step: FirstStep) -> None:
    """Register a step; `admin_home.first_steps` has their order."""
    first_steps[name] = step


def access_guard(name: str, guard: AccessGuard) -> None:
    access_guards[name] = guard


def titles_of_conversations(name: str, find: Callable[[int, Sequence[UUID]], Mapping[UUID, str]]) -> None:
    """Register `find(user_id, ids)`, which must not return what others wrote."""
    conversation_titles[name] = find


def display_names(read: Callable[[], Mapping[str, str]]) -> None:
    """Register `read()`, which returns the names of models as people see them, by their ids. It may be called often."""
    _model_names[:] = [read]


def names_of_models() -> Mapping[str, str]:
    """Return the names of the known models by their ids."""
    return _model_names[0]() if _model_names else {}


def upload_place(
    path: str, *, files: int, check: Callable[..., None], methods: tuple[str, ...] = ("POST",), megabytes: int = 0
) -> None:
    """Allow large bodies at `path`, a regular expression, for senders that `check` accepts."""
    upload_places.append(UploadPlace(re.compile(path), files, check, methods, megabytes))


def planned_upload(kind: str, check: Callable[[Any, str, int, int | None], None]) -> None:
    """Register what raises a LangAIError if a person may not upload a file; it gets its name, size and collection."""
    planned_uploads[kind] = check


def long_text(path: str, most: int) -> None:
    """Allow known senders bodies of `most` bytes without a file at `path`; its view limits what it accepts of them."""
    long_texts[path] = most


def sender_check(name: str, sender_of: SenderOf) -> None:
    """Register `sender_of`, which identifies the sender of a request by its headers alone."""
    sender_checks[name] = sender_of
