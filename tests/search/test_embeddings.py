import shutil

import numpy as np
import pytest

from search import embeddings

TEXTS = [
    "What is our refund policy?",
    "Refunds are issued within 30 days.",
    "The cat sat on the mat.",
    "word " * 400,
    "",
]


def test_vectors_have_unit_length(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_similarity_is_that_of_the_published_model(embedder):
    refund, answer, cat = embedder.embed(TEXTS[:3])
    assert abs(refund @ answer - 0.5831) < 1e-3
    assert abs(refund @ cat - -0.0680) < 1e-3


def test_a_text_has_the_same_vector_alone_and_among_others(embedder):
    many = embedder.embed(TEXTS * 15)
    for position, text in enumerate(TEXTS):
        assert np.allclose(embedder.embed([text])[0], many[position + 40], atol=1e-5)


def test_no_texts_give_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, 384)


def test_tokens_are_counted_whole(embedder):
    assert embedder.count_tokens("The cat sat") == 3
    assert embedder.count_tokens("word " * 400) == 400


def test_a_prepared_model_is_not_built_again(model_dir):
    before = (model_dir / embeddings.MODEL).stat().st_mtime_ns
    assert embeddings.prepare(model_dir) == ""
    assert (model_dir / embeddings.MODEL).stat().st_mtime_ns == before


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path):
    weights = shutil.copytree(embeddings.weights_folder(), tmp_path / "weights")
    with (weights / embeddings.WEIGHTS).open("r+b") as file:
        file.write(b"x")
    reason = embeddings.build_from(weights, tmp_path / "model")
    assert reason.startswith("search by meaning is off: the model weights are not the published ones")
    assert "\n" not in reason
    assert not embeddings.is_prepared(tmp_path / "model")


def test_missing_weights_are_told_in_one_line(tmp_path):
    reason = embeddings.build_from(tmp_path, tmp_path / "model")
    assert reason.startswith("search by meaning is off: ")
    assert "\n" not in reason


def test_an_unwritable_folder_is_told_and_does_not_stop_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    assert embeddings.prepare(tmp_path / "file" / "model").startswith("search by meaning is off: ")


def test_without_a_prepared_model_there_is_no_embedder(settings, tmp_path):
    settings.MODEL_DIR = tmp_path
    assert embeddings.get_embedder() is None
    assert embeddings.tokenizer_path() is None


@pytest.mark.parametrize("name", [embeddings.MODEL, embeddings.TOKENIZER])
def test_a_damaged_model_is_told_once_and_built_again_at_the_next_start(model_dir, settings, tmp_path, caplog, name):
    settings.MODEL_DIR = shutil.copytree(model_dir, tmp_path / "model")
    (settings.MODEL_DIR / name).write_bytes(b"damaged")
    assert embeddings.get_embedder() is None
    assert embeddings.get_embedder() is None
    assert len(caplog.records) == 1
    assert embeddings.prepare(settings.MODEL_DIR) == ""
    assert embeddings.get_embedder().embed(TEXTS).shape == (5, 384)
