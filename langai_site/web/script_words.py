"""The words that scripts show, for pages that are not in English: in English they are in the scripts themselves.

A page brings them in one element, which `translated` of static/app.js reads; so no request is added, and nobody waits
for words that their page already has. tests/translations/test_script_words.py compares them with the scripts.
"""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Of all pages.
PAGES = (
    _("{count} of {all}"),
    _("Close this notice"),
    _("The server cannot be reached. Your text is kept; try again in a moment."),
    _("This page was open for too long. Reload it and try again."),
    _("This is no longer here. Reload the page."),
    _("That did not work. Try again in a moment."),
    _("The server cannot be reached. Try again in a moment."),
    _("Go to"),
    _("Keyboard shortcuts"),
    _("The theme could not be stored. Try again in a moment."),
    _("The theme is changed."),
    _("There is no answer to copy here."),
    _("An answer is ready"),
    _("This browser cannot show notifications."),
    _("This browser blocks notifications of this site. Allow them in the browser’s settings for this site first."),  # noqa: RUF001
    _("Copied"),
    _("Nothing was confirmed in time. Try again, or use another way."),
    _("This device has a passkey for your account already."),
    _("Passkeys need an address with https. Ask an admin."),
    _("This browser cannot use a passkey here. Use another way."),
    _("{count} chosen, {most} are allowed"),
    _("{count} chosen"),
)
# Of the chat page as well.
CHAT = (
    _("Shorten the message by 1 character."),
    _("Shorten the message by {over} characters."),
    _("{count} of {all} collections"),
    _("No documents"),
    _("All documents"),
    _("Sending…"),
    _("Your last message is still being sent. Send this one once it is there."),
    _("The answer ended early."),
    _("Answer complete."),
    _("The model is thinking."),
    _("Earlier messages were loaded above."),
    _("You are signed out here. What you were writing is kept."),
    _("Sign in again"),
    _("This conversation was deleted, or is not yours."),
    _("Start a new chat"),
    _("Pasted text"),
    _("A message can have {most} files. Send the others with another message."),
    _("Waiting to be uploaded"),
    _("Uploading, {share} %"),
    _("Remove"),
    _("Remove {name}"),
    _("The server cannot be reached. Attach it again."),
    _("It is too large."),
    _("You are uploading too much at once. Attach it again in a moment."),
    _("You are signed out. Sign in, then attach it again."),
    _("It could not be uploaded. Attach it again."),
    _("This text is not there any more. Paste it again."),
    _("Your message is sent once its files are uploaded."),
    _("“{name}” was not attached, so nothing was sent. Send again to leave it out."),
    _("Prompts"),
    _("Assistants"),
    _("{name}, {place} of {all}"),
    _("Answer without this assistant"),
    _("{name} answers your next messages."),
    _("The next messages are answered without an assistant."),
    _("Choose a model"),
    _("Compare models"),
    _("{count} compared"),
    _("{name} is complete."),
    _("All answers are complete."),
    _("{count} of {all} match"),
    _("None of {all} match"),
    _("{all} choices"),
    _("Downloaded as {name}."),
    _("Wrap long lines"),
    _("Show fewer lines"),
    _("Show all {lines} lines"),
    _("Download as {name}"),
    _("Copy the code"),
    _("Copy the table"),
    _("Copied, as edited by you."),
    _("Copied."),
    _("The answer could not be fetched. Try again in a moment."),
    _("The browser did not allow copying. Select the text and copy it by hand."),
    _(" (Code.) "),
    _("Stop reading"),
    _("Read aloud"),
    _("This device has no voice for the language of this answer."),
    _("This diagram cannot be drawn: {reason}"),
    _("Source of the diagram"),
    _("the program that draws it could not be loaded."),
    _("Diagram: {name}"),
    _("it takes too long."),
)
# Of a collection's page as well.
LIBRARY = (
    _("There is no file in it that can be uploaded."),
    _("It is larger than {size} MB. Split it, or ask an admin to allow more."),
    _("It is empty."),
    _("You have as many files as one person may have. Delete some, or ask an admin for more room."),
    _("There is not enough room for it. Delete files that you do not need, or ask an admin for more."),
    _("Upload of {name}"),
    _("Waiting to be uploaded"),
    _("Uploading, {share} %"),
    _("The server cannot be reached. Upload it again."),
    _("There is no room for it, or it is too large."),
    _("You are uploading too much at once. Upload it again in a moment."),
    _("You are signed out. Sign in, then upload it again."),
    _("It could not be uploaded. Upload it again."),
    _("{done} of {all} file uploaded, {failed} not accepted."),
    _("{done} of {all} file uploaded."),
    _("{done} of {all} files uploaded, {failed} not accepted."),
    _("{done} of {all} files uploaded."),
    _("Choose files or a folder first."),
    _("{count} ticked"),
)
# Of the admin's pages alone.
ADMIN = (
    _("Filter"),
    _("Filter the list"),
    _("Copy link"),
    _("Copied"),
    _("Selected: press Ctrl or ⌘ and C"),
    _("{count} of {all}"),
    _("date"),
    _("time"),
)


class ScriptWords:
    """What templates put into the page with `json_script`: the words of a kind of page, or None in English."""

    @property
    def pages(self) -> dict[str, str] | None:
        return _words(PAGES)

    @property
    def chat(self) -> dict[str, str] | None:
        return _words(PAGES + CHAT)

    @property
    def library(self) -> dict[str, str] | None:
        return _words(PAGES + LIBRARY)

    @property
    def admin(self) -> dict[str, str] | None:
        return _words(ADMIN)


def _words(texts: Iterable[Promise]) -> dict[str, str] | None:
    """Return the texts of the present language by their English ones."""
    if translation.get_language() == settings.LANGUAGE_CODE:
        return None
    shown = [str(text) for text in texts]
    with translation.override(settings.LANGUAGE_CODE):
        return dict(zip(map(str, texts), shown, strict=True))


def script_words(request: HttpRequest) -> dict[str, ScriptWords]:
    """Return the template variable `script_words`."""
    return {"script_words": ScriptWords()}
