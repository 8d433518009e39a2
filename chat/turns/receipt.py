"""Pure: the receipt of an answer, as a value and as the JSON in the answer's row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, asdict, dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, NamedTuple

from chat.conversations import labels
from chat.conversations.labels import Cause
from chat.grounding.checking import SentenceCheck
from chat.routing.route import Rejected, RouteRequest
from chat.turns.costs import Offer
from chat.values import VerifiedBy
from langai_site import sentences


class _Form(NamedTuple):
    """The functions that read a value from JSON and write it. Null stays None and needs neither."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def _same(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return value


def _rejected_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Rejected, ...]:
    return tuple(Rejected(row["model"], sentences.of_row("why", row), row.get("code", "")) for row in rows)


def _rejected_rows(rejected: Iterable[Rejected]) -> list[dict[str, Any]]:
    rows = ({"model": other.model} | sentences.row_of("why", other.why) | {"code": other.code} for other in rejected)
    return [{name: value for name, value in row.items() if value or name != "code"} for row in rows]


def _offers_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Offer, ...]:
    return tuple(Offer(row["model"], row["name"], row["max_tokens"]) for row in rows)


def _offer_rows(offers: Iterable[Offer]) -> list[dict[str, Any]]:
    return [offer.written() for offer in offers]


def _checks_of(rows: Iterable[Mapping[str, Any]]) -> tuple[SentenceCheck, ...]:
    return tuple(map(SentenceCheck.read, rows))


def _check_rows(checks: Iterable[SentenceCheck]) -> list[dict[str, Any]]:
    return [check.written() for check in checks]


def _request_of(row: Mapping[str, Any]) -> RouteRequest | None:
    return RouteRequest.read(row) if row else None


def _verified_of(row: Mapping[str, Any]) -> VerifiedBy:
    return VerifiedBy(str(row["answer"]), int(row["version"]), str(row["name"]), str(row["day"]))


def _plain(value: str | Sequence[str]) -> Any:  # noqa: ANN401 - any JSON
    return str(value) if isinstance(value, str) else list(map(str, value))


def _codes(value: str | Sequence[str]) -> Any:  # noqa: ANN401 - any JSON
    """Return the codes and values of a sentence, or of several: None for each that is plain text, and for none."""
    if isinstance(value, str):
        return sentences.code_of(value)
    codes = list(map(sentences.code_of, value))
    return codes if any(codes) else None


