"""Reads evaluation sets in the public BEIR layout: `corpus.jsonl`, `queries.jsonl` and `qrels/*.tsv` in a folder.

`metadata` may say more than BEIR knows: a passage's `language` and `heading`; a question's `language`, its `kind`
and, as `history`, what the person asked before.
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SPLIT = "test"
# Nothing answers these, and nothing should be found for them.
SMALL_TALK, NOTHING_FITS = "small-talk", "nothing-fits"
SILENT = (SMALL_TALK, NOTHING_FITS)


class BadDataset(Exception):
    """A folder that is no evaluation set; the message says what is wrong, and where."""


@dataclass(frozen=True)
class Text:
    """A passage to search. BEIR's sets hold whole articles, too. With a `file_name`, it is a file to be read whole."""

    id: str
    title: str
    text: str
    heading: str = ""
    file_name: str = ""


@dataclass(frozen=True)
class Question:
    """`relevant` has the grades of the passages that answer it, by id."""

    id: str
    text: str
    relevant: dict[str, int] = field(default_factory=dict)
    kind: str = "all"
    history: tuple[str, ...] = ()

    @property
    def is_held_out(self) -> bool:
        """Whether it belongs to the third of the questions that nothing is tuned on."""
        return int(hashlib.sha256(f"{self.id} {self.text}".encode()).hexdigest()[:8], 16) % 3 == 0


@dataclass(frozen=True)
class Dataset:
    """`language` is that of its questions, or the folder's name where they do not say."""

    language: str
    texts: tuple[Text, ...]
    questions: tuple[Question, ...]

    @property
    def small_talk(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.kind == SMALL_TALK)

    @property
    def answerable(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.relevant)


def load(folder: Path, split: str = SPLIT) -> Dataset:
    """The set in `folder` with the questions judged in `qrels/SPLIT.tsv`; some sets have another one in place of test.

    Raises BadDataset.
    """
    texts = tuple(_text(row) for row in _rows(folder / "corpus.jsonl"))
    judged = _judgements(_qrels(folder / "qrels", split))
    rows = list(_rows(folder / "queries.jsonl"))
    questions = tuple(question for row in rows if (question := _question(row, judged)))
    _check(folder, {text.id for text in texts}, questions)
    languages = {str(_metadata(row).get("language", folder.name)) for row in rows}
    return Dataset(languages.pop() if len(languages) == 1 else folder.name, texts, questions)


def small_talk(path: Path) -> dict[str, tuple[Question, ...]]:
    """What nothing answers, by language, from a file of queries. Raises BadDataset."""
    found: dict[str, tuple[Question, ...]] = {}
    for row in _rows(path):
        language = str(_metadata(row).get("language", ""))
        question = Question(str(row["_id"]), str(row["text"]), kind=SMALL_TALK)
        found[language] = (*found.get(language, ()), question)
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects in a file of JSON Lines, each with an `_id` and a `text`."""
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                row["_id"], row["text"]
            except (ValueError, KeyError, TypeError):
                raise BadDataset(f"{path}, line {number}: not a JSON object with an _id and a text.") from None
            yield row


def _opened(path: Path) -> Any:
    try:
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}.") from None


def _metadata(row: dict[str, Any]) -> dict[str, Any]:
    found = row.get("metadata")
    return found if isinstance(found, dict) else {}


def _text(row: dict[str, Any]) -> Text:
    heading = str(_metadata(row).get("heading", ""))
    return Text(str(row["_id"]), str(row.get("title") or ""), str(row["text"]), heading)


def _question(row: dict[str, Any], judged: dict[str, dict[str, int]]) -> Question | None:
    """None for a question of another split."""
    metadata = _metadata(row)
    kind = str(metadata.get("kind", "all"))
    relevant = judged.get(str(row["_id"]), {})
    if not any(grade > 0 for grade in relevant.values()) and kind not in SILENT:
        return None
    return Question(str(row["_id"]), str(row["text"]), relevant, kind, tuple(map(str, metadata.get("history", ()))))


def _qrels(folder: Path, split: str) -> Path:
    found = sorted(folder.glob("*.tsv"))
    named = [path for path in found if path.stem == split]
    if not named and (len(found) != 1 or split != SPLIT):
        raise BadDataset(f"{folder} has no {split}.tsv, but {', '.join(path.name for path in found) or 'no file'}.")
    return (named or found)[0]


def _judgements(path: Path) -> dict[str, dict[str, int]]:
    """Grades by question and passage; the file's first line is its heading."""
    judged: dict[str, dict[str, int]] = {}
    with _opened(path) as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows, None)
        for number, row in enumerate(rows, 2):
            try:
                question, passage, grade = row
                judged.setdefault(question, {})[passage] = int(grade)
            except ValueError:
                raise BadDataset(f"{path}, line {number}: not a question, a passage and a whole grade.") from None
    return judged


def _check(folder: Path, texts: set[str], questions: tuple[Question, ...]) -> None:
    if not any(question.relevant for question in questions):
        raise BadDataset(f"{folder} has no question that a passage answers.")
    for question in questions:
        if missing := sorted(set(question.relevant) - texts):
            raise BadDataset(f"{folder}: question {question.id} is judged by {missing[0]}, which is not in its corpus.")
