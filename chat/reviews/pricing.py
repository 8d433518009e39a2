"""Works out before a table starts which cells would be asked, by which models, and what that can cost. Synchronous."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from chat.models import ReviewCell, ReviewColumn, ReviewTable
from chat.reviews.asking import request_of
from chat.reviews.tables import readable_sources
from chat.routing import route as routing
from chat.routing.route import NoModelError
from chat.turns import costs, prompts, turn
from chat.turns.values import RoutingInput, wanted
from langai_site.accounts.models import User
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Usage, cost
from search.models import Source

# Tokens of the shortest answer; with a prompt that no passage was found for, the least that a call costs.
SHORTEST = 10
State = ReviewCell.State


@dataclass(frozen=True)
class CellPrice:
    """What one call costs in US dollars: `most` is None without a price. `refusal` says why no model may answer."""

    least: Decimal = Decimal(0)
    most: Decimal | None = Decimal(0)
    models: tuple[str, ...] = ()
    refusal: str = ""


@dataclass
class Estimate:
    """What filling a table would do: `due` are the prices of the cells to ask, by their ids.

    `refused` counts the cells that no model may answer, by the reason; they are tried all the same and cost nothing.
    """

    due: dict[int, CellPrice] = field(default_factory=dict)
    unreadable: int = 0
    models: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def least(self) -> Decimal:
        return sum((price.least for price in self.due.values()), Decimal(0))

    @property
    def most(self) -> Decimal | None:
        prices = [price.most for price in self.due.values()]
        return None if None in prices else sum((price for price in prices if price is not None), Decimal(0))


def is_due(cell: ReviewCell, column: ReviewColumn, source: Source) -> bool:
    """Return whether a cell has to be asked: it has no answer of this version of the document to this question."""
    seen = (cell.source_id, cell.fingerprint)
    return cell.state != State.DONE or seen != (source.pk, column.fingerprint)


def is_outdated(cell: ReviewCell, column: ReviewColumn, source: Source) -> bool:
    """Return whether document or question has changed since the cell was answered, or corrected without an answer."""
    has_words = cell.state == State.DONE or cell.correction is not None
    return has_words and (cell.source_id, cell.fingerprint) != (source.pk, column.fingerprint)


def estimate(user: User, table: ReviewTable) -> Estimate:
    """Return what filling the table would do now. It reads rows, and asks nobody."""
    columns = {column.pk: column for column in table.columns.all()}
    cells = list(ReviewCell.objects.filter(row__table=table).select_related("row").defer("text", "checks", "receipt"))
    sources = readable_sources(user, {cell.row.document for cell in cells})
    found = Estimate()
    prices: dict[tuple[int, Sensitivity], CellPrice] = {}
    for cell in cells:
        source, column = sources.get(cell.row.document), columns[cell.column_id]
        if source is None:
            found.unreadable += 1
        elif is_due(cell, column, source):
            key = (column.pk, source.label)
            price = prices[key] if key in prices else prices.setdefault(key, _price(user, column, source))
            found.due[cell.pk] = price
            found.models.update(price.models[:1])
            found.refused.update(filter(None, [price.refusal]))
    return found


def _price(user: User, column: ReviewColumn, source: Source) -> CellPrice:
    request = request_of(user, column, source)
    messages = request.texts().messages()
    weighed = RoutingInput(
        passages=(),
        causes=(*request.causes, *request.given_files.causes),
        complexity=turn.complexity_of(request, 1),
        messages=messages,
        tokens=prompts.most_tokens(messages) + prompts.tokens_of(costs.passages_of(request)),
        least_tokens=request.texts().least.tokens,
        files=request.given_files,
    )
    try:
        route = routing.route(wanted(request, weighed), request.catalogue, request.policy)
    except NoModelError as error:
        return CellPrice(refusal=error.message)
    asked = route.candidates[: turn.MOST_ASKED]
    each = [costs.most(request, model, messages) for model in asked]
    most = None if None in each else max(price for price in each if price is not None)
    least = min(_least(model, prompts.tokens_of(messages)) for model in asked)
    return CellPrice(least, most, tuple(model.display_name for model in asked))


def _least(model: ModelInfo, tokens: int) -> Decimal:
    if not model.hosted or model.price is None:
        return Decimal(0)
    return cost(model.price, Usage(input_tokens=tokens // 2, output_tokens=SHORTEST))