def _with_codes(value: str | Sequence[str], codes: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return sentences.with_code(value, codes)
    return tuple(map(sentences.with_code, value, codes)) if len(value) == len(codes) else tuple(value)


# When a field is stored: with every receipt, unless its metadata has one of these.
_WEIGHED = {"if": "label"}
_ROUTED = {"if": "model"}
_KNOWN = {"if": ""}
# How a field is stored: as it is, unless its metadata has one of these.
_TEXTS = {"form": _Form(tuple, list)}
# Sentences are stored as their English text. The key `sentences` has their codes and values, by field.
_SENTENCE = {"form": _Form(_same, _plain), "codes": True}
_SENTENCES = {"form": _Form(tuple, _plain), "codes": True}
_DOLLARS = {"form": _Form(Decimal, str)}
_CAUSES = {"form": _Form(labels.read, labels.written)}
_REJECTED = {"form": _Form(_rejected_of, _rejected_rows)}
_REQUEST = {"form": _Form(_request_of, RouteRequest.written)}
_OFFERS = {"form": _Form(_offers_of, _offer_rows)}
_CHECKS = {"form": _Form(_checks_of, _check_rows)}
_VERIFIED = {"form": _Form(_verified_of, asdict)}
_AS_IT_IS = _Form(_same, _same)


@dataclass(frozen=True)
class Receipt:
    """What an answer cost and how it came about.

    Each field has a default, because older receipts do not have the newer fields, and because a turn may end before it
    has a label or a model. `cost` and `saved` are in US dollars, None if a call has no price. `reasoning_tokens` are
    the output tokens spent on thinking, None if no provider counted any. `asked` names the collections that the person
    chose, None if they chose none in particular. `failures` are the words of servers whose calls failed, for admins.
    `length` says that a shorter or longer answer was requested. `folder` is the name of the folder whose instructions
    were in the prompt, and `folder_tokens` about how many tokens they took.
    `assistant` is the name of the assistant that answered, with its version and the tokens of its instructions.
    `files` says which attached files were given, and how. `sent` is False if no model was asked; older receipts do not
    say it. `offers` are what a budget that refused the turn still allowed. `instructions_tokens` are those of the
    person's own instructions, None if none were sent. `checks` compare the sentences of a complete answer with what
    they cite; what they quote of passages is for people who may read these. `verified`: the answer is one that a person
    verified, and no model was asked.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int | None = field(default=None, metadata=_KNOWN)
    estimated: bool = False
    cost: Decimal | None = field(default=None, metadata=_DOLLARS)
    price: str = ""
    first_token_ms: int | None = None
    duration_ms: int = 0
    cached: bool = False
    saved: Decimal | None = field(default=None, metadata=_DOLLARS)

    # Known as soon as the turn has its label.
    label: str = field(default="", metadata=_WEIGHED)
    label_causes: tuple[Cause, ...] = field(default=(), metadata=_WEIGHED | _CAUSES)
    complexity: str = field(default="", metadata=_WEIGHED)
    complexity_causes: tuple[str, ...] = field(default=(), metadata=_WEIGHED | _SENTENCES)
    passages: int = field(default=0, metadata=_WEIGHED)
    notice: str = field(default="", metadata=_WEIGHED | _SENTENCE)
    folder: str = field(default="", metadata=_KNOWN)
    folder_tokens: int = field(default=0, metadata={"if": "folder"})
    assistant: str = field(default="", metadata=_KNOWN)
    assistant_version: int = field(default=0, metadata={"if": "assistant"})
    assistant_tokens: int = field(default=0, metadata={"if": "assistant"})

    # Known as soon as a model is chosen; `rejected` names the others, or all.
    model: str = field(default="", metadata=_ROUTED)
    name: str = field(default="", metadata=_ROUTED)
    route: str = field(default="", metadata=_ROUTED | _SENTENCE)
    rule: str = field(default="", metadata=_ROUTED)
    policy: int | None = field(default=None, metadata=_ROUTED)
    rejected: tuple[Rejected, ...] = field(default=(), metadata=_REJECTED)
    hosted: bool = field(default=False, metadata=_ROUTED)
    answer_limit: str = field(default="", metadata=_KNOWN | _SENTENCE)

    request: RouteRequest | None = field(default=None, metadata=_KNOWN | _REQUEST)
    unverified: tuple[str, ...] | None = field(default=None, metadata=_KNOWN | _TEXTS)
    asked: tuple[str, ...] | None = field(default=None, metadata=_TEXTS)
    failures: tuple[str, ...] | None = field(default=None, metadata=_KNOWN | _TEXTS)
    length: str = field(default="", metadata=_KNOWN)
    sent: bool | None = field(default=None, metadata=_KNOWN)
    offers: tuple[Offer, ...] | None = field(default=None, metadata=_KNOWN | _OFFERS)
    instructions_tokens: int | None = field(default=None, metadata=_KNOWN)
    files: tuple[str, ...] | None = field(default=None, metadata=_KNOWN | _SENTENCES)
    checks: tuple[SentenceCheck, ...] | None = field(default=None, metadata=_KNOWN | _CHECKS)
    verified: VerifiedBy | None = field(default=None, metadata=_KNOWN | _VERIFIED)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return every text in it that LangAI wrote."""
        causes, rejected = (cause.words for cause in self.label_causes), (other.why for other in self.rejected)
        single = (self.notice, self.route, self.answer_limit)
        return (*single, *self.complexity_causes, *(self.files or ()), *causes, *rejected)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is known yet, because the answer is still being written."""
        return self == EMPTY

    @classmethod
    def from_json(cls, row: Mapping[str, Any] | None) -> "Receipt":
        """Read a receipt that any version stored. Unknown keys are ignored."""
        stored = {known: row[known.name] for known in fields(cls) if known.name in row} if row else {}
        values = {known.name: _form(known).read(value) for known, value in stored.items() if value is not None}
        codes = row.get(_CODES) if row else None
        codes = codes if isinstance(codes, Mapping) else {}
        for name in _SAID.intersection(codes, values):
            values[name] = _with_codes(values[name], codes[name])
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON for the row: the fields of the stages that the turn reached, including nulls."""
        if self.is_empty:
            return {}
        values = {known: getattr(self, known.name) for known in fields(self) if self._is_stored(known)}
        row = {known.name: None if value is None else _form(known).write(value) for known, value in values.items()}
        codes = {
            name: found for name in _SAID.intersection(row) if row[name] and (found := _codes(getattr(self, name)))
        }
        return row | ({_CODES: codes} if codes else {})

    def for_programs(self) -> dict[str, Any]:
        """Return the receipt without what only admins may see. Checks are given beside it, by what may be read."""
        return replace(self, failures=None, checks=None).to_json()

    def _is_stored(self, known: Field[Any]) -> bool:
        stage = known.metadata.get("if")
        return stage is None or getattr(self, stage or known.name) not in (None, "")


def _form(known: Field[Any]) -> _Form:
    form: _Form = known.metadata.get("form", _AS_IT_IS)
    return form


_CODES = "sentences"
# The fields with sentences.
_SAID = frozenset(known.name for known in fields(Receipt) if known.metadata.get("codes"))
EMPTY = Receipt()
