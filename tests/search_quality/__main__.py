import argparse
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.procs import Others, memory_mib
from tests.bench.table import machine_note
from tests.conftest import POSTGRES_PROGRAMS
from tests.search_quality import beir, report
from tests.search_quality.deployment import Deployment

DATA = Path(__file__).parent / "data"
SIZES, COLLECTIONS, MILLION = (1000, 10_000, 100_000), (1, 10, 50), 1_000_000
ABSTRACTS = 1400
FIGURES = ("quality", "ingest", "speed")

QUALITY_NOTE = (
    "k: keywords alone, v: vectors alone, both without the product's thresholds; h: hybrid, as the product searches. "
    "Each question is asked in all languages' passages at once. Within noise: 0 is in the 95 % interval of the mean "
    "difference for the same questions."
)
SPEED_NOTE = (
    "Passages and their vectors are made up (see docs/search-quality.md); questions are real, each asked once, one "
    "after another, their embedding included. Memory is Pss: what processes share is counted once."
)
INGEST_NOTE = (
    "Shares are those of each part done again alone, on the same passages, so that they need not add up. keywords "
    "are analysed and written to the database; the rest is splitting and the other rows."
)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.search_quality", description="Measure how well and how quickly search finds."
    )
    parser.add_argument("--only", action="append", choices=FIGURES, help="measure this only; may be repeated")
    parser.add_argument(
        "--beir",
        action="append",
        type=Path,
        metavar="FOLDER",
        help="measure the quality on this set in place of the project's own; may be repeated",
    )
    parser.add_argument("--split", default=beir.SPLIT, help="which of its qrels (default: %(default)s)")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL in place of SQLite")
    parser.add_argument("--million", action="store_true", help="speed with a million passages, and nothing else")
    parser.add_argument("--before", type=Path, metavar="FILE", help="compare the quality with what --json wrote there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    return parser.parse_args()


class Bench:
    """One run; `numbers` is what it has found so far."""

    def __init__(self, chosen: argparse.Namespace, model: Path) -> None:
        self.chosen, self.model = chosen, model
        self.numbers: dict[str, Any] = {}

    def deployment(self) -> Deployment:
        return Deployment(self.model, postgres=self.chosen.postgres)

    def quality(self) -> str:
        own = sorted(path.parent for path in DATA.glob("*/corpus.jsonl"))
        folders = self.chosen.beir or own
        talk = [] if self.chosen.beir else ["--made", "--small-talk", str(DATA / "small_talk.jsonl")]
        with self.deployment() as it:
            found = it.told(
                "tests.search_quality.quality",
                "--split",
                self.chosen.split,
                *talk,
                *map(str, map(Path.resolve, folders)),
            )
        groups, silence = report.groups(found["questions"]), report.silence(found["silence"])
        verdicts = report.verdicts(groups)
        self.numbers["quality"] = found
        self.numbers["verdicts"] = [{"sentence": each.sentence, "outcome": each.outcome} for each in verdicts]
        said = "\n".join(each.sentence for each in verdicts)
        tables = [report.quality_table(groups), report.held_out_table(found["questions"], self._before())]
        return "\n\n".join([*tables, said, report.silence_table(silence), QUALITY_NOTE])

    def _before(self) -> list[dict[str, Any]]:
        """The questions of an earlier run, as `--json` wrote them down."""
        return json.loads(self.chosen.before.read_text())["quality"]["questions"] if self.chosen.before else []

    def speed(self) -> str:
        sizes, collections = ((MILLION,), (1,)) if self.chosen.million else (SIZES, COLLECTIONS)
        cells = [self._cell(size, count) for size in sizes for count in collections]
        self.numbers["speed"] = cells
        return f"{report.speed_table(cells)}\n\n{SPEED_NOTE}"

    def _cell(self, size: int, collections: int) -> dict[str, float]:
        told(f"  {size:,} passages in {collections} collections …")
        with self.deployment() as it:
            filled = it.told(
                "tests.search_quality.speed", "fill", "--passages", str(size), "--collections", str(collections)
            )
            answered = it.told("tests.search_quality.speed", "ask")
            assert it.chroma.process is not None
            chroma = memory_mib(it.chroma.process.pid)["Pss"]
        counts = {"passages": size, "collections": collections}
        return counts | {"fill_seconds": filled["seconds"], "chroma_pss": chroma} | answered

    def ingest(self) -> str:
        found = []
        for arguments in (("--documents", "6"), ("--documents", str(ABSTRACTS), "--abstracts")):
            with self.deployment() as it:
                found.append(it.told("tests.search_quality.ingest", *arguments))
        self.numbers["ingest"] = found
        return f"{report.ingest_table(found)}\n\n{INGEST_NOTE}"


def told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def measured(name: str, figure: Callable[[], str]) -> tuple[str, bool, float]:
    """The figure's text, whether it could be measured, and the cores that other work took meanwhile."""
    told(f"measuring {name} …")
    load = Others()
    try:
        return figure(), True, load.cores()
    except Exception as error:
        traceback.print_exc()
        return f"not measured: {error}", False, load.cores()


def refused(chosen: argparse.Namespace) -> str:
    """Why this cannot be measured; "" where it can."""
    if chosen.postgres and not POSTGRES_PROGRAMS:
        return "PostgreSQL is not installed; leave --postgres out."
    try:
        for folder in chosen.beir or ():
            beir.load(folder, chosen.split)
    except beir.BadDataset as error:
        return str(error)
    return ""


def main() -> int:
    chosen = options()
    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if trouble := refused(chosen):
        sys.exit(trouble)
    names = ["speed"] if chosen.million else ["quality"] if chosen.beir else list(chosen.only or FIGURES)
    # As installed: bytecode is written, so that each process starts as the product's do.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="langai-model-") as model:
        bench = Bench(chosen, Path(model))
        figures = {name: getattr(bench, name) for name in names}
        found = {name: measured(name, figure) for name, figure in figures.items()}
    for name, (text, _fine, _cores) in found.items():
        print(f"\n{name.upper()} on {'PostgreSQL' if chosen.postgres else 'SQLite'} and Chroma\n\n{text}")
    others = [(name, cores) for name, (_text, _fine, cores) in found.items()]
    print(f"\n{machine_note(os.cpu_count() or 1, others)}")
    if chosen.json:
        chosen.json.write_text(json.dumps(bench.numbers | {"others_cores": dict(others)}, indent=2))
    return 0 if all(fine for _text, fine, _cores in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
