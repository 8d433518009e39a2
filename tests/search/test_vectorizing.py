"""Two local models compute the vectors of a short document at the same time, and one that fails keeps none back."""

import threading
from pathlib import Path

import numpy as np
import pytest

from langai_site.sensitivity import Sensitivity
from search.embeddings import EmbedderUnavailableError
from search.embeddings.prepared import PreparedEmbedder
from search.vectorizing import EmbedderTexts, vectors_of_each

pytestmark = pytest.mark.django_db


class Model:
    """A model in memory that computes once the other one computes, too."""

    def __init__(self, number, meeting):
        self.number, self.meeting = number, meeting

    def inputs(self, texts, use):
        return texts

    def vector(self, given):
        self.meeting.wait(20)
        return np.full(2, self.number)


class Local(PreparedEmbedder):
    dimension = 2

    def __init__(self, number, meeting):
        super().__init__(Path("unused"))
        self.fingerprint, self.number, self.meeting = f"local-{number}", number, meeting

    def opened(self):
        return Model(self.number, self.meeting)


class Away(Local):
    def embed(self, *_args, **_options):
        raise EmbedderUnavailableError("it is away")


def vectors(*embedders):
    wanted = [EmbedderTexts(one, ["the only passage"], ["digest"]) for one in embedders]
    return vectors_of_each(wanted, Sensitivity.PUBLIC, lambda: Sensitivity.PUBLIC)


def test_both_compute_at_the_same_time():
    meeting = threading.Barrier(2)
    assert [found.tolist() for found in vectors(Local(1, meeting), Local(2, meeting))] == [[[1, 1]], [[2, 2]]]


@pytest.mark.parametrize("first", [True, False])
def test_one_that_is_away_keeps_none_back(first):
    alone = threading.Barrier(1)
    here, away = Local(1, alone), Away(2, alone)
    found = vectors(away, here) if first else vectors(here, away)
    assert str(found[0 if first else 1]) == "it is away"
    assert found[1 if first else 0].tolist() == [[1, 1]]
