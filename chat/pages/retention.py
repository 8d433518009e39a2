"""The page of what retention deletes soon."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat.conversations import retention
from langai_site.accounts import holds
from langai_site.accounts.session import signed_in


@require_safe
def going(request: HttpRequest) -> HttpResponse:
    """List the person's conversations and links that go within the time of notice."""
    user = signed_in(request)
    context = {
        "going": retention.going(user.pk),
        "contact": holds.of_person(user.pk),
        "days": retention.NOTICE.days,
        "listed": retention.LISTED,
    }
    return render(request, "chat/retention.html", context)
