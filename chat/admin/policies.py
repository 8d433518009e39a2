"""Routing policies in admin: drafts are edited, activated or discarded; earlier versions come back as copies."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.admin.forms import LabForm, RuleForm, WhatIfForm
from chat.admin.replay import tried
from chat.comparisons import report
from chat.models import RoutingPolicy, RoutingRule
from chat.routing import policies, wordings
from chat.routing.coverage import coverage
from chat.routing.route import AUTO, NoModelError, Rejected, RouteRequest, route
from chat.routing.rules import Policy, warnings
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import LangAIError
from langai_site.outbound import abilities, catalogue
from langai_site.sentences import drawn, sentence, to_text
from langai_site.words import gettext_noop

STATUS = RoutingPolicy.Status
# The note of the policy that every installation begins with.
FIRST_NOTE = gettext_noop("The rules that LangAI comes with")
# Entries of the history.
ACTIVATED = sentence("history.policy_activated", "Activated as version %(version)s.")
ROLLED_BACK = sentence("history.policy_rolled_back", "Rolled back to version %(version)s, as version %(new)s.")
COPIED = sentence("history.policy_copied", "Copied from version %(version)s.")
COPIED_DRAFT = sentence("history.draft_copied", "Copied from draft %(id)s.")


@dataclass(frozen=True)
class Act:
    """Something that can be done to a policy: the words of its button and confirmation, and when it is offered."""

    name: str
    button: str | Promise
    statuses: frozenset[str]
    question: str | Promise


ACTS = {
    act.name: act
    for act in (
        Act(
            "activate",
            gettext_lazy("Activate"),
            frozenset({STATUS.DRAFT}),
            gettext_lazy(
                "It routes messages within seconds. It becomes the next version and can no longer be edited. The "
                "policy in force now is retired, and can be restored."
            ),
        ),
        Act(
            "discard",
            gettext_lazy("Discard"),
            frozenset({STATUS.DRAFT}),
            gettext_lazy("The draft and its rules are removed for good."),
        ),
        Act(
            "roll-back",
            gettext_lazy("Roll back to this"),
            frozenset({STATUS.RETIRED}),
            gettext_lazy("A copy of these rules becomes the next version. It routes messages within seconds."),
        ),
        Act(
            "draft",
            gettext_lazy("Make a draft"),
            frozenset(STATUS),
            gettext_lazy("The rules are copied into a draft that you can edit. Nothing changes until you activate it."),
        ),
    )
}


class RuleInline(admin.TabularInline[RoutingRule, RoutingPolicy]):
    """A draft's rules. Whoever may change the policy may change its rules, while it is a draft."""

    model = RoutingRule
    form = RuleForm
    extra = 2

    def has_view_permission(self, request: HttpRequest, obj: RoutingPolicy | None = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: RoutingPolicy | None = None) -> bool:
        may = request.user.has_perm("chat.change_routingpolicy")
        return may and obj is not None and obj.is_draft

    def has_add_permission(self, request: HttpRequest, obj: RoutingPolicy | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: RoutingPolicy | None = None) -> bool:
        return self.has_change_permission(request, obj)


