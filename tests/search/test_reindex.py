"""Everything is built again from the database, while people search, and goes on where it was ended."""

from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from langai_site.models import Checkpoint
from search.embeddings.local import FINGERPRINT
from search.indexes import store_name
from search.keywords import get_index
from search.models import Collection, Passage, PassageVector
from search.upkeep import rebuilding
from search.upkeep.verification import differences
from tests.search.conftest import HANDBOOK, nearest
from tests.search.proxy import Proxy


def run(*arguments):
    out = StringIO()
    call_command("reindex", *arguments, stdout=out)
    return out.getvalue()


def agree():
    assert [str(each) for each in differences(mend=False)] == []


def test_keywords_and_store_are_built_again(handbook, embedder, store, add):
    add(handbook)
    name = store_name(handbook.pk, FINGERPRINT)
    store.drop(name)
    store.upsert(name, [10**6], np.eye(1, 384, dtype=np.float32))
    get_index().clear()
    told = run()
    assert "Keywords of “Handbook”: 3 of 3 passages (100 %)" in told
    assert f"{name}: 3 of 3 passages (100 %)" in told
    assert told.endswith("Done.\n")
    agree()
    assert nearest(store, handbook)[0][1] > 0.8


def test_only_the_named_collection_is(handbook, embedder, store, add):
    other = Collection.objects.create(name="Other")
    add(handbook)
    add(other)
    get_index().clear()
    assert "Handbook" not in run("--collection", "Other")
    assert get_index().count([handbook.pk, other.pk]) == {handbook.pk: 0, other.pk: 3}
    with pytest.raises(CommandError, match="There is no collection “Nobody's”"):
        run("--collection", "Nobody's")


def test_vectors_are_made_anew_when_asked(handbook, embedder, store, add):
    add(handbook)
    wrong = np.eye(1, 384, dtype="<f2")[0].tobytes()
    PassageVector.objects.update(vector=wrong)
    run()
    assert nearest(store, handbook)[0][1] < 0.5
    run("--embed")
    assert nearest(store, handbook)[0][1] > 0.8
    agree()


@pytest.mark.parametrize("embed", [False, True])
def test_a_run_that_was_ended_is_gone_on_with(
    handbook, embedder, store, chroma_server, settings, add, monkeypatch, embed
):
    monkeypatch.setattr(rebuilding, "BATCH", 2)
    add(handbook, [f"Passage {at}." for at in range(9)])
    proxy = Proxy(chroma_server.url)
    settings.CHROMA_URL = f"http://127.0.0.1:{proxy.port}"
    options = ["--embed"] if embed else []
    proxy.left = 3
    with pytest.raises(CommandError, match="it goes on from here"):
        run(*options)
    after = Checkpoint.objects.get().state["after"]
    assert after in list(Passage.objects.values_list("pk", flat=True))
    proxy.left = 10**9
    told = run(*options)
    assert told.startswith("Going on where the last run ended.\n")
    assert "Keywords" not in told
    assert ": 0 of 9" not in told
    assert not Checkpoint.objects.exists()
    agree()
    # With other options it begins anew.
    Checkpoint.objects.create(command="reindex", state={"embed": not embed, "collections": [], "done": [], "after": 5})
    assert "Going on" not in run(*options)
    proxy.stop()


def test_nothing_is_missing_at_any_moment(handbook, embedder, store, add, monkeypatch):
    monkeypatch.setattr(rebuilding, "BATCH", 1)
    add(handbook)
    seen = []
    words = get_index()

    def look(what, done, total):
        seen.append((len(nearest(store, handbook)), len(words.ids(handbook.pk))))

    rebuilding.Rebuild([handbook], store, True, look).run()
    assert len(seen) > 6
    assert set(seen) == {(3, 3)}


def test_without_a_store_it_says_what_to_do(handbook, settings, add, tmp_path):
    settings.MODEL_DIR, settings.CHROMA_URL = tmp_path, ""
    add(handbook, HANDBOOK)
    with pytest.raises(CommandError, match="start LangAI, or set CHROMA_URL"):
        run()


def test_commands_use_the_chroma_that_runs_beside_them(
    handbook, embedder, store, chroma_server, settings, tmp_path, add
):
    add(handbook)
    settings.CHROMA_URL, settings.RUNNING_CHROMA = "", tmp_path / "chroma.url"
    settings.RUNNING_CHROMA.write_text(chroma_server.url)
    assert run().endswith("Done.\n")
    agree()
