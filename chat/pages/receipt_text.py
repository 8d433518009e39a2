"""Puts a receipt into words for the person whose turn it was."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from chat.grounding import stored
from chat.grounding.checking import SentenceCheck
from chat.pages import check_text
from chat.pages.verified_badge import words_of
from chat.routing.route import Rejected
from chat.turns.receipt import Receipt
from chat.values import Level
from langai_site.numbers import decimal, dollars, grouped
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import drawn
from langai_site.usage.spending.standing import shown

if TYPE_CHECKING:
    from chat.turns.previews import Preview


def cost(amount: Decimal | None) -> str:
    """Return an amount in US dollars with two significant digits."""
    if amount is None:
        return _("unpriced")
    if not amount:
        return _("free")
    return dollars(f"{amount:.2f}" if amount >= 1 else f"{amount.quantize(Decimal(1).scaleb(amount.adjusted() - 1)):f}")


def charged(receipt: Receipt) -> str:
    """Return what a turn cost and, if its answer was cached or shared, what that saved."""
    amount_text = cost(receipt.cost)
    if not receipt.cached:
        return amount_text
    if not receipt.saved:
        return _("%(cost)s (cached)") % {"cost": amount_text}
    return _("%(cost)s (cached; saved %(saved)s)") % {"cost": amount_text, "saved": cost(receipt.saved)}


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
    said = " ".join(filter(None, [f"{found}.", str(check_text.CAUTION), stored.opinions(checks)]))
    return [(_("Sentences"), said)] if found else []


def _limits(notice: str, answer_limit: str) -> list[tuple[str, str]]:
    """Return lines about what was left out of the prompt, and about the longest answer."""
    return [(term, drawn(text)) for term, text in ((_("Notice"), notice), (_("Length"), answer_limit)) if text]


def _not_used(rejected: Iterable[Rejected]) -> list[tuple[str, str]]:
    """Return a line for each reason, with the models that it kept from answering."""
    reasons: dict[str, list[str]] = {}
    for other in rejected:
        reasons.setdefault(other.why, []).append(other.model)
    return [(_("Not used"), f"{', '.join(models)}: {drawn(why)}") for why, models in reasons.items()]


def summary(receipt: Receipt) -> str:
    """Return the receipt on one line: model, tokens, cost and time."""
    if receipt.verified:
        return _("Verified answer · nothing was sent")
    if not receipt.model or receipt.sent is False:
        return _("Nothing was sent") if receipt.label else ""
    tokens = receipt.input_tokens + receipt.output_tokens
    return _("%(model)s · %(tokens)s tokens · %(cost)s · %(seconds)s s") % {
        "model": receipt.model,
        "tokens": grouped(tokens),
        "cost": charged(receipt),
        "seconds": decimal(receipt.duration_ms / 1000, 1),
    }


def _model_lines(receipt: Receipt) -> list[tuple[str, str]]:
    if receipt.verified:
        verified = _("Verified"), words_of(receipt.verified)
        return [verified, (_("Model"), _("none: an owner verified this answer, so no model was asked"))]
    if not receipt.model or receipt.sent is False:
        return [(_("Model"), _("none: nothing was sent"))]
    where = _("hosted") if receipt.hosted else _("local: nothing left this network")
    version = " " + _("(policy %(version)s)") % {"version": receipt.policy} if receipt.policy else ""
    return [(_("Model"), f"{receipt.model} ({where})"), (_("Chosen"), drawn(receipt.route) + version)]


def _label_lines(receipt: Receipt) -> list[tuple[str, str]]:
    lines = [(_("Label"), _with_causes(_label(receipt.label), [cause.words for cause in receipt.label_causes]))]
    if receipt.complexity:
        lines.append((_("Complexity"), _with_causes(level(receipt.complexity), receipt.complexity_causes)))
    if receipt.length:
        shorter, longer = _("shorter than usual, as you chose"), _("longer than usual, as you chose")
        lines.append((_("Length"), shorter if receipt.length == "shorter" else longer))
    if receipt.assistant:
        words = _("%(name)s, version %(version)s, about %(tokens)s tokens")
        if not receipt.assistant_tokens:
            words = _("%(name)s, version %(version)s")
        values = {"name": receipt.assistant, "version": receipt.assistant_version}
        lines.append((_("Assistant"), words % {**values, "tokens": grouped(receipt.assistant_tokens or 0)}))
    if receipt.folder:
        words = _("of the folder “%(folder)s”, about %(tokens)s tokens")
        values = {"folder": receipt.folder, "tokens": grouped(receipt.folder_tokens)}
        lines.append((_("Instructions"), words % values))
    if receipt.instructions_tokens and receipt.sent is not False:
        words = _("yours, about %(tokens)s tokens")
        lines.append((_("Instructions"), words % {"tokens": grouped(receipt.instructions_tokens)}))
    lines += [(_("File"), drawn(words)) for words in receipt.files or ()]
    return [*lines, (_("Documents"), _documents(receipt.asked)), (_("Passages read"), str(receipt.passages))]


def _with_causes(what: str, causes: Sequence[str]) -> str:
    return ": ".join(filter(None, (what, ", ".join(map(drawn, causes)))))


def _label(name: str) -> str:
    """Return the name of a label that a receipt stores in English; another text as it is."""
    return next((label.label for label in Sensitivity if label.stored_name == name), name)


def level(name: str) -> str:
    """Return how demanding a question is, in words."""
    words = {
        Level.SIMPLE: pgettext("complexity", "simple"),
        Level.MODERATE: pgettext("complexity", "moderate"),
        Level.COMPLEX: pgettext("complexity", "complex"),
    }
    return next((words[known] for known in Level if known.value == name), name)


def _documents(names: Sequence[str] | None) -> str:
    return _("all you may read") if names is None else ", ".join(names) or _("none, as you chose")


def tokens(receipt: Receipt) -> str:
    """Return the tokens that a turn took, in words."""
    words = _("about %(input)s in, %(output)s out") if receipt.estimated else _("%(input)s in, %(output)s out")
    counted = words % {"input": grouped(receipt.input_tokens), "output": grouped(receipt.output_tokens)}
    if not receipt.reasoning_tokens:
        return counted
    thought = _("(%(count)s of them for thinking)") % {"count": grouped(receipt.reasoning_tokens)}
    return f"{counted} {thought}"


def _usage_lines(receipt: Receipt) -> list[tuple[str, str]]:
    if receipt.sent is False:
        return [(_("Cost"), _("nothing was sent"))]
    price = " " + _("(price %(version)s)") % {"version": receipt.price} if receipt.price else ""
    lines = [(_("Tokens"), tokens(receipt)), (_("Cost"), charged(receipt) + price)]
    if receipt.first_token_ms is not None:
        seconds = decimal(receipt.first_token_ms / 1000, 2)
        lines.append((_("First word"), _("after %(seconds)s s") % {"seconds": seconds}))
    return lines


def preview(expected: "Preview") -> dict[str, Any]:
    """Return what the composer says before sending: one line, and the details behind it."""
    label = _with_causes(
        expected.label.label, [cause.words for cause in expected.causes if cause.label == expected.label]
    )
    allowed = "; ".join((*(drawn(offer.words) for offer in expected.offers), "quotes"))
    may_rise = _("Passages that are found can raise it.")
    lines = [
        (_("Label"), f"{label}. {may_rise}"),
        (_("Complexity"), _with_causes(level(expected.complexity.level), expected.complexity.causes)),
        (_("Model"), drawn(expected.refusal or expected.why)),
        *([(_("Allowed"), allowed)] if expected.over else []),
        *_limits(expected.notice, expected.answer_limit),
        *_not_used(expected.rejected),
    ]
    return {"preview": expected, "summary": " · ".join([expected.label.label, *_outcome(expected)]), "lines": lines}


def _outcome(expected: "Preview") -> list[str]:
    if expected.model:
        # As budgets show money, because a refusal names the same amount.
        most = cost(expected.most)
        if expected.most:
            most = _("at most %(amount)s") % {"amount": shown(expected.most, ROUND_UP)}
        return [expected.model.display_name, most]
    return [drawn(expected.over) or _("nothing would be sent")]
