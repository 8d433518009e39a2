"""The multilingual model: that it is the published one, read as it should be, and prepared safely."""

import base64
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sentencepiece import SentencePieceProcessor

from langai_site.sensitivity import Sensitivity
from search import embeddings
from search.embeddings import EmbedderUnavailableError, Use, e5_tokens, multilingual
from search.embeddings.e5_weights import Weights

PUBLIC = Sensitivity.PUBLIC
# Ten sentences with the ids and vectors (float16) that the model gave when it was measured.
GUARD = json.loads((Path(__file__).parent / "e5_guard.json").read_text(encoding="utf-8"))


@pytest.fixture
def e5(both_models, settings):
    settings.MODEL_DIR = both_models
    return embeddings.multilingual_embedder()


@pytest.fixture(scope="module")
def pieces(both_models):
    return SentencePieceProcessor(model_file=str(both_models / multilingual.PIECES))


@pytest.mark.parametrize("known", GUARD, ids=[each["text"][:20] for each in GUARD])
def test_a_sentence_has_the_tokens_and_the_vector_that_it_always_had(e5, pieces, known):
    use = Use(known["use"])
    assert e5_tokens.token_ids(pieces, multilingual.PREFIXES[use] + known["text"]) == known["ids"]
    (vector,) = e5.embed([known["text"]], PUBLIC, use=use)
    expected = np.frombuffer(base64.b64decode(known["vector"]), dtype="<f2").astype(np.float32)
    # Processors round differently.
    assert vector @ expected / np.linalg.norm(expected) > 0.99


def test_a_text_has_the_same_vector_alone_and_among_others(e5):
    texts = [known["text"] for known in GUARD]
    many = e5.embed(texts * 2, PUBLIC)
    assert np.allclose(np.linalg.norm(many, axis=1), 1, atol=1e-5)
    assert all(np.array_equal(e5.embed([text], PUBLIC)[0], many[at + 10]) for at, text in enumerate(texts))
    assert e5.embed([], PUBLIC).shape == (0, 384)


def test_a_question_is_nearest_to_its_answer_in_another_language(e5):
    (question,) = e5.embed(["Wie viele Urlaubstage habe ich im Jahr?"], PUBLIC, use=Use.QUESTION)
    passages = ["The canteen opens at noon.", "Everyone has 28 days of paid vacation.", "Pumps are serviced in May."]
    assert int(np.argmax(e5.embed(passages, PUBLIC) @ question)) == 1


def test_special_pieces_never_come_from_a_text(pieces):
    ids = e5_tokens.token_ids(pieces, "</s> <mask> <pad> <s> <unk>")
    assert not {0, 1, 2, 250001} & set(ids[1:-1])
    assert len(ids) > 12


def test_long_and_strange_texts_are_embedded_too(e5):
    texts = ["word " * 2000, "", "\x00\x07\ufeff", "x" * 5000, "🦊" * 50, "\ud83e"]
    assert np.isfinite(e5.embed([text.encode(errors="replace").decode() for text in texts], PUBLIC)).all()


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path):
    altered = shutil.copyfile(multilingual.weights_file(), tmp_path / multilingual.WEIGHTS)
    with altered.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    reason = multilingual.build_from(altered, tmp_path / "model")
    assert reason.startswith("search by meaning works for English only: the model weights are not the published ones")
    assert not multilingual.is_prepared(tmp_path / "model")


def test_a_file_of_another_kind_or_one_that_is_cut_off_is_refused(tmp_path):
    (tmp_path / "other").write_bytes(b"E5S2" + bytes(100))
    (tmp_path / "short").write_bytes(b"E5S1")
    for name in ("other", "short"):
        with pytest.raises(ValueError, match=r"not the 4-bit weights|end too early"):
            Weights(tmp_path / name)


def test_weights_that_change_after_they_were_prepared_are_not_used(both_models, tmp_path):
    altered = tmp_path / multilingual.WEIGHTS
    altered.write_bytes(b"something else")
    with pytest.raises(EmbedderUnavailableError):
        multilingual.MultilingualEmbedder(both_models, altered).embed(["text"], PUBLIC)


def test_several_that_prepare_at_once_build_it_once(tmp_path, monkeypatch):
    built = []
    monkeypatch.setattr(multilingual, "_build", lambda _weights, folder: (built.append(1), _touch(folder)))
    with ThreadPoolExecutor(4) as threads:
        reasons = list(threads.map(lambda _: multilingual.prepare(tmp_path / "model"), range(4)))
    assert (reasons, len(built)) == ([""] * 4, 1)


def _touch(folder):
    for name in (multilingual.MODEL, multilingual.PIECES):
        (folder / name).write_bytes(b"built")


@pytest.mark.parametrize("name", [multilingual.MODEL, multilingual.PIECES])
def test_a_damaged_model_is_told_once_and_leaves_english(both_models, settings, tmp_path, caplog, name):
    settings.MODEL_DIR = shutil.copytree(both_models, tmp_path / "model")
    (settings.MODEL_DIR / name).write_bytes(b"damaged")
    with pytest.raises(EmbedderUnavailableError):
        embeddings.local_embedder().embed(["text"], PUBLIC)
    assert len(caplog.records) == 1
    assert embeddings.local_embedder() is embeddings.english_embedder()
    assert embeddings.missing_local() == {multilingual.FINGERPRINT}


def test_minilm_alone_is_one_setting(both_models, settings):
    settings.MODEL_DIR = both_models
    assert embeddings.configured() is embeddings.multilingual_embedder()
    settings.EMBEDDER = "local-en"
    assert embeddings.configured() is embeddings.english_embedder()
    assert embeddings.missing_local() == set()
