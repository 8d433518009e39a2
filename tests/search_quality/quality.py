"""Asks every question of each search, in a process of its own; prints JSON.

python -m tests.search_quality.quality --split test FOLDER …
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.search_quality import beir, library, made, searches
from tests.search_quality.beir import Dataset, Question
from tests.search_quality.library import Library
from tests.search_quality.metrics import METRICS


async def scores(
    datasets: Iterable[Dataset], filled: Library, names: Iterable[str] = tuple(searches.SEARCHES)
) -> list[dict[str, Any]]:
    """For each question its language, kind and, by search and metric, how good the answer was."""
    wanted = {name: searches.SEARCHES[name] for name in names}
    found = []
    for dataset in datasets:
        for question in dataset.answerable:
            row = {"language": dataset.language, "kind": question.kind, "id": question.id}
            row |= {"held_out": question.is_held_out, "scores": await _asked(question, filled, wanted)}
            found.append(row)
    return found


async def _asked(
    question: Question, filled: Library, wanted: Mapping[str, searches.Search]
) -> dict[str, dict[str, float]]:
    ranked = {name: filled.ranked(await search(question, filled.reader)) for name, search in wanted.items()}
    return {
        name: {metric: value(ranking, question.relevant) for metric, value in METRICS.items()}
        for name, ranking in ranked.items()
    }


async def silence(asked: Iterable[tuple[str, Question]], filled: Library) -> list[dict[str, Any]]:
    """For each text, with its language, whether the chat would have cited anything."""
    return [
        {
            "language": language,
            "kind": question.kind,
            "text": question.text,
            "cites": bool(await searches.for_prompt(question, filled.reader)),
        }
        for language, question in asked
    ]


async def _both(datasets: Sequence[Dataset], talk: Mapping[str, Sequence[Question]], filled: Library) -> dict[str, Any]:
    asked = [(dataset.language, question) for dataset in datasets for question in dataset.questions]
    asked += [(language, question) for language, questions in talk.items() for question in questions]
    return {"questions": await scores(datasets, filled), "silence": await silence(asked, filled)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.search_quality.quality")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--made", action="store_true", help="the look-alikes that are made up here, too")
    parser.add_argument("--split", default=beir.SPLIT)
    parser.add_argument("--small-talk", type=Path, metavar="FILE")
    options = parser.parse_args()
    datasets = [beir.load(folder, options.split) for folder in options.folders]
    datasets += [made.dataset()] if options.made else []
    talk = beir.small_talk(options.small_talk) if options.small_talk else {}
    library.set_up()
    from langai_site.accounts.models import User

    filled = library.filled(datasets, User.objects.create_user("reader"))
    print(f"{len(filled.ids)} passages indexed", file=sys.stderr, flush=True)
    print(json.dumps(asyncio.run(_both(datasets, talk, filled))))


if __name__ == "__main__":
    main()
