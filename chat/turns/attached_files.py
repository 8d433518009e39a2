"""Reads the files of a turn, as they are now, into what its model is given. Synchronous, except for the waiting."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.conf import settings

from chat.conversations import attachments, branches, folder_files, labels
from chat.conversations.labels import Cause
from chat.llm.types import Numbered
from chat.models import Attachment, Conversation
from chat.turns import askable, prompts
from chat.turns.given_files import (
    MOST_PICTURES,
    NO_FILES,
    Attached,
    FileUse,
    GivenFiles,
    GivenPicture,
    StillReading,
)
from chat.turns.values import TurnRequest, TurnState
from langai_site import detectors
from langai_site.attached_files import FileState, file_store
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.errors import UnavailableError
from langai_site.outbound.parts import Image
from langai_site.sensitivity import highest
from langai_site.sentences import sentence
from search.services.whole_pages import SourceSize, sizes, whole_pages
from search.types import Hit

WAIT = 0.3
_OF_CONVERSATION = CompiledQuery(
    lambda conversation: (
        Attachment.objects.filter(message__conversation=conversation)
        .order_by("position", "created_at")
        .values_list("message", "document", "name")
    ),
    conversation=UUID(int=2**127 - 1),
)
UNREADABLE = sentence("file.unreadable", "“%(name)s” could not be read, so the answer was written without it: %(why)s")
STILL_READING = sentence(
    "file.still_reading",
    "“%(name)s” is still being read, so nothing was sent. Retry in a while, or ask without it.",
)
NOT_YET_READ = sentence(
    "file.not_yet_read", "“%(name)s” of this folder is still being read, so the answer was written without it."
)


def of_branch(conversation: Conversation, question: UUID | None, parent: UUID | None) -> tuple[Attached, ...]:
    """Return the files of the folder, of a question and of all messages before it, as they were attached.

    `question` is None for one that is still being written.
    """
    around = of_folder(conversation.owner_id, conversation.folder_id)
    rows = _OF_CONVERSATION.rows(conversation=conversation.pk)
    if not rows:
        return around
    place = {key: number for number, key in enumerate([*branches.ids_up_to(conversation, parent), question])}
    mine = sorted((row for row in rows if row[0] in place), key=lambda row: place[row[0]])
    return once((*around, *(Attached(document, name, message == question) for message, document, name in mine)))


def of_folder(user_id: int, folder_id: UUID | None) -> tuple[Attached, ...]:
    """Return the files that a conversation in this folder of the person is given, before those of its messages."""
    rows = folder_files.applying(user_id, folder_id)
    return once(Attached(row.document, row.name, in_folder=True) for row in rows)


def are_current(request: TurnRequest) -> bool:
    """Return whether the turn's conversation still has all files that the turn has from its folder."""
    mine = {file.document for file in request.attached if file.in_folder}
    return not mine or mine <= _in_folder_now(request)


def again(request: TurnRequest) -> TurnRequest:
    """Return the turn without the files that its folder does not have any more."""
    if are_current(request):
        return request
    now = _in_folder_now(request)
    left = tuple(file for file in request.attached if not file.in_folder or file.document in now)
    return replace(request, attached=left, given_files=NO_FILES)


def _in_folder_now(request: TurnRequest) -> set[UUID]:
    conversation = request.caller.conversation
    rows = folder_files.applying_in(request.reader.user_id, conversation) if conversation else ()
    return {row.document for row in rows}


def once(files: Iterable[Attached]) -> tuple[Attached, ...]:
    """Return the files without repetitions; one that is attached again belongs to the question as well."""
    found: dict[UUID, Attached] = {}
    for file in files:
        known = found.get(file.document)
        found[file.document] = replace(file, in_folder=known.in_folder and file.in_folder) if known else file
    return tuple(found.values())


async def until_read(request: TurnRequest, state: TurnState) -> AsyncGenerator[StillReading, None]:
    """Wait until every file of the question is read, or cannot be; yield which ones are awaited when that changes.

    Raises UnavailableError if it takes longer than ATTACHMENT_WAIT_SECONDS.
    """
    until, before = time.monotonic() + settings.ATTACHMENT_WAIT_SECONDS, None
    while names := await state.unread_files(request):
        if time.monotonic() > until:
            raise UnavailableError(STILL_READING(name=names[0]))
        if names != before:
            before = names
            yield StillReading(names)
        await asyncio.sleep(WAIT)


def unread(request: TurnRequest) -> tuple[str, ...]:
    """Return the names of the files that are still being read; for those of a folder no answer waits."""
    awaited = [file for file in request.attached if not file.in_folder]
    states = _states(awaited)
    return tuple(file.name for file in awaited if states[file.document].state == "waiting")


def _states(files: Sequence[Attached]) -> Mapping[UUID, FileState]:
    known = file_store().states({file.document for file in files})
    return {file.document: known.get(file.document, attachments.lost()) for file in files}


