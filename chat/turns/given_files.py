"""Pure: the files of a conversation that a turn gives to its model, and in which form."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from chat.conversations.labels import Cause
from chat.llm.types import Numbered
from langai_site.outbound.abilities import Ability
from langai_site.outbound.parts import Image
from langai_site.outbound.types import ModelInfo
from langai_site.sentences import counted_sentence, joined, sentence

# Files get this share of a window whole, and never more tokens than this, because every turn costs them again.
WHOLE_SHARE, MOST_WHOLE_TOKENS = 0.4, 24_000
# So many of the latest pictures are shown; of earlier ones, models get the text alone.
MOST_PICTURES = 10

READING = sentence("file.reading", "Reading %(name)s…")
READING_MANY = sentence("file.reading_many", "Reading %(files)s files…")
RECOGNISED = sentence("file.recognised", "%(model)s cannot see pictures, so of “%(name)s” it gets the recognised text.")
UNSEEN = sentence("file.unseen", "%(model)s cannot see pictures, and no text was recognised in “%(name)s”.")
USED = sentence("file.used", "%(name)s: %(how)s")
AS_PICTURE = sentence("file.as_picture", "as a picture")()
TEXT_IN_PICTURE = sentence("file.text_in_picture", "the text in the picture")()
NOT_GIVEN = sentence("file.not_given", "not given, it has no text")()
SEARCHED = sentence("file.searched", "searched, passages of it")()
WHOLE = counted_sentence("file.whole", "whole, %(count)s page", "whole, %(count)s pages")
NO_TEXT = sentence("file.no_text", "it has no text")()


@dataclass(frozen=True)
class Attached:
    """A file of the branch that a turn continues. `with_question`: it was attached to the question itself.

    `in_folder`: the conversation has it from its folder alone.
    """

    document: UUID
    name: str
    with_question: bool = False
    in_folder: bool = False


@dataclass(frozen=True)
class GivenPicture:
    """A picture for models that can see it; others get the text that was recognised in it."""

    source: UUID
    name: str
    image: Image
    with_question: bool = False


@dataclass(frozen=True)
class FileUse:
    """A file as the receipt names it: `pages` with text, given whole unless it is `searched`."""

    source: UUID
    name: str
    pages: int
    searched: bool = False


@dataclass(frozen=True)
class StillReading:
    """These files of the question are still being read; the turn waits for them."""

    names: tuple[str, ...]

    @property
    def words(self) -> str:
        return READING(name=self.names[0]) if len(self.names) == 1 else READING_MANY(files=len(self.names))


@dataclass(frozen=True)
class GivenFiles:
    """All that a turn gives of its conversation's files, in the order in which they were attached.

    `pages` are whole files, including the text of pictures. `searched` are the sources that are too long for that, in
    `collection`. `causes` are the labels of all of them. `asked` are the names of those that came with the question.
    `problems` say which could not be read, and why.
    """

    pages: tuple[Numbered, ...] = ()
    pictures: tuple[GivenPicture, ...] = ()
    searched: tuple[UUID, ...] = ()
    collection: int = 0
    causes: tuple[Cause, ...] = ()
    uses: tuple[FileUse, ...] = ()
    asked: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    bytes_of: Mapping[str, bytes] = field(default_factory=dict, hash=False, repr=False)

    @property
    def sources(self) -> frozenset[UUID]:
        """Return every source of which something may be sent: the labels of all of them count."""
        return frozenset(use.source for use in self.uses)

    def for_model(self, model: ModelInfo | None) -> "GivenFiles":
        """Return the files in the form that a model gets; None: in every form, for the most that they can take."""
        if model is None or not self.pictures:
            return self
        if not sees_pictures(model):
            return replace(self, pictures=())
        shown = {picture.source for picture in self.pictures}
        return replace(self, pages=tuple(page for page in self.pages if page.hit.source_id not in shown))

    def notice(self, model: ModelInfo) -> str:
        """Return what to tell the person about the form in which `model` gets the files; may be empty."""
        return joined([*self.problems, *self._unseen(model)])

    def _unseen(self, model: ModelInfo) -> Iterator[str]:
        if sees_pictures(model):
            return
        pages = {use.source: use.pages for use in self.uses}
        for picture in self.pictures:
            if not picture.with_question:
                continue
            if pages.get(picture.source):
                yield RECOGNISED(model=model.display_name, name=picture.name)
            else:
                yield UNSEEN(model=model.display_name, name=picture.name)

    def described(self, model: ModelInfo) -> tuple[str, ...]:
        """Return for the receipt which files `model` was given, and how."""
        shown = {picture.source for picture in self.pictures} if sees_pictures(model) else set()
        pictures = {picture.source for picture in self.pictures}
        return tuple(
            USED(name=use.name, how=_how(use, use.source in shown, use.source in pictures)) for use in self.uses
        )


NO_FILES = GivenFiles()


def _how(use: FileUse, is_shown: bool, is_picture: bool) -> str:
    if is_shown:
        return AS_PICTURE
    if is_picture:
        return TEXT_IN_PICTURE if use.pages else NOT_GIVEN
    if use.searched:
        return SEARCHED
    return WHOLE(count=use.pages) if use.pages else NO_TEXT


def sees_pictures(model: ModelInfo) -> bool:
    """Return whether a model is known to see pictures: what nobody knows is not tried with a person's files."""
    return bool(model.abilities.get(Ability.VISION))


def seeing_first(models: Iterable[ModelInfo]) -> tuple[ModelInfo, ...]:
    """Return the models in their order, but those that see pictures before the others."""
    return tuple(sorted(models, key=lambda model: not sees_pictures(model)))


def whole_tokens(windows: Sequence[int], otherwise: int) -> int:
    """Return how many tokens of files are given whole to models with these windows; `otherwise` if none is known.

    The largest window counts: a model in which they do not fit is not asked.
    """
    largest = max(windows, default=0)
    return min(MOST_WHOLE_TOKENS, int(largest * WHOLE_SHARE) if largest else otherwise)
