"""Pure: in which group of the admin each list stands, and under which name."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from langai_site.words import gettext_noop

# Lists by the name of their model, in the order in which they are shown; an empty name keeps the model's own. The
# titles are English here, and translated when they are shown.
GROUPS: dict[str, dict[str, str]] = {
    gettext_noop("Documents"): {"Collection": "", "Document": ""},
    gettext_noop("Models and connections"): {"Connection": "", "Model": "", "RoutingPolicy": ""},
    gettext_noop("Accounts"): {
        "User": gettext_noop("People"),
        "Team": "",
        "Invitation": "",
        "ApiKey": gettext_noop("API keys"),
        "Group": gettext_noop("Permission groups"),
        "SocialApp": gettext_noop("Identity providers"),
        "GroupMapping": gettext_noop("Groups of providers"),
        "ScimDirectory": gettext_noop("Directories (SCIM)"),
        "TermsOfUse": gettext_noop("Terms of use"),
    },
    gettext_noop("Usage and budgets"): {
        "Budget": "",
        "UsageEntry": gettext_noop("Ledger"),
        "Price": "",
        "MonthClose": gettext_noop("Closed months"),
    },
    gettext_noop("Safety"): {
        "SensitivePattern": "",
        "Announcement": "",
        "AuditEvent": gettext_noop("Audit log"),
        "LegalHold": gettext_noop("Legal holds"),
    },
    gettext_noop("Conversations"): {
        "Conversation": "",
        "Reply": "",
        "LabelChange": "",
        "KeepingRule": gettext_noop("Temporary chats"),
        "RetentionRule": gettext_noop("Retention"),
        "AnswerTestSettings": "",
        "Assistant": gettext_noop("Shared assistants"),
        "Prompt": gettext_noop("Shared prompts"),
    },
}
_PLACES = {model: group for group, models in GROUPS.items() for model in models}


def grouped(apps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return Django's list of apps arranged as GROUPS says; what no group names stays in the group of its app."""
    groups: dict[str, dict[str, Any]] = {}
    for app, model in _models(apps):
        title = _PLACES.get(model["object_name"], app["name"])
        shown = _(title) if title in GROUPS else title
        group = groups.setdefault(title, {**app, "name": shown, "models": []})
        name = GROUPS.get(title, {}).get(model["object_name"])
        group["models"].append({**model, "name": _(name) if name else model["name"], "app": app})
    for title, group in groups.items():
        group["models"].sort(key=lambda model: _position(GROUPS.get(title, {}), model["object_name"]))
        # The group leads to the page of the app that its first list belongs to.
        group |= {name: group["models"][0]["app"][name] for name in ("app_label", "app_url")}
    return [groups[title] for title in sorted(groups, key=lambda title: _position(GROUPS, title))]


def _models(apps: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for app in apps:
        for model in app["models"]:
            yield app, model


def _position(known: Iterable[str], name: str) -> tuple[int, str]:
    """Return where `name` is sorted: in the order of `known`, then what is not in it by its name."""
    order = list(known)
    return (order.index(name) if name in order else len(order), name)
