"""The small calls that follow a complete answer, beside the conversation: a title, and second opinions."""

from collections.abc import Coroutine, Iterator

from chat.live import opinions, titling
from chat.turns.closing import TurnOutcome
from chat.turns.storage import Started


def after(started: Started, outcome: TurnOutcome) -> Iterator[Coroutine[None, None, None]]:
    """Yield the calls to make after this answer. None of them raises."""
    if titling.is_possible(started, outcome):
        yield titling.title(started, outcome)
    if opinions.is_possible(outcome):
        yield opinions.give(started)
