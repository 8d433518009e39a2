"""The page on which owners see where documents give different figures. It only calls services."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.conflicts import access
from langai_site.accounts.limits import costly
from langai_site.accounts.session import signed_in


@require_safe
@costly
def conflicts(request: HttpRequest) -> HttpResponse:
    """List the conflicts between documents that the person may read, one of which they look after."""
    found = access.for_person(signed_in(request))
    return render(request, "chat/conflicts.html", {"found": found, "most": access.SHOWN})


@require_POST
def dismiss(request: HttpRequest, conflict: int) -> HttpResponse:
    """Say that a conflict is none."""
    access.dismiss(signed_in(request), conflict)
    messages.success(request, _("This pair is not shown as a conflict any more, until one of its sentences changes."))
    return redirect("chat:conflicts")


@require_POST
def restore(request: HttpRequest, conflict: int) -> HttpResponse:
    """Show a pair as a conflict again."""
    access.restore(signed_in(request), conflict)
    messages.success(request, _("This pair is shown as a conflict again."))
    return redirect("chat:conflicts")
