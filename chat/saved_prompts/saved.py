"""The only access to saved prompts, and what people do with them. Synchronous."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from chat.models import Prompt, PromptVersion
from chat.saved_prompts import variables
from langai_site.accounts import sharing
from langai_site.accounts.models import User
from langai_site.accounts.sharing import Audience
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from langai_site.numbers import grouped

PROMPTS_MAX, COMMAND_MAX, TITLE_MAX, TEXT_MAX = 300, 40, 100, 8_000
# As many as a list shows: more would be no list that somebody searches by eye.
LISTED_MAX = 500
GONE = gettext_noop("This prompt was deleted, or is not shared with you any more.")
READ_ONLY = gettext_noop("You may use this prompt but not change it. Make a copy instead.")
_WRITTEN = ("command", "title", "text")
_COMMAND = re.compile(r"[\w-]{1,40}")


class PromptGoneError(NotFoundError):
    link = ("chat:prompts", gettext_lazy("Show the prompts"))


@dataclass(frozen=True)
class PromptForm:
    """A prompt as its person wants it. `version` is the one that the form shows, if it changes a prompt."""

    command: str
    title: str
    text: str
    version: int | None = None


@dataclass(frozen=True)
class PromptRow:
    """A prompt in a list. `is_mine`: the reader owns it; otherwise `owner` made it. `shared` says who may use it."""

    prompt: Prompt
    is_mine: bool
    owner: str
    shared: str


def access_prompt(user_id: int, prompt_id: UUID) -> Prompt:
    """Return the prompt to a person who may use it. Raises NotFoundError."""
    found = Prompt.objects.readable_by(user_id).select_related("owner").filter(pk=prompt_id).first()
    if found is None:
        raise PromptGoneError(_(GONE))
    return found


def _editable(user_id: int, prompt_id: UUID) -> Prompt:
    """Return the prompt, locked, to a person who may change it. Raises NotFoundError and ForbiddenError."""
    prompt = Prompt.objects.editable_by(user_id).select_for_update().filter(pk=prompt_id).first()
    if prompt is None:
        access_prompt(user_id, prompt_id)
        raise ForbiddenError(_(READ_ONLY))
    return prompt


def may_edit(user_id: int, prompt: Prompt) -> bool:
    return Prompt.objects.editable_by(user_id).filter(pk=prompt.pk).exists()


def listed(user_id: int, query: str = "") -> list[PromptRow]:
    """Return the prompts that a person may use and that have all words of `query`, their own first."""
    found = Prompt.objects.readable_by(user_id).select_related("owner").prefetch_related("teams", "users", "editors")
    words = query.casefold().split()
    rows = [_row(user_id, prompt) for prompt in found.defer("text")]
    rows = [row for row in rows if all(word in _searched(row) for word in words)]
    return sorted(rows, key=lambda row: (not row.is_mine, row.prompt.command, row.owner))[:LISTED_MAX]


def _row(user_id: int, prompt: Prompt) -> PromptRow:
    return PromptRow(prompt, prompt.owner_id == user_id, str(prompt.owner), sharing.words_of(prompt))


def _searched(row: PromptRow) -> str:
    return f"/{row.prompt.command} {row.prompt.title} {row.owner}".casefold()


@transaction.atomic
def create(user: User, form: PromptForm, audience: Audience | None = None, *, imported_id: str = "") -> Prompt:
    # The lock keeps two posts at once from making one too many.
    User.objects.select_for_update().get(pk=user.pk)
    if Prompt.objects.of(user.pk).count() >= PROMPTS_MAX:
        words = _("You have %(most)s prompts, which is the most. Delete one that you do not need.")
        raise InvalidError(words % {"most": PROMPTS_MAX})
    prompt = Prompt(owner=user, imported_id=imported_id)
    _write(prompt, form)
    _save(prompt, user, is_new=True)
    if audience and (shared := sharing.share(prompt, audience, user)):
        record("prompt.add", "prompt", prompt.pk, fields=shared)
    return prompt


@transaction.atomic
def change(user: User, prompt_id: UUID, form: PromptForm, audience: Audience | None = None) -> Prompt:
    """Change a prompt, which makes a new version unless its text stays the same. Only its owner can share it."""
    prompt = _editable(user.pk, prompt_id)
    if form.version is not None and form.version != prompt.version:
        raise ConflictError(
            _("Somebody changed this prompt meanwhile. Copy your text, reload the page and edit it again.")
        )
    before = {name: getattr(prompt, name) for name in _WRITTEN}
    _write(prompt, form)
    changed = [name for name, value in before.items() if getattr(prompt, name) != value]
    if changed:
        prompt.version += 1
        _save(prompt, user)
    shared = sharing.share(prompt, audience, user) if audience and prompt.owner_id == user.pk else []
    if shared or (changed and _is_shared(prompt)):
        record("prompt.share" if shared else "prompt.change", "prompt", prompt.pk, fields=[*changed, *shared])
    return prompt


def _is_shared(prompt: Prompt) -> bool:
    """Return whether anybody else may use it: what people keep for themselves alone leaves no events."""
    return Prompt.objects.shared().filter(pk=prompt.pk).exists()


def _save(prompt: Prompt, by: User, *, is_new: bool = False) -> None:
    prompt.updated_at = timezone.now()
    try:
        with transaction.atomic():
            prompt.save(force_insert=is_new)
    except IntegrityError:
        words = _("There is a prompt /%(command)s already. Choose another command.")
        raise InvalidError(words % {"command": prompt.command}) from None
    PromptVersion.objects.create(
        prompt=prompt, number=prompt.version, command=prompt.command, title=prompt.title, text=prompt.text, by=by
    )


def _write(prompt: Prompt, form: PromptForm) -> None:
    prompt.command = _command(form.command)
    prompt.title = _title(form.title) or prompt.command
    prompt.text = _text(form.text)


def _command(written: str) -> str:
    command = written.strip().removeprefix("/").casefold()
    if not _COMMAND.fullmatch(command):
        words = _(
            "A command is one word of letters, digits, - and _, with at most %(most)s characters, such as “mail”."
        )
        raise InvalidError(words % {"most": COMMAND_MAX})
    return command


def _title(written: str) -> str:
    title = " ".join(written.replace("\0", "").split())
    if len(title) > TITLE_MAX:
        words = _("The title has %(chars)s characters; %(most)s are allowed.")
        raise InvalidError(words % {"chars": len(title), "most": TITLE_MAX})
    return title


def _text(written: str) -> str:
    text = written.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise InvalidError(_("Write the text of the prompt."))
    if len(text) > TEXT_MAX:
        words = _("The text has %(chars)s characters; %(most)s are allowed.")
        raise InvalidError(words % {"chars": grouped(len(text)), "most": grouped(TEXT_MAX)})
    variables.variables(text)
    return text


@transaction.atomic
def delete(user_id: int, prompt_id: UUID) -> str:
    """Delete a prompt with its versions, and return its command. Raises NotFoundError and ForbiddenError."""
    prompt = access_prompt(user_id, prompt_id)
    if prompt.owner_id != user_id:
        raise ForbiddenError(_("Only the owner of a prompt can delete it."))
    if _is_shared(prompt):
        record("prompt.delete", "prompt", prompt_id)
    prompt.delete()
    return prompt.command


def copy(user: User, prompt_id: UUID) -> Prompt:
    """Make a private copy, with a command that its new owner does not have yet."""
    prompt = access_prompt(user.pk, prompt_id)
    return create(user, PromptForm(free_command(user.pk, prompt.command), prompt.title, prompt.text))


def free_command(user_id: int, command: str) -> str:
    """Return the command, or one like it if the person has a prompt with this one."""
    taken = set(Prompt.objects.of(user_id).values_list("command", flat=True))
    names = (_numbered(command, number) for number in range(1, PROMPTS_MAX + 2))
    return next(name for name in names if name not in taken)


def _numbered(command: str, number: int) -> str:
    return command if number == 1 else f"{command[: COMMAND_MAX - 4]}-{number}"


def versions(prompt: Prompt) -> Sequence[PromptVersion]:
    """Return the versions of a prompt, the newest first."""
    return list(prompt.versions.select_related("by"))


def restore(user: User, prompt_id: UUID, number: int) -> Prompt:
    """Make an earlier version the current one, as a new version. Raises NotFoundError and ForbiddenError."""
    prompt = access_prompt(user.pk, prompt_id)
    if not may_edit(user.pk, prompt):
        raise ForbiddenError(_(READ_ONLY))
    old = prompt.versions.filter(number=number).first()
    if old is None:
        raise PromptGoneError(_("There is no such version of this prompt."))
    return change(user, prompt_id, PromptForm(old.command, old.title, old.text))
