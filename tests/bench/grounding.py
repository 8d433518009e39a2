"""How long the check of an answer's sentences takes: `python -m tests.bench.grounding`.

For each language: processor milliseconds for an answer of 15 sentences that cites six passages of 2,000 characters (700
in Chinese), none of which was read before. A third of each passage is about what the answer says. The goal is 30.
"""

import random
import sys
import time
from itertools import islice

ROUNDS, SENTENCES, PASSAGES, GOAL = 5, 15, 6, 30.0
CHARS = {"zh": 700}


def answer_of(language: str) -> tuple[str, dict[int, str]]:
    from tests.grounding import statements

    mine = [statement for statement in statements() if statement.language == language]
    passages = list(dict.fromkeys(statement.passage for statement in mine))[:PASSAGES]
    said = islice((statement for statement in mine[::3] if statement.passage in passages), SENTENCES)
    text = " ".join(f"{statement.text} [{passages.index(statement.passage) + 1}]" for statement in said)
    return text, {number: filled(passage, language, number) for number, passage in enumerate(passages, 1)}


def filled(passage: str, language: str, number: int) -> str:
    """The passage with sentences of made-up words after it, so that it is as long as a section usually is."""
    from tests.grounding import statements

    every = "".join(each.passage for each in statements() if each.language == language)
    letters = [char for char in every if char.isalpha()]
    chance, most = random.Random(number), CHARS.get(language, 2_000)
    passage += " "
    while len(passage) < most:
        words = ["".join(chance.choices(letters, k=7)) for _ in range(11)]
        passage += ("" if language == "zh" else " ").join([words[0].title(), *words, str(chance.randrange(100))]) + ". "
    return passage[:most]


def main() -> int:
    from chat.grounding import words
    from chat.grounding.checking import checks_of

    worst = 0.0
    for language in ("en", "de", "fr", "es", "zh", "ar"):
        text, passages = answer_of(language)
        checks_of(text, passages)
        times = []
        for _ in range(ROUNDS):
            words.segments.cache_clear()
            words.segment.cache_clear()
            began = time.process_time()
            count = len(checks_of(text, passages))
            times.append((time.process_time() - began) * 1000)
        worst = max(worst, min(times))
        print(f"{language}  {count} sentences  {min(times):5.1f} ms")
    print(f"worst {worst:.1f} ms (goal {GOAL:.0f})")
    return 0 if worst <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
