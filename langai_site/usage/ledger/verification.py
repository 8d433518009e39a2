"""Checks that the ledger is unchanged: the chain from first to last seal, and a head that was kept elsewhere."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from langai_site.audit.models import AuditEvent
from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity
from langai_site.usage.ledger import chain, content, sealing
from langai_site.usage.models import ChainHead, EventSeal, Seal, UsageEntry

CHUNK = 2000
# How much earlier than an entry written before it an entry's time may be: clocks are set, hosts differ.
MINUTE = "%Y-%m-%d %H:%M"
CLOCKS = timedelta(hours=1)


@dataclass(frozen=True)
class LedgerFinding:
    """Something in the ledger that is not as it was written. `entry` is 0 if it is not about a single one."""

    entry: int
    text: str


@dataclass(frozen=True)
class Head:
    """The end of the chain. A copy kept outside shows later whether everything before it is unchanged."""

    sequence: int
    hash: str

    def as_json(self) -> str:
        return json.dumps({"sequence": self.sequence, "hash": self.hash})


def head() -> Head:
    """Return the chain's end by its own last seal."""
    ends = [Seal.objects.order_by("-sequence").first(), EventSeal.objects.order_by("-sequence").first()]
    last = max((end for end in ends if end), key=lambda seal: seal.sequence, default=None)
    return Head(last.sequence, last.hash) if last else Head(0, chain.GENESIS)


def read_heads(text: str) -> list[Head]:
    """Read the heads of a file, one a line, as `as_json` or `daily_heads` wrote them. Raises InvalidError."""
    return [read_head(line) for line in text.strip().splitlines() or [""]]


def read_head(text: str) -> Head:
    """Read one of them, or only its hash, which gets the sequence 0. Raises InvalidError."""
    text = text.strip()
    if len(text) == len(chain.GENESIS) and "{" not in text:
        return Head(0, text)
    try:
        value = json.loads(text)
        return Head(int(value["sequence"]), str(value["hash"]))
    except (ValueError, KeyError, TypeError):
        raise InvalidError(
            _("This is not a head of a ledger. Give the file that --export-head wrote, or its hash.")
        ) from None


def findings(*exported: Head | None) -> Iterator[LedgerFinding]:
    """Walk the whole chain and yield everything that is wrong; nothing if every entry is as it was sealed.

    The chain must also contain the heads in `exported`.
    """
    kept, last = ChainHead.objects.first(), Head(0, chain.GENESIS)
    latest: datetime | None = None
    while seals := _next_seals(last.sequence):
        entries = UsageEntry.objects.in_bulk([seal.entry for seal in seals if isinstance(seal, Seal)])
        events = AuditEvent.objects.in_bulk([seal.event for seal in seals if isinstance(seal, EventSeal)])
        for seal in seals:
            yield from _wrong_place(seal, last)
            if isinstance(seal, Seal):
                entry = entries.get(seal.entry)
                yield from _wrong_row(seal, entry, seal.entry, _("The entry"))
                if entry is not None:
                    yield from _wrong_time(entry, latest)
                    latest = max(latest or entry.at, entry.at)
            else:
                yield from _wrong_row(
                    seal, events.get(seal.event), 0, _("Event %(event)s of the audit log") % {"event": seal.event}
                )
            last = Head(seal.sequence, seal.hash)
    yield from _wrong_end(kept, last)
    yield from _never_sealed()
    for one in exported:
        yield from _rewritten(one) if one else ()


def _next_seals(after: int) -> Sequence[Seal | EventSeal]:
    """Return the next seals of entries and of events, in the order of the chain.

    The two tables are read one after the other, and the worker may seal meanwhile. So a gap is looked at twice.
    """
    seals = _read_seals(after)
    is_whole = all(seal.sequence == number for number, seal in enumerate(seals, after + 1))
    return seals if is_whole else _read_seals(after)


def _read_seals(after: int) -> Sequence[Seal | EventSeal]:
    both = [some.objects.filter(sequence__gt=after)[:CHUNK] for some in (Seal, EventSeal)]
    return sorted((seal for some in both for seal in some), key=lambda seal: seal.sequence)[:CHUNK]


def pseudonymised() -> tuple[int, int]:
    """Return how many entries and how many events carry a pseudonym, because their person's account was deleted."""
    return (
        Seal.objects.exclude(pseudonymised="").count(),
        EventSeal.objects.exclude(pseudonymised="").count(),
    )


def _wrong_place(seal: Seal | EventSeal, last: Head) -> Iterator[LedgerFinding]:
    if seal.sequence != last.sequence + 1:
        yield LedgerFinding(
            0,
            _("The seals %(first)s to %(last)s are missing: they were deleted, with or without their entries.")
            % {"first": last.sequence + 1, "last": seal.sequence - 1},
        )
    elif seal.previous != last.hash:
        yield LedgerFinding(
            getattr(seal, "entry", 0),
            _("Seal %(sequence)s does not continue the one before: it was changed or moved.")
            % {"sequence": seal.sequence},
        )


