from decimal import Decimal

from chat.services.receipts import receipt_of, total_cost
from chat.services.replies import Prepared
from chat.services.routing import route
from chat.services.rules import DEFAULT
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller, Entry, Usage
from tests.chat.factories import numbered, routed


def entry(cost, **usage):
    return Entry(Caller(), "m", "p", True, Sensitivity.PUBLIC, Usage(**usage), cost, 12, 300, "complete")


def test_one_unpriced_call_leaves_the_whole_unpriced():
    assert total_cost(["0.5", Decimal("0.25")]) == "0.75"
    assert total_cost(["0.5", None]) is None


def test_a_continued_answer_adds_to_what_it_took_before():
    before = receipt_of(None, [entry(Decimal("0.5"), input_tokens=10, output_tokens=4)], {}, 1000)
    after = receipt_of(None, [entry(Decimal("0.1"), input_tokens=20, output_tokens=1, estimated=True)], before, 500)
    assert (after["input_tokens"], after["output_tokens"], after["cost"]) == (30, 5, "0.6")
    assert (after["duration_ms"], after["estimated"]) == (1500, True)


def test_the_receipt_names_model_route_label_and_passages():
    prepared = Prepared(numbered("One."), Sensitivity.INTERNAL, route(routed(label=Sensitivity.INTERNAL), [], DEFAULT))
    receipt = receipt_of(prepared, [], {}, 5)
    assert (receipt["model"], receipt["label"], receipt["passages"]) == ("quotes", "Internal", 1)
