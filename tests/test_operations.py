"""The dashboard, the alerts and the page about them name figures that there are."""

import json
import re
from pathlib import Path

import pytest
import yaml

from langai_site import registry
from langai_site.telemetry.metrics_view import own

OPERATIONS = Path(__file__).parent.parent / "docs" / "operations"
MONITORING = (OPERATIONS / "monitoring.md").read_text()
DASHBOARD = json.loads((OPERATIONS / "grafana-dashboard.json").read_text())
RULES = [rule for group in yaml.safe_load((OPERATIONS / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
# As in Prometheus's text format: what a figure of each type is called there.
ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def exposed() -> dict[str, str]:
    """Each name that /metrics may tell, and the figure that it belongs to."""
    told = {family.name: family.type for family in own()}
    told |= dict.fromkeys([*registry.gauges, *registry.shared_gauges], "gauge")
    return {name + ending: name for name, kind in told.items() for ending in ENDINGS[kind]}


def labels() -> dict[str, set[str]]:
    """The labels of each of our figures."""
    measured = {measure._name: set(measure._labelnames) | {"process"} for measure in registry.measures}
    gauged = {name: {*gauge.labels, "process"} for name, gauge in registry.gauges.items()}
    shared = {name: set(gauge.labels) for name, gauge in registry.shared_gauges.items()}
    return measured | gauged | shared


def names(query: str) -> set[str]:
    return set(re.findall(r"\b(?:langai|process)_\w+", query))


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in RULES)])
def test_a_query_asks_for_figures_and_labels_that_there_are(query):
    assert names(query) <= set(exposed())
    figures = [exposed()[name] for name in names(query)]
    asked = set(re.findall(r"(\w+)\s*[=!]~?\s*\"", query)) - {"job"}
    asked |= {label for group in re.findall(r"by \(([^)]*)\)", query) for label in group.split(", ")} - {"le"}
    assert all(asked <= labels().get(figure, {"process"}) for figure in figures)


def test_every_figure_of_ours_is_on_the_dashboard():
    shown = {exposed()[name] for query in QUERIES for name in names(query)}
    assert set(labels()) <= shown


def test_panels_have_room_of_their_own_and_a_title():
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)


def test_every_alert_says_how_grave_it_is_and_what_it_means():
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_page_lists_every_figure_with_its_labels():
    rows = re.findall(r"^\| `(langai_\w+)` \|([^|]*)\|", MONITORING, re.MULTILINE)
    figures = exposed() | {name: name for name in labels()}
    listed = {figures[name]: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows}
    assert listed == {name: told - {"process"} for name, told in labels().items()}


def test_the_page_says_what_to_do_about_every_alert():
    assert set(re.findall(r"^\| `(LangAI\w+)` \|", MONITORING, re.MULTILINE)) == {rule["alert"] for rule in RULES}
