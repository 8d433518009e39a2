"""Which file is run, and one clear sentence where it cannot be."""

import re
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from mmap import ACCESS_READ, mmap
from pathlib import Path

from langai_site.processes.local_model import gguf, machine, needs
from langai_site.processes.local_model.gguf import Description
from langai_site.processes.local_model.needs import Room

OFF = "none"
ENDING = ".gguf"
PART = re.compile(r"-(\d{5})-of-(\d{5})$")
# Files that belong to a model and are none themselves.
BESIDE = ("mmproj", "imatrix")
EMBEDDERS = re.compile(r"bert|t5encoder|embed", re.IGNORECASE)
LONGEST_NAME = 100
AGAIN = "Download it again."
PACKAGE = "xllamacpp"


class UnusableModelError(Exception):
    """There is a file, or should be, and it cannot be run; the message says what to do."""


@dataclass(frozen=True)
class ModelFile:
    """A file that can be run. `bytes` are those of all its parts; `room` is what it will have."""

    path: Path
    name: str
    description: Description
    bytes: int
    room: Room

    @property
    def size(self) -> str:
        """Return the count of its parameters, such as 3.2B."""
        billions = self.description.parameters / 1e9
        return f"{billions:.1f}B" if billions >= 1 else f"{max(1, round(billions * 1000))}M"


MOST_PARTS = 1_000


def chosen(setting: str, folder: Path, room: Room) -> ModelFile | None:
    """Return the file that is to run: the one that `setting` names, or the only one in `folder`; None where none is.

    Raises UnusableModelError.
    """
    if setting == OFF:
        return None
    try:
        path = _named(setting, folder) if setting else _only_one(folder)
        return _model(path, room) if path else None
    except OSError as error:
        name, reason = error.filename or setting or folder, error.strerror or error
        raise UnusableModelError(f"{name} cannot be read ({reason}). Let LangAI's account read it.") from None


def _model(path: Path, room: Room) -> ModelFile:
    parts = _parts(path)
    descriptions = [_described(part) for part in parts]
    model = _for_chat(path, descriptions)
    trained = model.number("context_length") or room.context
    return ModelFile(
        path,
        _name(path),
        model,
        sum(part.stat().st_size for part in parts),
        Room(min(room.context, trained), room.parallel),
    )


def _named(setting: str, folder: Path) -> Path:
    """Return the path that LOCAL_MODEL names: a name alone is one in the folder of models."""
    given = Path(setting)
    with suppress(RuntimeError):
        # An account that is not there has no home.
        given = given.expanduser()
    in_folder = folder / given
    return in_folder if in_folder.exists() else given.absolute()


def _only_one(folder: Path) -> Path | None:
    try:
        found = sorted(path for path in folder.iterdir() if _is_model(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UnusableModelError(
            f"{folder} holds {len(found)} models ({names}). Set LOCAL_MODEL to the one that is to run, "
            f"such as LOCAL_MODEL={found[0].name}."
        )
    return found[0] if found else None


def _is_model(path: Path) -> bool:
    part = PART.search(path.stem)
    is_first = part is None or int(part[1]) == 1
    return path.suffix.lower() == ENDING and is_first and not path.name.lower().startswith(BESIDE)


def _parts(path: Path) -> list[Path]:
    """Return the files of a model that may come in several."""
    part = PART.search(path.stem)
    if part is None:
        return [path]
    if int(part[1]) != 1:
        raise UnusableModelError(f"{path} is not the first part of its model. Set LOCAL_MODEL to the first one.")
    if not 1 <= int(part[2]) <= MOST_PARTS:
        raise UnusableModelError(f"{path} cannot be one of {int(part[2])} parts. Correct the name of the file.")
    begin = path.stem.removesuffix(part[0])
    parts = [path.with_name(f"{begin}-{n:05}-of-{part[2]}{path.suffix}") for n in range(1, int(part[2]) + 1)]
    for other in parts[1:]:
        if not other.exists():
            raise UnusableModelError(f"{other} is missing: the model has {len(parts)} parts. Put all of them there.")
    return parts


def _described(path: Path) -> Description:
    """Return what the file says of itself. Raises UnusableModelError where it is not a whole model."""
    if path.exists() and not path.is_file():
        raise UnusableModelError(f"{path} is not a file. Set LOCAL_MODEL to a {ENDING} file.")
    try:
        with path.open("rb") as file:
            bytes_there = path.stat().st_size
            if not bytes_there:
                raise UnusableModelError(f"{path} is empty. {AGAIN}")
            with closing(mmap(file.fileno(), 0, access=ACCESS_READ)) as data:
                found = gguf.read(data)
    except FileNotFoundError:
        raise UnusableModelError(f"{path} is not there. Correct LOCAL_MODEL, or remove it.") from None
    except gguf.NotGgufError:
        raise UnusableModelError(f"{path} is not a GGUF file. Download the model in that format.") from None
    except gguf.DamagedError:
        raise UnusableModelError(
            f"{path} is damaged, or of a version of GGUF that LangAI cannot read. {AGAIN}"
        ) from None
    if bytes_there < found.least_bytes:
        raise UnusableModelError(
            f"{path} is not complete: it has {_gigabytes(bytes_there)} of {_gigabytes(found.least_bytes)}. {AGAIN}"
        )
    return found


def _for_chat(path: Path, parts: Sequence[Description]) -> Description:
    """Return the description of the whole model."""
    first = parts[0]
    kind = first.text("general.type") or "model"
    if kind != "model" or not first.architecture or first.architecture == "clip":
        raise UnusableModelError(f"{path} belongs to a model and is none itself. Set LOCAL_MODEL to the model's file.")
    if EMBEDDERS.search(first.architecture):
        raise UnusableModelError(
            f"{path} is an embedder ({first.architecture}), which cannot chat. Choose a chat model."
        )
    parameters = sum(part.parameters for part in parts)
    return Description(first.facts, first.lengths, parameters, first.least_bytes)


def _name(path: Path) -> str:
    """Return the name under which the model is listed: the file's, without what an address could not hold."""
    stem = PART.sub("", path.stem)
    return re.sub(r"[^\w.+-]+", "-", stem)[:LONGEST_NAME].strip("-") or "model"


def require_package(model: ModelFile, package: str = PACKAGE) -> None:
    """Raise UnusableModelError where the extra that runs models is not installed."""
    if not find_spec(package):
        raise UnusableModelError(
            f"{model.path} needs llama.cpp, which is not installed. Start LangAI once with “make run EXTRAS=local”."
        )


def require_memory(model: ModelFile, available: int | None) -> None:
    """Raise UnusableModelError where the model would not fit into what is free."""
    needed = needs.memory(model.description, model.bytes, model.room)
    if available is None or needed <= available:
        return
    room = model.room
    words = (
        f"{model.path} needs about {_gigabytes(needed)} of memory for {room.parallel} answers at once of "
        f"{room.context} tokens, and {_gigabytes(available)} are free here."
    )
    less = needs.smaller(model.description, model.bytes, room, available)
    if less is None:
        raise UnusableModelError(f"{words} Choose a smaller model, or give this machine more memory.")
    changes = {"LOCAL_MODEL_PARALLEL": (room.parallel, less.parallel)}
    changes["LOCAL_MODEL_CONTEXT"] = (room.context, less.context)
    do = " and ".join(f"{name}={new}" for name, (old, new) in changes.items() if old != new)
    raise UnusableModelError(f"{words} Set {do}, or choose a smaller model.")


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def threads(setting: int) -> int:
    """Return how many threads compute: all processors but one, which pages and search keep, unless it is set."""
    return setting or max(1, machine.processors() - 1)
