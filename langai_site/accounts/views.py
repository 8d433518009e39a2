from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from langai_site.accounts.forms import InvitedForm
from langai_site.accounts.services import accept_invitation, usable_invitation


@sensitive_post_parameters("password1", "password2")
@never_cache
@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """An invited person makes their account here, and is signed in."""
    invited = usable_invitation(token)
    form = InvitedForm(request.POST or None, initial={"email": invited.email})
    if request.method == "POST" and form.is_valid():
        try:
            user = accept_invitation(token=token, user=form.save(commit=False))
        except IntegrityError:
            form.add_error("username", "Somebody took this name just now. Choose another.")
        else:
            login(request, user)
            return redirect("chat:new")
    return render(request, "accounts/invitation.html", {"form": form, "invited": invited})
