"""What a model is told about a cell, and what its answer says as the column's type has it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from chat.grounding.checking import SentenceCheck, checks_of
from chat.grounding.deciding import SentenceVerdict
from chat.models.reviews import ReviewCell, ReviewColumn
from search.questions.quotes import holds

Kind, Verdict = ReviewColumn.Kind, ReviewCell.Verdict
NOT_STATED = "Not stated"
_FORMS: Mapping[str, str] = {
    Kind.TEXT: "a few words",
    Kind.DATE: "the date as YYYY-MM-DD",
    Kind.NUMBER: "the number in digits, with a point before decimals",
    Kind.YES_NO: "Yes or No",
    Kind.QUOTATION: "the sentence of the document, word for word, in quotation marks",
}
_INSTRUCTIONS = (
    "Your answer fills one cell of a table about one document. Write two lines and nothing else. "
    "First line: only the answer, {form}, followed by its citation, such as [1]. "
    "Second line: one short sentence that states the answer in the words of the document, with its citation. "
    f"If the document does not say it, write only: {NOT_STATED}."
)
_CITATION = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")
_NUMBER = re.compile(r"[-+\u2212]?\d[\d,.'\u00a0\u202f ]*")
_YES, _NO = ("yes", "ja", "oui", "sí", "si", "是", "نعم"), ("no", "nein", "non", "否", "不是", "لا")
_MARKS = '*_`>#- \t“”„"«»'
VALUE_MAX = 2_000
# From the least to the most in need of a look.
_WORST = (SentenceVerdict.STANDS, SentenceVerdict.REWORDED, SentenceVerdict.OTHERWISE)


def instructions(kind: str) -> str:
    """Return what the model is told beside the question."""
    return _INSTRUCTIONS.format(form=_FORMS[kind])


def value_of(text: str, kind: str) -> str | None:
    """Return the value of an answer: a date in ISO form, a number with a point, yes or no, or its first line.

    An empty text means that the document does not say it; None that the answer is not of this type.
    """
    line = next((line for line in text.splitlines() if line.strip(_MARKS)), "")
    bare = _CITATION.sub("", line).strip(_MARKS).strip()
    if kind == Kind.NUMBER and re.search(rf"-{re.escape(bare)}", line) and bare[:1].isdigit():
        # A minus, and no mark of a list: that has a space behind it.
        bare = f"-{bare}"
    if not bare or bare.casefold().rstrip(".").startswith(NOT_STATED.casefold()):
        return ""
    if kind == Kind.DATE:
        return _date(bare)
    if kind == Kind.NUMBER:
        number = number_of(bare)
        return None if number is None else f"{number.normalize():f}"
    if kind == Kind.YES_NO:
        word = re.split(r"[\s,.;:!،。，]", bare, maxsplit=1)[0].casefold()  # noqa: RUF001
        return "yes" if word in _YES else "no" if word in _NO else None
    return bare[:VALUE_MAX]


def _date(text: str) -> str | None:
    found = re.search(r"\d{4}-\d{2}-\d{2}", text)
    try:
        return date.fromisoformat(found[0]).isoformat() if found else None
    except ValueError:
        return None


def number_of(text: str) -> Decimal | None:
    """Return the first number of a text; None if there is none, or it is too large for a cell."""
    found = _NUMBER.search(text)
    if not found:
        return None
    digits = re.sub(r"[\s'\u00a0\u202f]", "", found[0]).replace("\u2212", "-").rstrip(".,")
    # Three digits after every comma: it groups thousands.
    digits = digits.replace(",", "") if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", digits) else digits
    # Points before a comma, or several of them: they group thousands, and the comma begins the decimals.
    digits = (
        digits.replace(".", "")
        if re.fullmatch(r"[-+]?\d{1,3}(\.\d{3})+,\d+|[-+]?\d{1,3}(\.\d{3}){2,}", digits)
        else digits
    )
    try:
        number = Decimal(digits.replace(",", "."))
    except InvalidOperation:
        return None
    return number if abs(number) < Decimal(10) ** 20 else None


def verdict_of(text: str, kind: str, checks: Sequence[SentenceCheck], passages: Mapping[int, str]) -> str:
    """Return whether the value of an answer stands in the passages, and if not, why a person should look.

    `checks` are those of the answer's sentences, and `passages` the texts that it cites, by their numbers.
    """
    value = value_of(text, kind)
    if value is None:
        return Verdict.WRONG_KIND
    if not value:
        return Verdict.NOT_STATED
    if kind == Kind.QUOTATION:
        return Verdict.STANDS if any(holds(each, value) for each in passages.values()) else Verdict.REWORDED
    if not passages:
        return Verdict.NO_SOURCE
    own = _own_checks(value, kind, passages)
    cited = [check.verdict for check in (*checks, *own) if check.verdict in _WORST and not _is_bare(check, kind)]
    if not cited:
        # It cites something, but nothing of it can be compared.
        return Verdict.REWORDED
    return Verdict[max(cited, key=_WORST.index).name]


def _is_bare(check: SentenceCheck, kind: str) -> bool:
    """Return whether a sentence is a yes or no alone: it does not stand in a document, but what it stands for may."""
    bare = _CITATION.sub("", check.sentence).strip(_MARKS + ".").casefold()
    return kind == Kind.YES_NO and bare in (*_YES, *_NO)


def _own_checks(value: str, kind: str, passages: Mapping[int, str]) -> Iterable[SentenceCheck]:
    """Check a date or number by itself: the model may have stated another one in its sentence."""
    if kind not in (Kind.DATE, Kind.NUMBER):
        return ()
    cites = "".join(f"[{number}]" for number in passages)
    return checks_of(f"{value} {cites}", passages)
