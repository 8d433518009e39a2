"""Counts how much of something each person or address is using at this moment, in this process."""

from collections import Counter


class Seats:
    """Counts what is in use, by user. An entry that falls to zero is removed, so strangers leave nothing behind."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def taken(self, who: str) -> int:
        return self._taken[who]

    def take(self, who: str, limit: int, amount: int = 1) -> "Seat | None":
        """Take `amount` for `who`; return None if they would then have more than `limit` (0: no limit)."""
        if limit and self._taken[who] + amount > limit:
            return None
        self._taken[who] += amount
        return Seat(self, who, amount)

    def give_back(self, who: str, amount: int) -> None:
        self._taken[who] -= amount
        if self._taken[who] <= 0:
            del self._taken[who]


class Seat:
    """The share that a user has taken, until `leave` gives it back.

    Leaving twice is fine: connections end in several ways.
    """

    def __init__(self, seats: Seats, who: str, amount: int) -> None:
        self._seats: Seats | None = seats
        self._who, self._amount = who, amount

    def leave(self) -> None:
        seats, self._seats = self._seats, None
        if seats is not None:
            seats.give_back(self._who, self._amount)
