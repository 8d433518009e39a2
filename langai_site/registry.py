"""What apps contribute to shared rooms: each registers its parts in `AppConfig.ready()`."""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from langai_site.sensitivity import Sensitivity

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


class Measure(Protocol):
    """What counts in this process, such as a Counter of prometheus-client."""

    def collect(self) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Gauge:
    """A figure that is read when somebody looks: one number, or one for the values of each set of `labels`."""

    name: str
    words: str
    read: Callable[[], float | Mapping[tuple[str, ...], float]]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class DoctorFinding:
    """What `manage.py doctor` says of a part, in words without secrets; "off" is what is not set up, by choice.

    `advice` tells what to do where `status` is "warn" or "fail".
    """

    status: Verdict
    found: str
    advice: str = ""


@dataclass(frozen=True)
class DoctorCheck:
    """`run` may raise: then the part fails, with `advice`; it also does where `run` takes more than `seconds`."""

    run: Callable[[], DoctorFinding]
    advice: str
    seconds: float


class LabelHistory(Protocol):
    """What some documents were labelled at earlier times."""

    def between(self, document: UUID, start: datetime, end: datetime) -> tuple[Sensitivity, Sensitivity] | None:
        """The lowest and the highest label of `document` from `start` to `end`; None where it is not known."""


class _NoHistory:
    def between(self, document: UUID, start: datetime, end: datetime) -> tuple[Sensitivity, Sensitivity] | None:
        return None


@dataclass(frozen=True)
class UploadPlace:
    """Where people send files: POST to a path that `path` matches entirely, with at most `files` of UPLOAD_MAX_MB.

    `check` gets the sender's credential and the named groups of `path`. It reads the database, on a thread, and raises
    a LangAIError if the sender may not upload there.
    """

    path: re.Pattern[str]
    files: int
    check: Callable[..., None]


# Gets the headers of a request as an HttpRequest without a body, and what to check once the sender is known. Returns
# a name to count the sender by; None if the headers show nothing to know anybody by. Raises a LangAIError.
SenderOf = Callable[[Any, Callable[[Any], None]], Awaitable[str | None]]


@dataclass(frozen=True)
class AccessGuard:
    """What an app says of the access that its things give, before somebody hands access out. Synchronous.

    `opens`: what a team can open, as in “documents”. `closed_teams(editor_id, team_ids)`: those teams that open
    something which the editor may not manage, each with the names of those who look after it.
    `exceeds(person_id, editor_id)`: whether the person may use something that the editor may neither use nor manage.
    """

    opens: str
    closed_teams: Callable[[int | None, Collection[int]], Mapping[int, Sequence[str]]]
    exceeds: Callable[[int, int], bool]


health_checks: dict[str, Callable[[], Awaitable[Status]]] = {}
worker_jobs: dict[str, Job] = {}
# Functions that one of the workers runs once a night, in order.
nightly_jobs: dict[str, Callable[[], object]] = {}
# Coroutine functions that run in the web process for as long as it lives; each is cancelled at its end.
web_services: dict[str, Callable[[], Awaitable[None]]] = {}
# Coroutine functions awaited, in order, before the web process ends; each gets the grace in seconds.
web_drains: dict[str, Callable[[float], Awaitable[None]]] = {}

# What each process counts of itself, and what it reads of itself when somebody looks.
measures: list[Measure] = []
gauges: dict[str, Gauge] = {}
# What is the same whichever process tells it, for it is read from the database, on a thread.
shared_gauges: dict[str, Gauge] = {}
doctor_checks: dict[str, DoctorCheck] = {}
# Functions that `manage.py setup` runs, in order; each returns a line to show, or "".
setup_steps: dict[str, Callable[[], str]] = {}
upload_places: list[UploadPlace] = []
# Paths at which programs send many texts at once, each with the most bytes of a body there.
long_texts: dict[str, int] = {}
# One entry, under "accounts": the web process asks it before it accepts a large body.
sender_checks: dict[str, SenderOf] = {}
access_guards: dict[str, AccessGuard] = {}
# Functions that say, of some ids, which are conversations of a person's own that exist, with their titles.
conversation_titles: dict[str, Callable[[int, Sequence[UUID]], Mapping[UUID, str]]] = {}


class Quotations(Protocol):
    """What the app that keeps conversations does where the label of a document or a collection rises."""

    def count_quoting(self, labelled: Any) -> int:  # noqa: ANN401 - a value of search, which is not known here
        """How many conversations quote it; `labelled` is search's."""

    def begin(self, rise: int) -> None:
        """Go on with the row of a rise, inside the transaction that made it."""


_quotations: list[Quotations] = []
_histories: list[Callable[[Iterable[UUID]], LabelHistory]] = []


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


def measure(*counted: Measure) -> None:
    """Counters and histograms for /metrics; labels must be few, and never name people or what they wrote."""
    measures.extend(one for one in counted if one not in measures)


def gauge(gauge: Gauge) -> None:
    gauges[gauge.name] = gauge


def shared_gauge(gauge: Gauge) -> None:
    shared_gauges[gauge.name] = gauge


def doctor_check(name: str, run: Callable[[], DoctorFinding], *, advice: str, seconds: float = 5) -> None:
    """`run` is called on a thread of its own, beside the others; it leaves nothing behind and buys no answer."""
    doctor_checks[name] = DoctorCheck(run, advice, seconds)


def setup_step(name: str, run: Callable[[], str]) -> None:
    """`run` is called at every start: it must be quick, and change nothing, when its work is already done."""
    setup_steps[name] = run


def access_guard(name: str, guard: AccessGuard) -> None:
    access_guards[name] = guard


def titles_of_conversations(name: str, find: Callable[[int, Sequence[UUID]], Mapping[UUID, str]]) -> None:
    """`find(user_id, ids)` must know nothing of what others wrote."""
    conversation_titles[name] = find


def history_of_labels(read: Callable[[Iterable[UUID]], LabelHistory]) -> None:
    """`read(documents)` reads what is recorded of the labels of these documents."""
    _histories[:] = [read]


def label_history(documents: Iterable[UUID]) -> LabelHistory:
    """Return what is known of the labels that these documents had."""
    return _histories[0](documents) if _histories else _NoHistory()


def quotations(kept: Quotations) -> None:
    """`kept` knows which conversations quote documents."""
    _quotations[:] = [kept]


def quoting_conversations(labelled: object) -> int:
    """Return how many conversations quote a document or a collection."""
    return sum(kept.count_quoting(labelled) for kept in _quotations)


def label_rose(rise: int) -> None:
    """Raise the first of the conversations that quote what a rise is about."""
    for kept in _quotations:
        kept.begin(rise)


def upload_place(path: str, *, files: int, check: Callable[..., None]) -> None:
    """Allow large bodies at `path`, a regular expression, to those whom `check` lets through."""
    upload_places.append(UploadPlace(re.compile(path), files, check))


def long_text(path: str, most: int) -> None:
    """Allow known senders bodies of `most` bytes without a file at `path`; its view bounds what it takes of them."""
    long_texts[path] = most


def sender_check(name: str, sender_of: SenderOf) -> None:
    """`sender_of` decides by the headers of a request alone who sends it."""
    sender_checks[name] = sender_of
