"""A document's title and label change in one step, for words and for meaning."""

import json
from uuid import uuid4

import pytest

from langai_site.sensitivity import Sensitivity
from search.contexts import digest_of, in_context
from search.embeddings import find_configured
from search.models import Passage, PassageVector, Source
from search.services import relabel
from search.upkeep.sync import sync_vectors
from search.upkeep.verification import differences
from tests.search.conftest import HANDBOOK, nearest
from tests.search.test_services import find

PUBLIC = Sensitivity.PUBLIC


def agree():
    assert [str(each) for each in differences(mend=False)] == []


@pytest.fixture
def sent(served, upstream, embedder, store):
    """The texts that a hosted embedder was given since this was asked last."""
    served("e64")
    find_configured()
    upstream.reset()

    def sent():
        texts = [text for request in upstream.requests() for text in json.loads(request["body"])["input"]]
        upstream.reset()
        return texts

    return sent


def test_a_new_title_is_found_at_once_by_its_words_and_after_the_sync_by_its_meaning(
    alice, handbook, embedder, store, add
):
    document = uuid4()
    source = add(handbook, ["It is closed on Sundays."], document=document, title="Notes")
    assert find(alice, "swimming pool").hits == ()
    before = nearest(store, handbook, "swimming pool")[0][1]
    relabel(document, title="Swimming pool", sensitivity=PUBLIC)
    hit = find(alice, "swimming pool").hits[0]
    assert (hit.title, hit.source_id) == ("Swimming pool", source)
    # The old vector answers until there is the new one.
    assert nearest(store, handbook, "swimming pool")[0][1] == pytest.approx(before)
    sync_vectors()
    assert nearest(store, handbook, "swimming pool")[0][1] > before + 0.2
    agree()


def test_digests_are_those_of_what_is_embedded(handbook, embedder, store, add):
    document = uuid4()
    add(handbook, document=document)
    relabel(document, title="Other", sensitivity=PUBLIC)
    for passage in Passage.objects.select_related("source"):
        assert passage.digest == digest_of(in_context("Other", passage))


def test_a_label_alone_embeds_nothing_anew(handbook, sent, add):
    document = uuid4()
    add(handbook, document=document)
    assert len(sent()) == 3
    relabel(document, title="Handbook", sensitivity=Sensitivity.INTERNAL)
    sync_vectors()
    assert Source.objects.get().sensitivity == Sensitivity.INTERNAL
    assert sent() == []
    agree()


def test_a_title_given_while_the_document_is_indexed_holds_for_all_its_passages(
    handbook, embedder, store, add, monkeypatch
):
    monkeypatch.setattr("search.services.indexing.INDEX_BATCH", 1)
    document = uuid4()

    def retitle(_stage, fraction):
        if fraction < 0.5:
            relabel(document, title="Given meanwhile", sensitivity=PUBLIC)

    add(handbook, document=document, progress=retitle)
    digests = {digest_of(in_context("Given meanwhile", passage)) for passage in Passage.objects.all()}
    assert set(Passage.objects.values_list("digest", flat=True)) == digests
    sync_vectors()
    agree()


def test_retired_versions_get_the_title_and_keep_the_rest(handbook, embedder, store, add):
    document = uuid4()
    old = add(handbook, document=document)
    add(handbook, document=document, version=2)
    before = set(Passage.objects.filter(source=old).values_list("digest", flat=True))
    relabel(document, title="Other", sensitivity=PUBLIC)
    assert Source.objects.get(pk=old).title == "Other"
    assert set(Passage.objects.filter(source=old).values_list("digest", flat=True)) == before


def test_unchanged_text_is_not_embedded_twice(handbook, sent, add):
    document = uuid4()
    add(handbook, document=document)
    assert len(sent()) == 3
    add(handbook, [*HANDBOOK, "Parking is free on Sundays."], document=document, version=2)
    assert sent() == ["Handbook\nParking is free on Sundays."]
    add(handbook, [HANDBOOK[0]] * 5)
    assert sent() == []
    rows = PassageVector.objects.filter(passage__text=HANDBOOK[0]).values_list("vector", flat=True)
    assert len({bytes(row) for row in rows}) == 1
    agree()


def test_the_same_text_twice_in_one_document_is_embedded_once(handbook, sent, store, add):
    add(handbook, ["The same line."] * 4)
    assert len(sent()) == 1
    assert len(nearest(store, handbook, "The same line.")) == 4


def test_replacing_shows_one_version_or_the_other_at_every_moment(alice, handbook, embedder, store, add, monkeypatch):
    monkeypatch.setattr("search.services.indexing.INDEX_BATCH", 1)
    document = uuid4()
    add(handbook, document=document)
    seen = []

    def look(_stage, _fraction):
        seen.append({hit.version for hit in find(alice, "vacation days").hits})

    add(handbook, [f"{text} As of now." for text in HANDBOOK], document=document, version=2, progress=look)
    look("", 1)
    assert seen == [{1}, {1}, {1}, {2}]