def _wrong_row(
    seal: Seal | EventSeal, row: UsageEntry | AuditEvent | None, entry: int, named: str
) -> Iterator[LedgerFinding]:
    if row is None:
        yield LedgerFinding(
            entry, _("%(named)s of seal %(sequence)s was deleted.") % {"named": named, "sequence": seal.sequence}
        )
        return
    if seal.pseudonymised:
        if chain.second_hash(seal.hash, row) != seal.pseudonymised or row.user_id is not None:
            text = _("%(named)s was changed after a pseudonym replaced its person (seal %(sequence)s).") % {
                "named": named,
                "sequence": seal.sequence,
            }
            yield LedgerFinding(entry, text)
        return
    found = chain.seal_hash(sequence=seal.sequence, month=seal.month, previous=seal.previous, entry=row)
    if found != seal.hash:
        yield LedgerFinding(
            entry,
            _("%(named)s does not match its seal %(sequence)s: it was changed or moved.")
            % {"named": named, "sequence": seal.sequence},
        )


def _wrong_time(entry: UsageEntry, latest: datetime | None) -> Iterator[LedgerFinding]:
    if latest and entry.at < latest - CLOCKS:
        text = _(
            "The entry says %(time)s UTC, but was written after entries of %(latest)s UTC: it was inserted, or the "
            "clock "
            "was set back."
        )
        yield LedgerFinding(
            entry.pk, text % {"time": f"{entry.at:%Y-%m-%d %H:%M}", "latest": f"{latest:%Y-%m-%d %H:%M}"}
        )


def _wrong_end(kept: ChainHead | None, last: Head) -> Iterator[LedgerFinding]:
    """Check the end against `kept`, read before the walk: the worker may have sealed more since, but not less."""
    if kept and kept.sequence and not _has_seal(sequence=kept.sequence, hash=kept.hash):
        yield LedgerFinding(
            0,
            _("The chain ended at seal %(sequence)s, which is not there any more: its end was cut.")
            % {"sequence": kept.sequence},
        )
    if last.sequence > (ChainHead.objects.values_list("sequence", flat=True).first() or 0):
        yield LedgerFinding(
            0,
            _("The chain goes on to seal %(sequence)s, beyond what was sealed: its end was added.")
            % {"sequence": last.sequence},
        )


def _has_seal(**at: int | str) -> bool:
    return Seal.objects.filter(**at).exists() or EventSeal.objects.filter(**at).exists()


def _never_sealed() -> Iterator[LedgerFinding]:
    for entry in sealing.unsealed().filter(id__lte=sealing.settled_up_to()):
        yield LedgerFinding(entry.pk, _("The entry has no seal, although later ones do: it was inserted."))
    for event in sealing.unsealed_events().filter(id__lte=sealing.settled_events()):
        yield LedgerFinding(
            0, _("Event %(pk)s of the audit log has no seal, although later ones do.") % {"pk": event.pk}
        )


def _rewritten(exported: Head) -> Iterator[LedgerFinding]:
    if exported == Head(0, chain.GENESIS):
        # Exported before anything was sealed: every chain begins with it.
        return
    at = {"sequence": exported.sequence} if exported.sequence else {}
    if not _has_seal(hash=exported.hash, **at):
        if exported.sequence:
            text = _(
                "The exported head is not in the chain at seal %(seal)s: what came before it was cut or rewritten."
            )
        else:
            text = _("The exported head is not in the chain: what came before it was cut or rewritten.")
        yield LedgerFinding(
            0,
            text % {"seal": exported.sequence},
        )


@dataclass(frozen=True)
class LedgerQuestion:
    """A question about the calls between two times (the second not included), at least as sensitive as `label`."""

    start: datetime | None = None
    end: datetime | None = None
    label: Sensitivity = Sensitivity.CONFIDENTIAL
    hosted: bool = True


def went_out(question: LedgerQuestion) -> QuerySet[UsageEntry]:
    """Return the matching entries, sealed or not, oldest first. `hosted` False includes local models."""
    found = UsageEntry.objects.filter(label__gte=question.label, cached=False)
    if question.hosted:
        found = found.filter(hosted=True)
    return sent_between(found, question.start, question.end).order_by("at", "id")


def sent_between(
    entries: QuerySet[UsageEntry], start: datetime | None = None, end: datetime | None = None
) -> QuerySet[UsageEntry]:
    """Return the entries for what was sent between two times (the second not included).

    An entry is written when its call has ended, which may be in the next month. For entries from before LangAI recorded
    when a call was sent, the time of the entry is used.
    """
    found = entries.alias(left=Coalesce("sent_at", "at"))
    if start:
        # The first condition allows the index to be used: no entry is written before its call.
        found = found.filter(at__gte=start - CLOCKS, left__gte=start)
    return found.filter(left__lt=end) if end else found


def with_content(parts: Sequence[dict[str, str] | str]) -> QuerySet[UsageEntry]:
    """Return the entries of calls that sent exactly these messages or texts, by the keyed hash."""
    return UsageEntry.objects.filter(content_hash=content.keyed_hash(content.as_sent(parts))).order_by("at", "id")
