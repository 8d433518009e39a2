import shutil
from pathlib import Path

import numpy as np
import pytest

from langai_site.sensitivity import Sensitivity
from search import embeddings
from search.embeddings import EmbedderUnavailableError, local

PUBLIC = Sensitivity.PUBLIC

TEXTS = [
    "What is our refund policy?",
    "Refunds are issued within 30 days.",
    "The cat sat on the mat.",
    "word " * 400,
    "",
]


def test_vectors_have_unit_length(embedder):
    vectors = embedder.embed(TEXTS, PUBLIC)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_similarity_is_that_of_the_published_model(embedder):
    refund, answer, cat = embedder.embed(TEXTS[:3], PUBLIC)
    assert abs(refund @ answer - 0.5831) < 1e-3
    assert abs(refund @ cat - -0.0680) < 1e-3


def test_a_text_has_the_same_vector_alone_and_among_others(embedder):
    many = embedder.embed(TEXTS * 15, PUBLIC)
    for position, text in enumerate(TEXTS):
        assert np.allclose(embedder.embed([text], PUBLIC)[0], many[position + 40], atol=1e-5)


def test_no_texts_give_no_vectors(embedder):
    assert embedder.embed([], PUBLIC).shape == (0, 384)


def test_a_prepared_model_is_not_built_again(model_dir):
    before = (model_dir / local.MODEL).stat().st_mtime_ns
    assert local.prepare(model_dir) == ""
    assert (model_dir / local.MODEL).stat().st_mtime_ns == before


def test_its_numbers_are_mapped_from_their_file_and_not_copied_into_each_process(model_dir, embedder):
    embedder.embed(["one"], PUBLIC)
    assert (model_dir / local.MODEL).stat().st_size < 2**20
    assert str(model_dir / local.NUMBERS) in Path("/proc/self/maps").read_text()


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path):
    weights = shutil.copytree(local.weights_folder(), tmp_path / "weights")
    with (weights / local.WEIGHTS).open("r+b") as file:
        file.write(b"x")
    reason = local.build_from(weights, tmp_path / "model")
    assert reason.startswith("search by meaning is off: the model weights are not the published ones")
    assert "\n" not in reason
    assert not local.is_prepared(tmp_path / "model")


def test_missing_weights_are_told_in_one_line(tmp_path):
    reason = local.build_from(tmp_path, tmp_path / "model")
    assert reason.startswith("search by meaning is off: ")
    assert "\n" not in reason


def test_an_unwritable_folder_is_told_and_does_not_stop_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    assert embeddings.prepare(tmp_path / "file" / "model").startswith("search by meaning is off: ")


def test_without_a_prepared_model_there_is_no_embedder(settings, tmp_path):
    settings.MODEL_DIR = tmp_path
    assert embeddings.local_embedder() is None
    assert embeddings.tokenizer_path() is None


@pytest.mark.parametrize("name", [local.MODEL, local.NUMBERS, local.TOKENIZER])
def test_a_damaged_model_is_told_once_and_built_again_at_the_next_start(model_dir, settings, tmp_path, caplog, name):
    settings.MODEL_DIR = shutil.copytree(model_dir, tmp_path / "model")
    (settings.MODEL_DIR / name).write_bytes(b"damaged")
    with pytest.raises(EmbedderUnavailableError):
        embeddings.local_embedder().embed(TEXTS, PUBLIC)
    assert embeddings.local_embedder() is None
    assert len(caplog.records) == 1
    assert local.prepare(settings.MODEL_DIR) == ""
    assert embeddings.local_embedder().embed(TEXTS, PUBLIC).shape == (5, 384)
