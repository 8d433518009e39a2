"""Pure: what a reply keeps of its turn: which passages it cites, and the receipt."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from chat.events import Source
from chat.llm.types import Numbered
from chat.services.replies import Prepared
from langai_site.usage.types import Entry

CITED = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")


def cited_numbers(text: str) -> set[int]:
    return {int(number) for found in CITED.findall(text) for number in found.split(",")}


def source_of(passage: Numbered) -> Source:
    hit = passage.hit
    return Source(
        number=passage.number,
        source=str(hit.source_id),
        version=hit.version,
        title=hit.title,
        page=hit.page,
        start=hit.start,
        end=hit.end,
        heading=hit.heading,
    )


def receipt_of(
    prepared: Prepared | None, entries: Sequence[Entry], before: Mapping[str, Any], elapsed_ms: int
) -> dict[str, Any]:
    """What the person is told of the turn; `before` is the receipt of the part that was written earlier."""
    receipt: dict[str, Any] = {
        "input_tokens": before.get("input_tokens", 0) + sum(entry.usage.input_tokens for entry in entries),
        "output_tokens": before.get("output_tokens", 0) + sum(entry.usage.output_tokens for entry in entries),
        "estimated": before.get("estimated", False) or any(entry.usage.estimated for entry in entries),
        "cost": total_cost([before.get("cost", "0"), *(entry.cost for entry in entries)]),
        "first_token_ms": entries[0].first_token_ms if entries else None,
        "duration_ms": before.get("duration_ms", 0) + elapsed_ms,
    }
    return receipt | _decisions(prepared) if prepared else receipt


def _decisions(prepared: Prepared) -> dict[str, Any]:
    return {
        "model": prepared.route.model.display_name,
        "hosted": prepared.route.model.hosted,
        "route": prepared.route.why,
        "rejected": [{"model": other.model, "why": other.why} for other in prepared.route.rejected],
        "label": prepared.label.label,
        "passages": len(prepared.passages),
        "notice": prepared.notice,
    }


def total_cost(costs: Sequence[Decimal | str | None]) -> str | None:
    """The sum in US dollars; None where one has no price, for the sum has none then."""
    priced = [Decimal(cost) for cost in costs if cost is not None]
    return str(sum(priced)) if len(priced) == len(costs) else None