class RoutingPolicyAdmin(admin.ModelAdmin[RoutingPolicy]):
    list_display = ["__str__", "status", "rules_in_short", "note_words", "activated_at", "activated_by"]
    list_filter = ["status"]
    list_select_related = ["activated_by"]
    fields = ["status", "note", "based_on", "created_at", "created_by", "activated_at", "activated_by"]
    readonly_fields = ["status", "based_on", "created_at", "created_by", "activated_at", "activated_by"]
    inlines = [RuleInline]

    class Media:
        css = {"all": ["admin/policies.css"]}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[RoutingPolicy]:
        return super().get_queryset(request).prefetch_related("rules")

    @admin.display(description=gettext_lazy("rules"))
    def rules_in_short(self, policy: RoutingPolicy) -> str:
        return "; ".join(_shown_rules(policy)) or "-"

    @admin.display(description=gettext_lazy("note"), ordering="note")
    def note_words(self, policy: RoutingPolicy) -> str:
        return _(FIRST_NOTE) if policy.note == FIRST_NOTE else policy.note

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: drafts are copies, because “Make a draft” starts with rules that work."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: RoutingPolicy | None = None) -> bool:
        return super().has_change_permission(request) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: RoutingPolicy | None = None) -> bool:
        """Refuse: drafts are discarded, and what was in force is history."""
        return False

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act_view)
        return [
            path("<path:object_id>/lab/", self.admin_site.admin_view(self.lab_view), name="chat_routingpolicy_lab"),
            *(path(f"<path:object_id>/{name}/", act, {"name": name}, f"chat_routingpolicy_{name}") for name in ACTS),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        in_force = RoutingPolicy.objects.filter(status=STATUS.ACTIVE).first()
        may_draft = in_force if super().has_change_permission(request) else None
        return super().changelist_view(request, {**(extra_context or {}), "in_force": may_draft})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        policy = self.get_object(request, unquote(object_id))
        beside = self._beside(request, policy) if policy else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **beside})

    def _beside(self, request: HttpRequest, policy: RoutingPolicy) -> dict[str, Any]:
        """Return what the page shows beside the rules: possible actions, warnings, and where turns would go."""
        rules = policies.policy_of(policy)
        may_act = self.has_change_permission(request)
        acts = _acts(policy) if may_act else []
        lab = LabForm() if may_act else None
        return {"acts": acts, "lab": lab, "warnings": _warnings(policy), **_what_if(request, rules)}

    def save_model(
        self, request: HttpRequest, obj: RoutingPolicy, form: ModelForm[RoutingPolicy], change: bool
    ) -> None:
        policies.hold(obj)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm[RoutingPolicy], formsets: Any, change: bool) -> None:  # noqa: ANN401
        super().save_related(request, form, formsets, change)
        policies.renumber(form.instance)

    def _for_change(self, request: HttpRequest, object_id: str) -> RoutingPolicy:
        """Return the policy with that id, if the person may change policies."""
        policy = self.get_object(request, unquote(object_id))
        if policy is None:
            raise Http404
        if not self.has_change_permission(request):
            raise PermissionDenied
        return policy

    def lab_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the policy would have done with the turns of the last days. Nothing is changed or sent."""
        policy = self._for_change(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "policy": policy,
            "acts": _acts(policy),
            "warnings": _warnings(policy),
            "title": _("Policy lab: %(policy)s") % {"policy": policy.in_words},
            "coverage": coverage(catalogue.models()),
            "kinds": report.wins(),
            "least": report.LEAST_CHOICES,
            "abilities": [_(abilities.NAMES[ability]) for ability in abilities.Ability],
            **tried(policy, request.GET),
        }
        return TemplateResponse(request, "admin/chat/routingpolicy/lab.html", context)

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask for confirmation, then act and record it in the admin's history."""
        policy = self._for_change(request, object_id)
        if request.method == "POST":
            return self._act(request, name, policy)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "policy": policy,
            "act": ACTS[name],
            "rules": _shown_rules(policy),
            "offered": policy.status in ACTS[name].statuses,
            "warnings": _warnings(policy) if name in ("activate", "roll-back") else [],
            "title": f"{ACTS[name].button}: {policy.in_words}",
        }
        return TemplateResponse(request, "admin/chat/routingpolicy/confirm.html", context)

    def _act(self, request: HttpRequest, name: str, policy: RoutingPolicy) -> HttpResponse:
        deeds = {
            "activate": self._activate,
            "discard": self._discard,
            "roll-back": self._roll_back,
            "draft": self._draft,
        }
        deed: Callable[[HttpRequest, RoutingPolicy, User], RoutingPolicy | None] = deeds[name]
        try:
            with transaction.atomic():
                shown = deed(request, policy, _person(request))
        except LangAIError as error:
            messages.error(request, error.message)
            shown = RoutingPolicy.objects.filter(pk=policy.pk).first()
        if shown is None:
            return redirect("admin:chat_routingpolicy_changelist")
        return redirect("admin:chat_routingpolicy_change", shown.pk)

    def _activate(self, request: HttpRequest, policy: RoutingPolicy, by: User) -> RoutingPolicy:
        activated = policies.activate(policy, by=by)
        record("routingpolicy.activate", "routingpolicy", activated.pk)
        self.log_change(request, activated, to_text(ACTIVATED(version=str(activated.version))))
        messages.success(request, _("Version %(version)s is in force.") % {"version": activated.version})
        return activated

    def _discard(self, request: HttpRequest, policy: RoutingPolicy, by: User) -> None:
        self.log_deletions(request, RoutingPolicy.objects.filter(pk=policy.pk))
        name = str(policy)
        policies.discard(policy)
        messages.success(request, _("%(policy)s is discarded.") % {"policy": name})

    def _roll_back(self, request: HttpRequest, policy: RoutingPolicy, by: User) -> RoutingPolicy:
        if policy.version is None:
            raise LangAIError(_("A draft was never in force: activate it instead."))
        activated = policies.roll_back(policy.version, by=by)
        rolled_back = ROLLED_BACK(version=str(policy.version), new=str(activated.version))
        self.log_addition(request, activated, to_text(rolled_back))
        words = _("Version %(version)s is in force: the rules of version %(earlier)s.")
        messages.success(request, words % {"version": activated.version, "earlier": policy.version})
        return activated

    def _draft(self, request: HttpRequest, policy: RoutingPolicy, by: User) -> RoutingPolicy:
        draft = policies.draft_of(policy, by=by)
        copied = COPIED(version=str(policy.version)) if policy.version else COPIED_DRAFT(id=str(policy.pk))
        self.log_addition(request, draft, to_text(copied))
        messages.success(request, _("This is a draft: routing does not use it until you activate it."))
        return draft


def _warnings(policy: RoutingPolicy) -> list[str]:
    found = policies.policy_of(policy)
    rules = tuple(replace(rule, name=drawn(wordings.rule(rule.name))) for rule in found.rules)
    return warnings(replace(found, rules=rules))


def _shown_rules(policy: RoutingPolicy) -> list[str]:
    return [f"{drawn(wordings.rule(rule.name))} → {rule.get_use_display()}" for rule in policy.rules.all()]


def _acts(policy: RoutingPolicy) -> list[Act]:
    return [act for act in ACTS.values() if policy.status in act.statuses]


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _what_if(request: HttpRequest, policy: Policy) -> dict[str, Any]:
    """Return where an invented turn would go by `policy`, and its form. Nothing is sent or stored."""
    form = WhatIfForm(request.GET if "tokens" in request.GET else None)
    context: dict[str, Any] = {"what_if": form}
    if not form.is_valid():
        return context
    asked = RouteRequest(
        requested=AUTO,
        label=form.cleaned_data["label"],
        complexity=form.cleaned_data["complexity"],
        prompt_tokens=form.cleaned_data["tokens"],
        max_tokens=settings.ANSWER_MAX_TOKENS,
    )
    try:
        taken = route(asked, catalogue.models(), policy)
    except NoModelError as refusal:
        return context | {"asked": asked, "refusal": refusal.shown, "rejected": _drawn(refusal.rejected)}
    taken = replace(taken, why=drawn(taken.why))
    return context | {"asked": asked, "route": taken, "rejected": _drawn(taken.rejected)}


def _drawn(rejected: Iterable[Rejected]) -> list[Rejected]:
    return [replace(other, why=drawn(other.why)) for other in rejected]
