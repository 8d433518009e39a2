"""What people do with assistants: make, change, copy, restore and delete them. Synchronous."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.assistants import access
from chat.conversations import drafts
from chat.conversations.chosen_collections import Chosen
from chat.models import Assistant, AssistantVersion
from langai_site.accounts import sharing
from langai_site.accounts.models import User
from langai_site.accounts.sharing import Audience
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, ForbiddenError, InvalidError
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity

ASSISTANTS_MAX, NAME_MAX, PURPOSE_MAX, INSTRUCTIONS_MAX, NOTE_MAX = 100, 60, 200, 8_000, 200
STARTERS_MAX, STARTER_MAX, EMOJI_MAX = 6, 200, 16
# The categories of signs that an emoji consists of, and what joins and colours several of them.
_PICTURES, _JOINING = {"So", "Sk", "Sm"}, {"\u200d", "\ufe0f"}
# What a version keeps, and an assistant repeats.
FIELDS = ("emoji", "name", "purpose", "instructions", "model", "options", "collections", "starters", "label")


@dataclass(frozen=True)
class AssistantForm:
    """An assistant as its maker wants it. `version` is the one that the form shows, if it changes an assistant."""

    name: str
    emoji: str = ""
    purpose: str = ""
    instructions: str = ""
    model: str = drafts.AUTOMATIC
    options: drafts.Options = drafts.AS_USUAL
    collections: Chosen = None
    starters: Sequence[str] = ()
    label: Sensitivity = Sensitivity.PUBLIC
    note: str = ""
    version: int | None = None
    values: Mapping[str, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the fields and put them in order. Raises InvalidError."""
        object.__setattr__(self, "values", self._checked())

    def _checked(self) -> dict[str, Any]:
        return {
            "emoji": _emoji(self.emoji),
            "name": _name(self.name),
            "purpose": _line(
                self.purpose, PURPOSE_MAX, _("The purpose has %(chars)s characters; %(most)s are allowed.")
            ),
            "instructions": _instructions(self.instructions),
            "model": drafts.model(self.model) or drafts.AUTOMATIC,
            "options": self.options.written(),
            "collections": self.collections,
            "starters": _starters(self.starters),
            "label": int(self.label),
        }


def _line(written: str, most: int, refusal: str) -> str:
    """Return a text as one line. Raises InvalidError with `refusal` if it is longer than `most`."""
    line = " ".join(written.replace("\0", "").split())
    if len(line) > most:
        raise InvalidError(refusal % {"chars": len(line), "most": most})
    return line


def _name(written: str) -> str:
    name = _line(written, NAME_MAX, _("The name has %(chars)s characters; %(most)s are allowed."))
    if not name:
        raise InvalidError(_("Give the assistant a name."))
    return name


def _purpose(written: str) -> str:
    return _line(written, PURPOSE_MAX, _("The purpose has %(chars)s characters; %(most)s are allowed."))


def _emoji(written: str) -> str:
    emoji = written.strip()
    if len(emoji) > EMOJI_MAX or not all(unicodedata.category(sign) in _PICTURES or sign in _JOINING for sign in emoji):
        raise InvalidError(_("Choose one emoji, or leave the field empty."))
    return emoji


def _instructions(written: str) -> str:
    text = written.replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > INSTRUCTIONS_MAX:
        words = _("The instructions have %(chars)s characters; %(most)s are allowed.")
        raise InvalidError(words % {"chars": grouped(len(text)), "most": grouped(INSTRUCTIONS_MAX)})
    return text


def _starters(written: Sequence[str]) -> list[str]:
    too_long = _("A starter question has %(chars)s characters; %(most)s are allowed.")
    starters = list(filter(None, (_line(one, STARTER_MAX, too_long) for one in written)))
    if len(starters) > STARTERS_MAX:
        words = _("There are %(count)s starter questions; %(most)s are allowed.")
        raise InvalidError(words % {"count": len(starters), "most": STARTERS_MAX})
    return starters


@transaction.atomic
def create(user: User, form: AssistantForm, audience: Audience | None = None, *, imported_id: str = "") -> Assistant:
    # The lock keeps two posts at once from making one too many.
    User.objects.select_for_update().get(pk=user.pk)
    if Assistant.objects.of(user.pk).filter(trial_for=None).count() >= ASSISTANTS_MAX:
        words = _("You have %(most)s assistants, which is the most. Delete one first.")
        raise InvalidError(words % {"most": ASSISTANTS_MAX})
    assistant = Assistant(owner=user, imported_id=imported_id, **seen(user, form, ()))
    _save(assistant, user, form.note, is_new=True)
    shared = sharing.share(assistant, audience, user) if audience else ()
    record("assistant.add", "assistant", assistant.pk, fields=shared)
    return assistant


