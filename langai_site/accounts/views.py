from allauth.account.internal.flows.login import record_authentication
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from langai_site.accounts import browser_sessions, instructions, keys, providers
from langai_site.accounts.forms import ApiKeyForm, InvitedForm, ProfileForm
from langai_site.accounts.models import INSTRUCTIONS_MAX, User
from langai_site.accounts.preferences import THEMES, choose
from langai_site.accounts.services import accept_invitation, usable_invitation
from langai_site.accounts.session import signed_in
from langai_site.errors import InvalidError, LangAIError
from langai_site.web import languages


@sensitive_post_parameters("password1", "password2")
@never_cache
@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Create an invited person's account and sign them in."""
    invited = usable_invitation(token)
    form = InvitedForm(request.POST or None, initial={"email": invited.email})
    if request.method == "POST" and form.is_valid():
        try:
            user = accept_invitation(token=token, user=form.save(commit=False))
        except IntegrityError:
            form.add_error("username", _("This name was taken a moment ago. Choose another."))
        else:
            login(request, user)
            record_authentication(request, user, method="password")
            if left_out := invited.teams.exclude(pk__in=user.teams.values("pk")):
                names = ", ".join(team.name for team in left_out)
                messages.warning(
                    request, _("Your account is not in %(names)s yet. Ask an admin to add you.") % {"names": names}
                )
            return redirect("chat:new")
    return render(request, "accounts/invitation.html", {"form": form, "invited": invited})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Show what people can change about their account, and change it."""
    user = signed_in(request)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        # What is said next is in the language that they have chosen now.
        languages.speak(request, form.save())
        messages.success(request, _("Saved."))
        return redirect("accounts:account")
    return _account_page(request, user, form=form)


def _account_page(request: HttpRequest, user: User, **context: object) -> HttpResponse:
    """Draw the account page; what `context` does not have is as it is stored."""
    written = instructions.form_of(user)
    usual = {
        "form": ProfileForm(instance=User.objects.get(pk=user.pk)),
        "instructions_form": written,
        "instructions_label": instructions.label_words(written.instance),
        "instructions_max": INSTRUCTIONS_MAX,
    }
    return render(request, "accounts/account.html", usual | context)


@require_POST
@never_cache
def own_instructions(request: HttpRequest) -> HttpResponse:
    """Save what a person wants models to know whenever they answer."""
    user = signed_in(request)
    form = instructions.form_of(user, request.POST)
    if not form.is_valid():
        return _account_page(request, user, instructions_form=form)
    form.save()
    messages.success(request, _("Your instructions are saved."))
    return redirect(f"{reverse('accounts:account')}#instructions")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Store the theme that a person chose outside the account page, such as in the list of actions."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        raise InvalidError(_("This theme is not known. Choose one on your account page."))
    choose(User.objects.get(pk=signed_in(request).pk), theme=chosen)
    return HttpResponse(status=204) if request.htmx else redirect("accounts:account")  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def api_keys(request: HttpRequest) -> HttpResponse:
    """Show a person's keys, and a form for another. A new key is shown only in the response to its form."""
    user = signed_in(request)
    form = ApiKeyForm(request.POST or None)
    made, status = {}, 200
    if form.is_valid():
        try:
            row, key = keys.make(user=user, **form.cleaned_data)
            made, form = {"made": row, "key": key}, ApiKeyForm()
        except LangAIError as error:
            form.add_error(None, error.message)
            status = error.status
    context = {"form": form, "keys": user.api_keys.all(), **made}
    return render(request, "accounts/keys.html", context, status=status)


@require_POST
def revoke_api_key(request: HttpRequest, key: int) -> HttpResponse:
    row = keys.revoke(signed_in(request), key)
    messages.success(
        request, _("The key “%(name)s” is revoked. Programs with this key get no more answers.") % {"name": row.name}
    )
    return redirect("accounts:keys")


@require_http_methods(["GET", "HEAD"])
@never_cache
def sessions(request: HttpRequest) -> HttpResponse:
    """Show where a person is signed in."""
    user = _person(request)
    context = {
        "sessions": browser_sessions.of(user),
        "current": request.session.session_key,
        "keys": user.api_keys.filter(revoked_at=None).count(),
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    """Sign a person out of one of their browsers."""
    browser_sessions.end(_person(request), session)
    messages.success(request, _("That browser is signed out."))
    return redirect("accounts:sessions")


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Sign a person out of the other browsers or of all, and revoke their API keys if they say so."""
    user, here = _person(request), "here" in request.POST
    but = "" if here else request.session.session_key or ""
    count = browser_sessions.end_all(user, but=but, keys="keys" in request.POST)
    if here:
        logout(request)
        return redirect("account_login")
    done = ngettext("%(count)d other browser is signed out.", "%(count)d other browsers are signed out.", count)
    sentences = [done % {"count": count}, *([_("Your API keys are revoked.")] if "keys" in request.POST else [])]
    messages.success(request, " ".join(sentences))
    return redirect("accounts:sessions")


@require_http_methods(["GET", "HEAD"])
@never_cache
def provider(request: HttpRequest) -> HttpResponse:
    """Show what a person's identity providers said of their groups, and which teams follow from that."""
    accounts = SocialAccount.objects.filter(user=_person(request)).order_by("pk")
    return render(request, "accounts/provider.html", {"previews": [providers.preview(one) for one in accounts]})


def _person(request: HttpRequest) -> User:
    """Return who is signed in, also if they still have to set up a second factor."""
    assert isinstance(request.user, User)
    return request.user
