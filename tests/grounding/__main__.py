"""Prints what the set of statements holds: `python -m tests.grounding`."""

from collections import Counter

from tests.grounding import LANGUAGES, NAMES, statements

if __name__ == "__main__":
    counts = Counter((each.language, each.is_true, each.is_held_out) for each in statements())
    for language in LANGUAGES:
        numbers = [counts[language, truth, held] for truth in (True, False) for held in (False, True)]
        print(f"{NAMES[language]:8} true {numbers[0]} + {numbers[1]} held out, false {numbers[2]} + {numbers[3]}")
