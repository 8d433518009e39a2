import pytest

from chat.llm.quotes import QUOTES
from chat.services.routing import NoModel, route
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity

HOSTED = ModelInfo("openai/big", "Big", "openai", hosted=True, ceiling=Sensitivity.INTERNAL)
LOCAL = ModelInfo("ollama_chat/small", "Small", "ollama", hosted=False, ceiling=Sensitivity.CONFIDENTIAL)


def test_auto_takes_the_hosted_model_first():
    assert route("auto", Sensitivity.INTERNAL, [HOSTED, LOCAL]).model == HOSTED


def test_auto_keeps_confidential_text_on_a_local_model_and_says_what_it_passed_over():
    taken = route("auto", Sensitivity.CONFIDENTIAL, [HOSTED, LOCAL])
    assert taken.model == LOCAL
    assert [(other.model, other.why) for other in taken.rejected] == [("openai/big", "may not see confidential text")]


def test_auto_is_quotes_where_nothing_is_connected():
    assert route("auto", Sensitivity.CONFIDENTIAL, []).model == QUOTES


def test_quotes_never_stands_in_silently_for_a_real_model():
    with pytest.raises(NoModel, match="Nothing was sent") as refusal:
        route("auto", Sensitivity.CONFIDENTIAL, [HOSTED])
    assert refusal.value.code == "above_ceiling"


def test_a_chosen_hosted_model_is_not_given_confidential_text():
    with pytest.raises(NoModel, match="Big may see internal text at most"):
        route("openai/big", Sensitivity.CONFIDENTIAL, [HOSTED, LOCAL])


def test_quotes_can_always_be_chosen():
    assert route("quotes", Sensitivity.CONFIDENTIAL, [HOSTED]).model == QUOTES


def test_a_model_that_is_gone_is_named():
    with pytest.raises(NoModel, match="openai/old"):
        route("openai/old", Sensitivity.PUBLIC, [HOSTED])
