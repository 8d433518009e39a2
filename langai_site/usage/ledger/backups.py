"""What backups have to know about the ledger."""

from langai_site import stored_data
from langai_site.usage.ledger import verification
from langai_site.usage.ledger.verification import Head
from langai_site.usage.models import EventSeal, Seal


def register() -> None:
    tables = [model._meta.db_table for model in (Seal, EventSeal)]
    stored_data.sealed_chains["ledger"] = stored_data.SealedChain(tables, problem)


def problem(sequence: int, end: str) -> str:
    """Return the first thing that is wrong with the chain, which must contain this seal; "" if it is whole."""
    found = next(verification.findings(Head(sequence, end) if sequence else None), None)
    return found.text if found else ""
