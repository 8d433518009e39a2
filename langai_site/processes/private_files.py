"""What LangAI keeps on the disk is for the account that it runs as, and for no other.

New files and folders are private by the umask of each process. Those of older installations are repaired by `setup`
and `run`, and told by `manage.py doctor`. Only the first level is looked at, which bars the way to all below it.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from django.conf import settings

from langai_site import env
from langai_site.registry import DoctorFinding

OTHERS = 0o077
# Everything that LangAI makes in DATA_DIR, and that Chroma makes in its folder.
OURS = (
    *("secret_key", "langai.sqlite3*", "run.lock", "chroma.url", "handbook.loaded", "static.fingerprint"),
    *("files", "model", "static", "chroma", "chroma.broken-*", "metrics", "temp"),
)
CHROMAS = ("chroma.sqlite3*", "????????-????-????-????-????????????")
# What a home folder, or the folder of a disk, holds besides.
NOBODYS = (".*", "lost+found")
SHOWN = 5
ADVICE = "Run all of LangAI as the account that owns them, or have that account run chmod go= on them."


def setup_step() -> str:
    """Take away what other accounts may do with LangAI's files, and say in one line what came of it.

    It raises nothing: where something cannot be changed LangAI runs all the same.
    """
    changed, failed = 0, []
    for path in exposed():
        try:
            _make_private(path)
            changed += 1
        except OSError as error:
            failed.append(f"{path} ({error.strerror or error})")
    told = [f"Made {changed} files and folders private."] if changed else []
    if failed:
        told += [f"Other accounts of this machine can use what could not be made private: {_few(failed)}.", ADVICE]
    return " ".join(told)


def exposed() -> list[Path]:
    """LangAI's own files and folders that another account can use, DATA_DIR among them unless others have it too."""
    return [path for path in dict.fromkeys(_places()) if _is_open(path)]


def _places() -> Iterator[Path]:
    yield from _own(Path(settings.DATA_DIR), OURS)
    yield from _own(Path(settings.CHROMA_PATH), CHROMAS)
    if settings.DATABASE["ENGINE"] == env.SQLITE:
        yield from (Path(f"{settings.DATABASE['NAME']}{ending}") for ending in ("", "-wal", "-shm", "-journal"))


def _own(folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """A folder and what LangAI has in it; not the folder where others have something in it too, as in /srv."""
    entries = _entries(folder)
    if not _strangers(entries, patterns):
        yield folder
    yield from (path for path in entries if _is_named(path, patterns))


def _strangers(entries: Sequence[Path], patterns: Sequence[str]) -> list[Path]:
    return [path for path in entries if not _is_named(path, (*patterns, *NOBODYS))]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_named(path: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in patterns)


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & OTHERS)
    except OSError:
        # SQLite's own files come and go.
        return False


def _make_private(path: Path) -> None:
    path.chmod(path.stat().st_mode & 0o7777 & ~OTHERS)
    if _is_open(path):
        raise OSError("its file system keeps no permissions")


def finding() -> DoctorFinding:
    """What doctor says of it."""
    data = Path(settings.DATA_DIR)
    if found := [str(path) for path in exposed()]:
        advice = f"Run manage.py setup, or chmod go= {' '.join(found)}"
        return DoctorFinding("warn", f"other accounts of this machine can use {_few(found)}", advice)
    if _is_open(data):
        others = [path.name for path in _strangers(_entries(data), OURS)]
        advice = f"Set DATA_DIR to a folder that only LangAI uses, or chmod go= {data} if nobody else needs it."
        return DoctorFinding("warn", f"other accounts can look into {data}, which also holds {_few(others)}", advice)
    return DoctorFinding("ok", "for LangAI's account alone")


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
