"""Keeps LangAI's files on the disk private to the account that it runs as.

New files and folders are private by the umask of each process. `setup` and `run` repair those of older installations,
and `manage.py doctor` reports them. Only the first level is checked, which blocks access to everything below it.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from django.conf import settings

from langai_site import env
from langai_site.registry import DoctorFinding

OTHERS = 0o077
# Everything that LangAI creates in DATA_DIR, and Chroma in its folder.
OURS = (
    *("secret_key", "langai.sqlite3*", "run.lock", "chroma.url", "handbook.loaded", "static.fingerprint"),
    *("chroma.yaml", "locale", "locale.fingerprint"),
    *(
        "files",
        "model",
        "static",
        "chroma",
        "chroma.broken-*",
        "metrics",
        "temp",
        "local_model.json",
        "restore-*",
        "restore.unfinished",
    ),
)
CHROMAS = ("chroma.sqlite3*", "????????-????-????-????-????????????")
# Other entries that home folders, or the root folder of a disk, usually contain, and the models that people put there.
NOBODYS = (".*", "lost+found", "models")
SHOWN = 5
ADVICE = "Run all of LangAI as the account that owns them, or have that account run chmod go= on them."


def setup_step() -> str:
    """Remove other accounts' access to LangAI's files, and return a line about the result.

    It raises nothing: if something cannot be changed, LangAI runs all the same.
    """
    changed, failed = 0, []
    for path in exposed():
        try:
            _make_private(path)
            changed += 1
        except OSError as error:
            failed.append(f"{path} ({error.strerror or error})")
    sentences = [f"Made {changed} files and folders private."] if changed else []
    if failed:
        sentences += [f"Other accounts of this machine can use what could not be made private: {_few(failed)}.", ADVICE]
    return " ".join(sentences)


def exposed() -> list[Path]:
    """Return LangAI's own files and folders that another account can use, with DATA_DIR unless others share it."""
    return [path for path in dict.fromkeys(_places()) if _is_open(path)]


def _places() -> Iterator[Path]:
    yield from _own(Path(settings.DATA_DIR), OURS)
    yield from _own(Path(settings.CHROMA_PATH), CHROMAS)
    if settings.DATABASE["ENGINE"] == env.SQLITE:
        yield from (Path(f"{settings.DATABASE['NAME']}{ending}") for ending in ("", "-wal", "-shm", "-journal"))


def _own(folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """Yield a folder and LangAI's entries in it; not the folder itself if it has entries of others too, as in /srv."""
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
    """Return the finding for doctor."""
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
