"""What many indexes hold together is found as if they were one, without fetching all of it."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from search.indexes import Index
from search.services import nearest
from search.services.nearest import Asking, Meaning
from search.vectors import StoreUnavailableError

DEPTH, SIZE, INDEXES = 100, 300, 50


class Embedder:
    fingerprint, min_score = "test", 0.5


@dataclass
class Store:
    """A vector store in memory: the similarities of each index's passages to the only question."""

    similarities: dict[str, np.ndarray]
    fetched: int = 0
    down: set[str] = field(default_factory=set)

    def query(self, name, _vector, limit):
        if name in self.down:
            raise StoreUnavailableError("down")
        values = self.similarities[name]
        best = np.argsort(-values)[:limit]
        self.fetched += len(best)
        first = SIZE * sorted(self.similarities).index(name)
        return [(first + int(place), float(values[place])) for place in best]


@pytest.fixture
def store(monkeypatch):
    random = np.random.default_rng(7)
    store = Store({index.name: random.uniform(0, 1, SIZE) for index in indexes()})
    monkeypatch.setattr(nearest, "get_store", lambda: store)
    return store


def indexes():
    return tuple(Index(number, 0, Embedder()) for number in range(INDEXES))


def asked(depth=DEPTH, **values):
    return Asking(Meaning("text", 1.0, np.zeros(2), indexes(), **values), depth).found()


def best(store, count):
    every = [pair for name in store.similarities for pair in Store(store.similarities).query(name, None, SIZE)]
    return dict(sorted(every, key=lambda pair: -pair[1])[:count])


@pytest.mark.parametrize("deeper", [1, 4])
def test_many_indexes_give_what_one_would(store, deeper):
    found = asked(deeper=deeper)
    assert found.scores == best(store, DEPTH * deeper)
    assert not found.complete
    assert store.fetched < INDEXES * DEPTH * deeper / 4


@pytest.mark.parametrize("crowded", [1, 3])
def test_the_best_may_all_be_in_a_few_indexes(store, crowded):
    for name in sorted(store.similarities)[-crowded:]:
        store.similarities[name] += 1
    assert asked().scores == best(store, DEPTH)


def test_it_is_complete_when_nothing_more_would_count(store):
    for values in store.similarities.values():
        values *= 0.4
        values[0] += 0.5
    found = asked()
    assert found.complete
    assert sum(score >= Embedder.min_score for score in found.scores.values()) == INDEXES


def test_few_passages_are_all_found(store):
    store.similarities = {name: values[:3] for name, values in store.similarities.items()}
    found = asked(depth=200)
    assert found.scores == pytest.approx(best(store, 200))
    assert (len(found.scores), found.complete) == (3 * INDEXES, True)


def test_what_is_down_is_told_and_the_others_are_searched(store):
    store.down = {sorted(store.similarities)[0]}
    found = asked()
    assert found.failed
    assert len(found.scores) == DEPTH
