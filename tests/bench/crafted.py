"""How long markdown takes to draw that was made to be costly: `python -m tests.bench.crafted`.

For each kind: processor milliseconds to draw 16,000 characters as a whole, and in all while they are written in pieces
of 3 to 20. The goals are 50 and 300.
"""

import os
import random
import sys
import time
from collections.abc import Callable

LENGTH = 16_000
ROUNDS = 3
GOALS = (50.0, 300.0)


def milliseconds(work: Callable[[], object]) -> float:
    """The quickest of some rounds, each without what was kept: what else the machine does only adds to it."""
    from chat.markdown.formulas import formula

    times = []
    for _ in range(ROUNDS):
        formula.cache_clear()
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1000)
    return min(times)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")
    import django

    django.setup()
    from chat.markdown.rendering import render
    from chat.markdown.streaming import Stream
    from tests.chat.crafted import CRAFTED

    def grow(text: str) -> None:
        stream, sizes, end = Stream(), random.Random(1), 0
        while end < len(text):
            end += sizes.randint(3, 20)
            stream.feed(text[:end])

    worst = [0.0, 0.0]
    print(f"{'kind':36} {'whole':>8} {'growing':>8}")
    for kind, crafted in CRAFTED.items():
        text = crafted(LENGTH)
        figures = [milliseconds(lambda: render(text)), milliseconds(lambda: grow(text))]  # noqa: B023 - called at once
        worst = [max(pair) for pair in zip(worst, figures, strict=True)]
        print(f"{kind:36} {figures[0]:8.1f} {figures[1]:8.1f}")
    print(f"{'worst':36} {worst[0]:8.1f} {worst[1]:8.1f}   (goals {GOALS[0]:.0f} and {GOALS[1]:.0f})")
    return 0 if all(figure <= goal for figure, goal in zip(worst, GOALS, strict=True)) else 1


if __name__ == "__main__":
    sys.exit(main())