def seen(user: User, form: AssistantForm, before: Sequence[int]) -> dict[str, Any]:
    """Return the values with the collections that the person may read, or that were chosen before."""
    values = dict(form.values)
    if values["collections"] is not None:
        known = access.readable_ids(user.pk) | set(before)
        values["collections"] = sorted(known & set(values["collections"]))
    return values


@transaction.atomic
def change(
    user: User,
    assistant_id: UUID,
    form: AssistantForm,
    audience: Audience | None = None,
    *,
    chosen_before: Sequence[int] = (),
) -> Assistant:
    """Change an assistant, which makes a new version unless all stays the same. Only its owner can share it.

    Its conversations use the new version from their next question on. `chosen_before` are collections of an earlier
    version, which may stay chosen by somebody who may not read them.
    """
    assistant = access.editable(user.pk, assistant_id, lock=True)
    if form.version is not None and form.version != assistant.version:
        raise ConflictError(
            _("Somebody changed this assistant meanwhile. Copy your text, reload the page and edit it again.")
        )
    values = seen(user, form, (*(assistant.collections or ()), *chosen_before))
    changed = [name for name, value in values_of(assistant).items() if values[name] != value]
    if changed:
        for name, value in values.items():
            setattr(assistant, name, value)
        assistant.version += 1
        _save(assistant, user, form.note)
    shared = sharing.share(assistant, audience, user) if audience and assistant.owner_id == user.pk else []
    if changed or shared:
        action = "assistant.share" if shared else "assistant.change"
        record(action, "assistant", assistant.pk, fields=[*changed, *shared])
    return assistant


def values_of(assistant: Assistant) -> dict[str, Any]:
    """Return the fields that a version keeps."""
    return {name: getattr(assistant, name) for name in FIELDS}


def _save(assistant: Assistant, by: User, note: str, *, is_new: bool = False) -> None:
    assistant.updated_at = timezone.now()
    assistant.save(force_insert=is_new)
    AssistantVersion.objects.create(
        assistant=assistant,
        number=assistant.version,
        values=values_of(assistant),
        note=_line(note, NOTE_MAX, _("The note has %(chars)s characters; %(most)s are allowed.")),
        by=by,
    )


def form_of(values: Mapping[str, Any], note: str = "", version: int | None = None) -> AssistantForm:
    """Return the form that would make these values; `version` is the one that they would follow."""
    named = {name: values[name] for name in FIELDS if name not in ("options", "label")}
    options = drafts.Options.read(values["options"])
    return AssistantForm(**named, options=options, label=Sensitivity(values["label"]), note=note, version=version)


def restore(user: User, assistant_id: UUID, number: int) -> Assistant:
    """Make an earlier version the current one, as a new version. Raises NotFoundError and ForbiddenError."""
    assistant = access.editable(user.pk, assistant_id)
    old = assistant.versions.filter(number=number).first()
    if old is None:
        raise access.AssistantGoneError(_("There is no such version of this assistant."))
    form = form_of(old.values, _("Version %(number)s again") % {"number": number})
    return change(user, assistant_id, form, chosen_before=old.values["collections"] or ())


def copy(user: User, assistant_id: UUID) -> Assistant:
    """Make a private copy. It searches those of the collections that its new owner may read."""
    values = values_of(access.access_assistant(user.pk, assistant_id))
    name = _("Copy of %(name)s") % {"name": values["name"]}
    return create(user, form_of(values | {"name": name[:NAME_MAX]}))


@transaction.atomic
def delete(user_id: int, assistant_id: UUID) -> str:
    """Delete an assistant, and return its name. Its conversations stay, and go on without it."""
    assistant = access.access_assistant(user_id, assistant_id)
    if assistant.owner_id != user_id:
        raise ForbiddenError(_("Only the owner of an assistant can delete it."))
    assistant.delete()
    record("assistant.delete", "assistant", assistant_id)
    return assistant.name


def versions(assistant: Assistant) -> Sequence[AssistantVersion]:
    """Return the versions of an assistant, the newest first."""
    return list(assistant.versions.select_related("by"))
