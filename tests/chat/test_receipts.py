from dataclasses import replace
from decimal import Decimal

from chat.conversations import labels
from chat.pages.receipt_text import receipt_lines
from chat.routing import route as routing
from chat.routing.complexity import Complexity
from chat.routing.rules import DEFAULT
from chat.turns.receipt import EMPTY, Receipt
from chat.turns.receipts import receipt_of, total_cost
from chat.turns.values import RoutedTurn, RoutingInput
from chat.values import Level
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller, Entry, Usage
from tests.chat.factories import numbered, routed


def entry(cost, price="", **usage):
    used = Usage(**usage)
    return Entry(Caller(), "m", "p", True, Sensitivity.PUBLIC, used, cost, 12, 300, "complete", price_version=price)


def test_one_unpriced_call_leaves_the_whole_unpriced():
    assert total_cost([Decimal("0.5"), Decimal("0.25")]) == Decimal("0.75")
    assert total_cost([Decimal("0.5"), None]) is None


def test_a_continued_answer_adds_to_what_it_took_before():
    before = receipt_of(None, [entry(Decimal("0.5"), input_tokens=10, output_tokens=4)], EMPTY, 1000)
    after = receipt_of(None, [entry(Decimal("0.1"), input_tokens=20, output_tokens=1, estimated=True)], before, 500)
    assert (after.input_tokens, after.output_tokens, after.cost) == (30, 5, Decimal("0.6"))
    assert (after.duration_ms, after.estimated) == (1500, True)


def test_the_first_word_took_as_long_as_the_models_that_failed_before_it_as_well():
    failed = replace(entry(None), first_token_ms=None)
    assert receipt_of(None, [failed, entry(None)], EMPTY, 500).first_token_ms == 300 + 12
    assert receipt_of(None, [failed], EMPTY, 500).first_token_ms is None
    assert receipt_of(None, [], EMPTY, 500).first_token_ms is None


def test_the_prices_that_a_cost_follows_from_are_named_once_each():
    before = receipt_of(None, [entry(Decimal(1), "41"), entry(Decimal(0))], EMPTY, 5)
    assert before.price == "41"
    assert receipt_of(None, [entry(Decimal(1), "41"), entry(Decimal(1), "57")], before, 5).price == "41, 57"
    assert receipt_of(None, [], EMPTY, 5).price == ""


def test_the_receipt_names_model_route_label_complexity_and_passages():
    route = routing.route(routed(label=Sensitivity.INTERNAL), [], DEFAULT)
    weighed = RoutingInput(
        numbered("One."),
        (labels.started(Sensitivity.PUBLIC), labels.passage("Salaries", Sensitivity.INTERNAL)),
        Complexity(Level.COMPLEX, 2.5, ("asks to compare",)),
        (),
        20,
    )
    receipt = receipt_of(RoutedTurn(weighed, route, route.model), [], EMPTY, 5)
    assert (receipt.model, receipt.label, receipt.passages) == ("quotes", "Internal", 1)
    assert [cause.words for cause in receipt.label_causes] == ["a passage from “Salaries”"]
    assert (receipt.complexity, receipt.complexity_causes) == ("complex", ("asks to compare",))


def test_what_was_refused_is_told_without_a_model():
    weighed = RoutingInput((), (labels.started(Sensitivity.PUBLIC),), Complexity(Level.SIMPLE, 0.1, ()), (), 20)
    lines = dict(receipt_lines(receipt_of(weighed, [], EMPTY, 5)))
    assert lines["Model"] == "none: nothing was sent"
    assert lines["Label"] == "Public: where new conversations start"


def test_a_refusal_names_each_model_that_may_not_answer_and_why():
    weighed = RoutingInput((), (labels.started(Sensitivity.PUBLIC),), Complexity(Level.SIMPLE, 0.1, ()), (), 20)
    receipt = receipt_of(weighed, [], EMPTY, 5, [routing.Rejected("There", "may not see confidential text")])
    assert dict(receipt_lines(receipt))["Not used"] == "There: may not see confidential text"


def test_what_failed_servers_said_is_kept_for_admins_and_not_for_programs():
    failed = replace(entry(None), status="rejected", detail="status 400, unknown_parameter")
    receipt = receipt_of(None, [failed, entry(None)], EMPTY, 5)
    assert receipt.failures == (f"{failed.model}: rejected: status 400, unknown_parameter",)
    assert Receipt.from_json(receipt.to_json()) == receipt
    assert "failures" not in receipt.for_programs()
    assert "failures" not in receipt_of(None, [entry(None)], EMPTY, 5).to_json()
