"""The next version of an assistant, which an editor tries before saving it for everybody. Synchronous."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.assistants import access, editing
from chat.assistants.editing import AssistantForm
from chat.models import Assistant, Conversation
from chat.models.assistants import AssistantDraft
from langai_site.accounts.models import User


@transaction.atomic
def keep(user: User, assistant_id: UUID, form: AssistantForm) -> AssistantDraft:
    """Keep what the form says as the editor's draft; nobody else sees it. Raises as `editing.change` does."""
    assistant = access.editable(user.pk, assistant_id, lock=True)
    values = editing.seen(user, form, assistant.collections or ())
    draft = _of(user.pk, assistant_id) or AssistantDraft(
        assistant=assistant, editor=user, trial=Assistant(owner=user, trial_for=assistant)
    )
    for name, value in values.items():
        setattr(draft.trial, name, value)
    draft.version = assistant.version if form.version is None else form.version
    draft.trial.version, draft.trial.updated_at = draft.version + 1, timezone.now()
    draft.trial.save()
    draft.trial_id = draft.trial.pk
    draft.note, draft.updated_at = form.note[: editing.NOTE_MAX], timezone.now()
    draft.waiting, draft.ranks = [], {}
    draft.save()
    return draft


def access_draft(user_id: int, assistant_id: UUID) -> AssistantDraft:
    """Return the person's draft of an assistant that they may change. Raises NotFoundError and ForbiddenError."""
    access.editable(user_id, assistant_id)
    found = _of(user_id, assistant_id)
    if found is None:
        raise access.AssistantGoneError(_("There is no draft of this assistant any more. Change it again to make one."))
    return found


def draft_of_trial(user_id: int, trial: UUID) -> AssistantDraft | None:
    """Return the draft that has this assistant as its trial."""
    return AssistantDraft.objects.filter(trial=trial, editor=user_id).first()


def _of(user_id: int, assistant_id: UUID) -> AssistantDraft | None:
    drafts = AssistantDraft.objects.select_related("assistant", "trial")
    return drafts.filter(assistant=assistant_id, editor=user_id).first()


@transaction.atomic
def publish(user: User, assistant_id: UUID) -> Assistant:
    """Make the draft the next version. Raises ConflictError if somebody saved another version meanwhile."""
    draft = access_draft(user.pk, assistant_id)
    form = editing.form_of(editing.values_of(draft.trial), draft.note, draft.version)
    changed = editing.change(user, assistant_id, form)
    _drop(draft)
    return changed


@transaction.atomic
def discard(user_id: int, assistant_id: UUID) -> None:
    _drop(access_draft(user_id, assistant_id))


def forget(user_id: int, assistant_id: UUID) -> None:
    """Drop the person's draft, if there is one, because they have saved the assistant."""
    if draft := _of(user_id, assistant_id):
        _drop(draft)


def _drop(draft: AssistantDraft) -> None:
    """Delete the draft; chats in which it was tried continue with the assistant itself."""
    Conversation.objects.of(draft.editor_id).filter(assistant=draft.trial_id).update(assistant=draft.assistant_id)
    draft.trial.delete()