def with_files(request: TurnRequest, *, is_preview: bool = False) -> TurnRequest:
    """Return the turn with what of its files its model may be given; files that are not read are left out.

    A preview, from which nothing is sent, needs no bytes of pictures.
    """
    if not request.attached:
        return request
    person, states = request.reader.user_id, _states(request.attached)
    ready = [file for file in request.attached if states[file.document].state == "ready"]
    known = sizes(person, {file.document for file in ready})
    pictures = [file.document for file in ready if states[file.document].is_picture and file.document in known]
    shown = [(file, known[file.document].source) for file in ready if file.document in pictures[-MOST_PICTURES:]]
    given, data = _pictures(shown, is_preview=is_preview)
    room = askable.whole_files_tokens(request, highest(*(size.label for size in known.values())))
    whole, searched = _chosen(person, [known[file.document] for file in ready if file.document in known], room)
    found = GivenFiles(
        pages=_numbered(whole, request),
        pictures=given,
        searched=searched,
        collection=next((size.collection for size in known.values()), 0),
        causes=(
            *(labels.file(file.name, known[file.document].label) for file in ready if file.document in known),
            *_causes_of_names(request.attached),
        ),
        uses=_uses(ready, known, searched),
        asked=tuple(file.name for file in ready if file.with_question),
        unread=tuple(file.name for file in _failed(request.attached, states)),
        problems=_problems(request.attached, states),
    )
    return replace(request, given_files=found, files={**request.files, **data})


def _causes_of_names(files: Sequence[Attached]) -> Iterator[Cause]:
    """Yield what labels a turn by the names of its files: models are told them, also of one that cannot be read."""
    for found in detectors.scan("\n\n".join(file.name for file in files)):
        yield Cause(found.label, labels.IN_FILE_NAME(found=found.words))


def _pictures(
    shown: Sequence[tuple[Attached, UUID]], *, is_preview: bool
) -> tuple[tuple[GivenPicture, ...], dict[str, bytes]]:
    """Return these pictures, each with its source, and their bytes by their ids."""
    given, data = [], {}
    for file, source in shown:
        served = file_store().picture(file.document)
        if served is None:
            continue
        content = b"" if is_preview else served.path.read_bytes()
        image = Image(hashlib.sha256(content).hexdigest(), served.media_type)
        data[image.file] = content
        given.append(GivenPicture(source, file.name, image, file.with_question))
    return tuple(given), {} if is_preview else data


def _chosen(person: int, files: Sequence[SourceSize], room: int) -> tuple[list[Hit], tuple[UUID, ...]]:
    """Return the pages of the files that fit into `room` tokens together, in order, and the sources of the others."""
    short = [size.source for size in files if size.characters <= room * prompts.ASCII_BYTES]
    pages = whole_pages(person, short)
    whole: list[Hit] = []
    searched = []
    for size in files:
        mine = pages.get(size.source)
        tokens = sum(prompts.text_tokens(prompts.framed(Numbered(0, hit))) for hit in mine or ())
        if size.source not in short or tokens > room:
            searched.append(size.source)
        else:
            whole += mine or ()
            room -= tokens
    return whole, tuple(searched)


def _numbered(hits: Sequence[Hit], request: TurnRequest) -> tuple[Numbered, ...]:
    """Number the pages from 1, the same in every turn, except where the answer's earlier text cites another passage."""
    cited = {
        (old.place["source"], old.place["page"], old.place["start"], old.place["end"]): old.place["number"]
        for old in request.cited
    }
    taken, numbered, following = set(cited.values()), [], max(cited.values(), default=0) + len(hits)
    for place, hit in enumerate(hits, start=1):
        number = cited.get((str(hit.source_id), hit.page, hit.start, hit.end), 0)
        if not number and place not in taken:
            number = place
        elif not number:
            number = following = following + 1
        numbered.append(Numbered(number, hit))
    return tuple(numbered)


def _uses(files: Sequence[Attached], known: Mapping[UUID, SourceSize], searched: Sequence[UUID]) -> tuple[FileUse, ...]:
    return tuple(
        FileUse(size.source, file.name, size.pages if size.characters else 0, size.source in searched)
        for file in files
        if (size := known.get(file.document))
    )


def _failed(files: Sequence[Attached], states: Mapping[UUID, FileState]) -> list[Attached]:
    """Return the files of the question that could not be read."""
    return [file for file in files if file.with_question and states[file.document].state == "failed"]


def _problems(files: Sequence[Attached], states: Mapping[UUID, FileState]) -> tuple[str, ...]:
    """Return a sentence for each file of the question that could not be read, and of the folder that is not yet."""
    unread = [file for file in files if file.in_folder and states[file.document].state == "waiting"]
    return (
        *(UNREADABLE(name=file.name, why=states[file.document].words) for file in _failed(files, states)),
        *(NOT_YET_READ(name=file.name) for file in unread),
    )
