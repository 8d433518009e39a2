"""How many small files a second the extraction process reads, warm and started for each file.

python -m tests.bench.extraction --files 1400

Both take turns in rounds, so that other work on the machine slows them alike. Processor time is that of this process
and of what it started.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from documents.extraction import sandbox
from documents.extraction.types import Limits
from tests.search_quality import beir, synthetic
from tests.search_quality.ingest import SENTENCE
from tests.search_quality.speed import ENGLISH

MODULE = "documents.extraction.text"
LIMITS = Limits(memory_mb=512, seconds=20, max_pages=5000, max_chars=20_000_000, cpu_seconds=20)
ROUNDS = 7
# As long as an abstract.
PARAGRAPHS = 2


@dataclass
class Figures:
    """What reading files took, in seconds."""

    files: int = 0
    wall: float = 0.0
    cpu: float = 0.0


def cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def written(folder: Path, count: int) -> list[Path]:
    sentences = [part for text in beir.load(ENGLISH).texts for part in SENTENCE.split(text.text)]
    paths = [folder / f"{number}.txt" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_text(synthetic.shuffled(sentences, PARAGRAPHS, seed=number), "utf-8")
    return paths


def read(paths: Sequence[Path], figures: Figures, before_each: Callable[[], object]) -> None:
    began, cpu = time.monotonic(), cpu_seconds()
    for path in paths:
        before_each()
        sandbox.extract(path, MODULE, LIMITS)
    sandbox.end_warm()
    figures.files += len(paths)
    figures.wall += time.monotonic() - began
    figures.cpu += cpu_seconds() - cpu


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.extraction", description=__doc__)
    parser.add_argument("--files", type=int, default=1400)
    options = parser.parse_args()
    warm, cold = Figures(), Figures()
    with TemporaryDirectory() as folder:
        paths = written(Path(folder), options.files)
        size = -(-len(paths) // ROUNDS)
        for first in range(0, len(paths), size):
            part = paths[first : first + size]
            read(part, warm, bool)
            # A start for each file takes long enough with a few of them.
            read(part[: max(1, size // 5)], cold, sandbox.end_warm)
    for name, figures in (("a process for each file", cold), ("one warm process", warm)):
        print(
            f"{name:24} {figures.files:6,} files  {figures.files / figures.wall:7.1f} files a second  "
            f"{1000 * figures.cpu / figures.files:7.1f} ms of processor time a file"
        )
    print(f"times as many files: {warm.files / warm.wall / (cold.files / cold.wall):.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
