"""The models that answered somebody last, by the ledger."""

from langai_site.database.compiled_queries import CompiledQuery
from langai_site.usage.models import UsageEntry

# So many of a person's latest calls are read, whatever they were for: the index holds them together.
CALLS = 100
ANSWERED = ("complete", "stopped")

_LATEST = CompiledQuery(
    lambda user: (
        UsageEntry.objects.filter(user_id=user).order_by("-at").values_list("model", "kind", "source", "status")[:CALLS]
    ),
    user=-982451653,
)


def recent_models(user_id: int, source: str) -> list[str]:
    """Return the names of the models that answered this person's latest questions through `source`, latest first.

    Synchronous. A model may no longer be available, or no longer be this person's to use.
    """
    rows = _LATEST.rows(user=user_id)
    answered = (
        model for model, kind, where, status in rows if (kind, where) == ("chat", source) and status in ANSWERED
    )
    return list(dict.fromkeys(answered))
