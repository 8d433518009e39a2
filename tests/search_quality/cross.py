"""Measures how well questions find passages in another language; runs in a deployment of its own.

python -m tests.search_quality.cross

Each question is asked twice: of the collection that has its passage, and of all collections in six languages at once.
"""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.search_quality import library, searches
from tests.search_quality.beir import Dataset, Question, Text, load
from tests.search_quality.deployment import Deployment
from tests.search_quality.metrics import METRICS

if TYPE_CHECKING:
    from search.types import Reader

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de", "zh", "ar")
ASKED = "asked"


@dataclass(frozen=True)
class CrossQuestion:
    """A question in `language` whose answer is in a passage in the language `passages`."""

    language: str
    passages: str
    question: Question


def questions() -> list[CrossQuestion]:
    """Return the questions whose passages are in another language, and those in French and Spanish."""
    rows = map(json.loads, (FOLDER / "cross" / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        CrossQuestion(
            row["metadata"]["language"],
            row["metadata"]["passages"],
            Question(row["_id"], row["text"], {row["relevant"]: 1}, "cross"),
        )
        for row in rows
    ]


def datasets() -> list[Dataset]:
    """Return a set of passages for each language."""
    rows = map(json.loads, (FOLDER / "cross" / "passages.jsonl").read_text(encoding="utf-8").splitlines())
    texts: dict[str, list[Text]] = defaultdict(list)
    for row in rows:
        texts[row["metadata"]["language"]].append(Text(row["_id"], row["title"], row["text"]))
    small = [Dataset(language, tuple(found), ()) for language, found in texts.items()]
    return [*(load(FOLDER / "data" / language) for language in LANGUAGES), *small]


async def scores(found: Sequence[Dataset], filled: library.Library) -> list[dict[str, object]]:
    """For each question, its languages, what it was asked of, and how good the answer was."""
    rows: list[dict[str, object]] = []
    for each in questions():
        alone = _reader_of(found, filled, each.passages)
        for where, reader in (("alone", alone), ("all", filled.reader)):
            hits = await searches.hybrid(each.question, reader)
            ranking = replace(filled, reader=reader).ranked(hits)
            row: dict[str, object] = {
                "pair": f"{each.language} → {each.passages}",
                "where": where,
                "first": ranking[:1],
            }
            row |= {name: value(ranking, each.question.relevant) for name, value in METRICS.items()}
            row["right at 1"] = float(ranking[:1] == list(each.question.relevant))
            rows.append(row)
    return rows


def _reader_of(found: Sequence[Dataset], filled: library.Library, language: str) -> "Reader":
    """Return the reader limited to the collection of a language."""
    at = [dataset.language for dataset in found].index(language)
    return filled.reader.only(sorted(filled.reader.collections)[at : at + 1])


def report(rows: Sequence[dict[str, object]]) -> str:
    names = ("right at 1", "nDCG@10", "recall@5")
    lines = [f"{'question → passage':20} {'asked of':8} {'n':>3}  " + "  ".join(f"{name:>10}" for name in names)]
    for pair, where in dict.fromkeys((row["pair"], row["where"]) for row in rows):
        same = [row for row in rows if (row["pair"], row["where"]) == (pair, where)]
        values = (f"{mean(float(str(row[name])) for row in same):10.3f}" for name in names)
        lines.append(f"{pair:20} {where:8} {len(same):3}  " + "  ".join(values))
    return "\n".join(lines)


def asked() -> None:
    library.set_up()
    from langai_site.accounts.models import User

    found = datasets()
    filled = library.filled(found, User.objects.create_user("reader"))
    print(json.dumps(asyncio.run(scores(found, filled))))


def main() -> None:
    with TemporaryDirectory(prefix="langai-model-") as model, Deployment(Path(model)) as deployment:
        print(report(deployment.told("tests.search_quality.cross", ASKED)))


if __name__ == "__main__":
    asked() if ASKED in sys.argv[1:] else main()
