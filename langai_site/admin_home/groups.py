"""Pure: in which group of the admin each list stands, and under which name."""

from collections.abc import Iterable, Iterator
from typing import Any

# Lists by the name of their model, in the order in which they are shown; an empty name keeps the model's own.
GROUPS: dict[str, dict[str, str]] = {
    "Documents": {"Collection": "", "Document": ""},
    "Models and connections": {"Connection": "", "Model": "", "RoutingPolicy": ""},
    "Accounts": {
        **{"User": "People", "Team": "", "Invitation": "", "ApiKey": "API keys", "Group": "Permission groups"},
        **{"SocialApp": "Identity providers", "GroupMapping": "Groups of providers"},
    },
    "Usage and budgets": {"Budget": "", "UsageEntry": "Ledger", "Price": "", "MonthClose": "Closed months"},
    "Safety": {"SensitivePattern": "", "AuditEvent": "Audit log"},
    "Conversations": {
        "Conversation": "",
        "Reply": "",
        "LabelChange": "",
        "KeepingRule": "Temporary chats",
        "Assistant": "Shared assistants",
        "Prompt": "Shared prompts",
    },
}
_PLACES = {model: group for group, models in GROUPS.items() for model in models}


def grouped(apps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return Django's list of apps arranged as GROUPS says; what no group names stays in the group of its app."""
    groups: dict[str, dict[str, Any]] = {}
    for app, model in _models(apps):
        title = _PLACES.get(model["object_name"], app["name"])
        group = groups.setdefault(title, {**app, "name": title, "models": []})
        name = GROUPS.get(title, {}).get(model["object_name"])
        group["models"].append({**model, "name": name or model["name"], "app": app})
    for title, group in groups.items():
        group["models"].sort(key=lambda model: _position(GROUPS.get(title, {}), model["object_name"]))
        # The group leads to the page of the app that its first list belongs to.
        group |= {name: group["models"][0]["app"][name] for name in ("app_label", "app_url")}
    return sorted(groups.values(), key=lambda group: _position(GROUPS, group["name"]))


def _models(apps: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for app in apps:
        for model in app["models"]:
            yield app, model


def _position(known: Iterable[str], name: str) -> tuple[int, str]:
    """Return where `name` is sorted: in the order of `known`, then what is not in it by its name."""
    order = list(known)
    return (order.index(name) if name in order else len(order), name)
