"""Sends the link of an invitation by e-mail, where mail is set up."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts.models import Invitation

logger = logging.getLogger(__name__)

DUMMY = "django.core.mail.backends.dummy.EmailBackend"
NOT_SET_UP = gettext_lazy(
    "Mail is not set up here, so pass the link on yourself. If EMAIL_URL is set, LangAI can send it."
)


def is_set_up() -> bool:
    return bool(settings.EMAIL_BACKEND != DUMMY)


def send(invitation: Invitation, link: str) -> bool:
    """Send the link to the invitation's address; return whether the mail server took it."""
    context = {"invitation": invitation, "link": link}
    text = render_to_string("accounts/mail/invitation.txt", context)
    try:
        send_mail(_("You are invited to LangAI"), text, None, [invitation.email])
    except OSError as error:
        logger.warning("an invitation could not be e-mailed: %s", type(error).__name__)
        return False
    return True
