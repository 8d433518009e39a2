"""The labelled prompts, and how often a scorer is right about them."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from chat.routing.complexity import score
from chat.values import Level

FILE = Path(__file__).parent / "prompts.jsonl"
LEVELS = tuple(Level)


@dataclass(frozen=True)
class Prompt:
    text: str
    level: Level
    language: str
    split: str
    passages: int = 0
    history: int = 0


def prompts() -> list[Prompt]:
    rows = map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
    return [Prompt(**row | {"level": Level(row["level"])}) for row in rows]


PROMPTS = prompts()
TRAIN = [prompt for prompt in PROMPTS if prompt.split == "train"]
HELD_OUT = [prompt for prompt in PROMPTS if prompt.split == "held_out"]

Confusion = Counter[tuple[Level, Level]]


def judged(prompt: Prompt) -> Level:
    return score(prompt.text, passages=prompt.passages, history=prompt.history).level


def confusion(found: Iterable[Prompt], judge: Callable[[Prompt], Level] = judged) -> Confusion:
    """How many prompts of each label were given each level."""
    return Counter((prompt.level, judge(prompt)) for prompt in found)


def accuracy(cells: Confusion) -> float:
    return sum(count for (label, level), count in cells.items() if label is level) / cells.total()


def table(cells: Confusion) -> str:
    """The confusion as a table in markdown: labels below each other, levels beside each other."""
    rows = [["labelled", *(f"scored {level}" for level in LEVELS)], ["---", *("---:" for _ in LEVELS)]]
    rows += [[str(label), *(str(cells[label, level]) for level in LEVELS)] for label in LEVELS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
