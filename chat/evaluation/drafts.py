"""Tries the next version of an assistant: on test cases, and on how routing would choose. Synchronous; no model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from chat.assistants import drafting
from chat.conversations import chosen_collections
from chat.conversations.drafts import Options
from chat.evaluation import running
from chat.models import Assistant, AssistantUse, EvalCase
from chat.models.assistants import AssistantDraft
from chat.routing import past_turns
from chat.routing.replay import ReplayOutcome
from chat.routing.route import RouteRequest
from chat.values import Level
from chat.verified.access import owned_collections
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity

# The most cases of one run, and days of answers that are routed again.
MOST, DAYS = 200, 30


@dataclass(frozen=True)
class TriedCase:
    """A test case with the places at which its documents are found now and with the draft; None: not found."""

    question: str
    now: int | None
    then: int | None

    @property
    def is_worse(self) -> bool:
        return self.now is not None and (self.then is None or self.then > self.now)

    @property
    def is_better(self) -> bool:
        return self.then is not None and (self.now is None or self.then < self.now)


@dataclass(frozen=True)
class TriedCases:
    """The cases that have run, those that got worse first, and how many there are and still wait."""

    rows: tuple[TriedCase, ...]
    all: int
    waiting: int

    @property
    def worse(self) -> int:
        return sum(row.is_worse for row in self.rows)

    @property
    def better(self) -> int:
        return sum(row.is_better for row in self.rows)

    @property
    def changed(self) -> list[TriedCase]:
        return [row for row in self.rows if row.is_worse or row.is_better]


def tried(user: User, draft: AssistantDraft) -> TriedCases:
    """Return what the last run found, of cases that the person may still see."""
    cases = _cases(user, draft)
    questions = {str(pk): question for pk, question in cases.values_list("pk", "question")[:MOST]}
    rows = [TriedCase(questions[pk], *ranks) for pk, ranks in draft.ranks.items() if pk in questions]
    rows.sort(key=lambda row: (not row.is_worse, not row.is_better))
    return TriedCases(tuple(rows), len(questions), len(draft.waiting))


def _cases(user: User, draft: AssistantDraft) -> QuerySet[EvalCase]:
    """Return the cases that say what to find, of the person's own collections that either version searches."""
    searched = (draft.assistant.collections, draft.trial.collections)
    ready = EvalCase.objects.exclude(documents={}, must_contain=[])
    cases = ready.filter(collection__in=owned_collections(user)).order_by("pk")
    if None in searched:
        return cases
    return cases.filter(collection__in={pk for chosen in searched for pk in chosen or ()})


@transaction.atomic
def request_run(user: User, assistant_id: UUID) -> None:
    """Have the worker run the test cases. Raises NotFoundError and ForbiddenError."""
    draft = drafting.access_draft(user.pk, assistant_id)
    draft.waiting, draft.ranks = list(_cases(user, draft).values_list("pk", flat=True)[:MOST]), {}
    draft.save(update_fields=["waiting", "ranks"])


def run() -> bool:
    """Run some of the cases that wait; return True if there are more."""
    draft = AssistantDraft.objects.exclude(waiting=[]).select_related("assistant", "trial", "editor").first()
    if draft is None:
        return False
    some, rest = draft.waiting[: running.AT_ONCE], draft.waiting[running.AT_ONCE :]
    ranks = _ranks(draft, EvalCase.objects.filter(pk__in=some))
    # Only if no other run was requested meanwhile.
    same = AssistantDraft.objects.filter(pk=draft.pk, updated_at=draft.updated_at, waiting=draft.waiting)
    same.update(waiting=rest, ranks={**draft.ranks, **ranks})
    return True


def _ranks(draft: AssistantDraft, cases: Iterable[EvalCase]) -> dict[str, list[int | None]]:
    """Return the rank of each case now and with the draft, as its editor may search."""
    versions = (draft.assistant, draft.trial)
    readers = [chosen_collections.scope(draft.editor, one.collections)[0] for one in versions]
    found: dict[str, list[int | None]] = {}
    for case in cases:
        now = running.rank_for(case, readers[0])
        is_same = draft.assistant.collections == draft.trial.collections
        found[str(case.pk)] = [now, now if is_same else running.rank_for(case, readers[1])]
    return found


def routed(draft: AssistantDraft) -> ReplayOutcome:
    """Return where the assistant's answers of the last DAYS days would come from with the draft, and at what cost."""
    uses = AssistantUse.objects.filter(assistant=draft.assistant_id).values_list("reply", flat=True)
    now, then = draft.assistant, draft.trial

    def changed(request: RouteRequest) -> RouteRequest:
        # What a person chose beside the message stays.
        if request.requested == now.model:
            request = replace(request, requested=then.model)
        if request.max_tokens == _most(now):
            request = replace(request, max_tokens=_most(then))
        complexity = Options.read(then.options).complexity
        request = replace(request, complexity=Level(complexity)) if complexity else request
        return replace(request, label=max(request.label, Sensitivity(then.label)))

    return past_turns.try_request(uses, changed, days=DAYS)


def _most(assistant: Assistant) -> int:
    return Options.read(assistant.options).max_tokens or settings.ANSWER_MAX_TOKENS
