"""Puts a receipt into words for the person whose turn it was."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from chat.grounding import stored
from chat.grounding.checking import SentenceCheck
from chat.pages import check_text
from chat.routing.route import Rejected
from chat.turns.receipt import Receipt
from langai_site.usage.spending.standing import shown

if TYPE_CHECKING:
    from chat.turns.previews import Preview


def cost(amount: Decimal | None) -> str:
    """Return an amount in US dollars with two significant digits."""
    if amount is None:
        return "unpriced"
    if not amount:
        return "free"
    return f"${amount:.2f}" if amount >= 1 else f"${amount.quantize(Decimal(1).scaleb(amount.adjusted() - 1)):f}"


def charged(receipt: Receipt) -> str:
    """Return what a turn cost and, if its answer was cached or shared, what that saved."""
    amount_text = cost(receipt.cost)
    if not receipt.cached:
        return amount_text
    return f"{amount_text} (cached; saved {cost(receipt.saved)})" if receipt.saved else f"{amount_text} (cached)"


def receipt_lines(receipt: Receipt) -> list[tuple[str, str]]:
    """Return the folded receipt as terms and values; empty if the turn did not get far enough."""
    if not receipt.label:
        return []
    limits = _limits(receipt.notice, receipt.answer_limit)
    return [
        *_model_lines(receipt),
        *_label_lines(receipt),
        *_check_lines(receipt.checks or ()),
        *limits,
        *_usage_lines(receipt),
        *_not_used(receipt.rejected),
    ]


def _check_lines(checks: Sequence[SentenceCheck]) -> list[tuple[str, str]]:
    found = stored.summary(checks)
    return [("Sentences", f"{found}. {check_text.CAUTION}")] if found else []


def _limits(notice: str, answer_limit: str) -> list[tuple[str, str]]:
    """Return lines about what was left out of the prompt, and about the longest answer."""
    return [(term, text) for term, text in (("Notice", notice), ("Length", answer_limit)) if text]


def _not_used(rejected: Iterable[Rejected]) -> list[tuple[str, str]]:
    """Return a line for each reason, with the models that it kept from answering."""
    reasons: dict[str, list[str]] = {}
    for other in rejected:
        reasons.setdefault(other.why, []).append(other.model)
    return [("Not used", f"{', '.join(models)}: {why}") for why, models in reasons.items()]


def summary(receipt: Receipt) -> str:
    """Return the receipt on one line: model, tokens, cost and time."""
    if not receipt.model or receipt.sent is False:
        return "Nothing was sent" if receipt.label else ""
    tokens = receipt.input_tokens + receipt.output_tokens
    return f"{receipt.model} · {tokens:,} tokens · {charged(receipt)} · {receipt.duration_ms / 1000:.1f} s"


def _model_lines(receipt: Receipt) -> list[tuple[str, str]]:
    if not receipt.model or receipt.sent is False:
        return [("Model", "none: nothing was sent")]
    where = "hosted" if receipt.hosted else "local: nothing left this network"
    version = f" (policy {receipt.policy})" if receipt.policy else ""
    return [("Model", f"{receipt.model} ({where})"), ("Chosen", receipt.route + version)]


def _label_lines(receipt: Receipt) -> list[tuple[str, str]]:
    lines = [("Label", _with_causes(receipt.label, [cause.words for cause in receipt.label_causes]))]
    if receipt.complexity:
        lines.append(("Complexity", _with_causes(receipt.complexity, receipt.complexity_causes)))
    if receipt.length:
        lines.append(("Length", f"{receipt.length} than usual, as you chose"))
    if receipt.assistant:
        tokens = f", about {receipt.assistant_tokens:,} tokens" if receipt.assistant_tokens else ""
        lines.append(("Assistant", f"{receipt.assistant}, version {receipt.assistant_version}{tokens}"))
    if receipt.folder:
        lines.append(("Instructions", f"of the folder “{receipt.folder}”, about {receipt.folder_tokens:,} tokens"))
    if receipt.instructions_tokens and receipt.sent is not False:
        lines.append(("Instructions", f"yours, about {receipt.instructions_tokens:,} tokens"))
    lines += [("File", words) for words in receipt.files or ()]
    return [*lines, ("Documents", _documents(receipt.asked)), ("Passages read", str(receipt.passages))]


def _with_causes(what: str, causes: Sequence[str]) -> str:
    return ": ".join(filter(None, (what, ", ".join(causes))))


def _documents(names: Sequence[str] | None) -> str:
    return "all you may read" if names is None else ", ".join(names) or "none, as you chose"


def tokens(receipt: Receipt) -> str:
    """Return the tokens that a turn took, in words."""
    about = "about " if receipt.estimated else ""
    thought = f" ({receipt.reasoning_tokens:,} of them for thinking)" if receipt.reasoning_tokens else ""
    return f"{about}{receipt.input_tokens:,} in, {receipt.output_tokens:,} out{thought}"


def _usage_lines(receipt: Receipt) -> list[tuple[str, str]]:
    if receipt.sent is False:
        return [("Cost", "nothing was sent")]
    price = f" (price {receipt.price})" if receipt.price else ""
    lines = [("Tokens", tokens(receipt)), ("Cost", charged(receipt) + price)]
    if receipt.first_token_ms is not None:
        lines.append(("First word", f"after {receipt.first_token_ms / 1000:.2f} s"))
    return lines


def preview(expected: "Preview") -> dict[str, Any]:
    """Return what the composer says before sending: one line, and the details behind it."""
    label = _with_causes(
        expected.label.label, [cause.words for cause in expected.causes if cause.label == expected.label]
    )
    lines = [
        ("Label", f"{label}. Passages that are found can raise it."),
        ("Complexity", _with_causes(expected.complexity.level, expected.complexity.causes)),
        ("Model", expected.refusal or expected.why),
        *([("Allowed", "; ".join((*(offer.words for offer in expected.offers), "quotes")))] if expected.over else []),
        *_limits(expected.notice, expected.answer_limit),
        *_not_used(expected.rejected),
    ]
    return {"preview": expected, "summary": " · ".join([expected.label.label, *_outcome(expected)]), "lines": lines}


def _outcome(expected: "Preview") -> list[str]:
    if expected.model:
        # As budgets show money, because a refusal names the same amount.
        most = f"at most {shown(expected.most, ROUND_UP)}" if expected.most else cost(expected.most)
        return [expected.model.display_name, most]
    return [expected.over or "nothing would be sent"]
