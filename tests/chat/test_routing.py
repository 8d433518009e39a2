import dataclasses

import pytest

from chat.llm.built_in import QUOTES
from chat.routing.route import NoModelError, Rejected, route, while_unreachable
from chat.routing.rules import DEFAULT, Policy, Rule
from chat.values import LOCAL, Level
from langai_site.outbound.abilities import Ability
from langai_site.outbound.types import ModelInfo, ModelRole
from langai_site.sensitivity import Sensitivity
from tests.chat.factories import routed

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity


def model(name, *roles, hosted=True, ceiling=INTERNAL, rank=100, window=0):
    own = frozenset(map(ModelRole, roles))
    seen = ceiling if hosted else CONFIDENTIAL
    return ModelInfo(name, name.capitalize(), "some", hosted, seen, rank, own, window)


CHEAP = model("cheap", "simple", window=32_000)
USUAL = model("usual", "balanced", window=32_000)
STRONG = model("strong", "strong", window=32_000)
LONG = model("long", "long_context", window=1_000_000)
SMALL_LOCAL = model("small", "simple", hosted=False, rank=200, window=8_000)
BIG_LOCAL = model("big", "strong", hosted=False, rank=201, window=32_000)
ALL = (CHEAP, USUAL, STRONG, LONG, SMALL_LOCAL, BIG_LOCAL)


def auto(catalogue=ALL, policy=DEFAULT, **options):
    return route(routed(**options), catalogue, policy)


def names(models):
    return [each.name for each in models]


@pytest.mark.parametrize(
    ("asked", "first", "why"),
    [
        ({"complexity": Level.SIMPLE}, CHEAP, "auto: simple → cheap"),
        ({"complexity": Level.MODERATE}, USUAL, "auto: moderate → balanced"),
        ({"complexity": Level.COMPLEX}, STRONG, "auto: complex → strong"),
        ({"prompt_tokens": 40_000}, LONG, "auto: too long → long context"),
        ({"prompt_tokens": 40_000, "complexity": Level.SIMPLE}, LONG, "auto: too long → long context"),
        ({"label": CONFIDENTIAL}, BIG_LOCAL, "auto: confidential → local"),
        ({"label": CONFIDENTIAL, "complexity": Level.SIMPLE}, SMALL_LOCAL, "auto: confidential → local"),
    ],
)
def test_by_default_each_kind_of_turn_goes_to_its_kind_of_model(asked, first, why):
    taken = auto(**asked)
    assert (taken.model, taken.why) == (first, why)


def test_the_other_models_that_may_answer_stand_by_nearest_role_first():
    assert names(auto(complexity=Level.COMPLEX).candidates) == ["strong", "big", "usual", "long", "cheap", "small"]


def test_among_models_of_a_role_the_best_rank_is_first_and_hosted_before_local():
    second, first = model("a", "strong", rank=9), model("b", "strong", rank=1)
    inside = model("c", "strong", hosted=False, rank=0)
    assert names(auto([inside, second, first], complexity=Level.COMPLEX).candidates) == ["b", "a", "c"]


def test_auto_keeps_confidential_text_on_local_models_and_says_what_it_passed_over():
    taken = auto([USUAL, BIG_LOCAL], label=CONFIDENTIAL)
    assert taken.candidates == (BIG_LOCAL,)
    assert taken.rejected == (Rejected("usual", "may not see confidential text"),)


def test_a_model_that_the_prompt_does_not_fit_is_not_tried_and_told_why():
    taken = auto([USUAL, LONG], prompt_tokens=31_800, max_tokens=1_000)
    assert taken.candidates == (LONG,)
    why = "too small for this prompt: it needs 32,056 tokens and 32,000 fit"
    assert taken.rejected == (Rejected("usual", why),)


def test_a_model_that_holds_all_of_the_prompt_is_asked_before_one_for_which_it_must_be_shortened():
    taken = auto([USUAL, LONG], prompt_tokens=40_000, least_prompt_tokens=900)
    assert (taken.candidates, taken.rejected) == ((LONG, USUAL), ())
    inside = Rule("all inside", LOCAL)
    taken = auto([BIG_LOCAL, LONG], Policy(7, (inside,)), prompt_tokens=40_000, least_prompt_tokens=900)
    assert taken.candidates == (LONG, BIG_LOCAL)


def test_where_none_that_may_see_it_holds_all_of_the_prompt_one_is_asked_with_a_part_of_it():
    taken = auto(prompt_tokens=40_000, least_prompt_tokens=900, label=CONFIDENTIAL)
    assert taken.candidates == (BIG_LOCAL, SMALL_LOCAL)
    taken = route(routed("small", prompt_tokens=40_000, least_prompt_tokens=900), ALL, DEFAULT)
    assert taken.candidates == (SMALL_LOCAL,)


def test_a_model_with_a_small_window_answers_a_short_question_in_its_place():
    tiny = model("tiny", "simple", window=4_096)
    taken = auto([tiny, LONG], complexity=Level.SIMPLE, prompt_tokens=300, max_tokens=4_000)
    assert (taken.model, taken.why) == (tiny, "auto: simple → cheap")
    assert auto([tiny], complexity=Level.SIMPLE, prompt_tokens=300, max_tokens=4_000).rule == "simple"


def test_a_prompt_that_just_fits_the_balanced_model_is_not_too_long():
    assert auto(prompt_tokens=31_000, max_tokens=1_000).model == USUAL


def test_a_model_whose_window_is_not_known_is_tried_last_with_a_long_prompt_and_in_its_place_with_a_short_one():
    unknown = model("unknown", "balanced", rank=1)
    assert names(auto([unknown, USUAL, CHEAP]).candidates) == ["unknown", "usual", "cheap"]
    assert names(auto([unknown, USUAL, CHEAP], prompt_tokens=20_000).candidates) == ["usual", "cheap", "unknown"]


def test_where_no_model_has_the_role_the_nearest_answers_and_the_receipt_says_so():
    taken = auto([CHEAP, USUAL], complexity=Level.COMPLEX)
    assert taken.model == USUAL
    assert taken.why == "auto: complex → strong; no such model can answer, so the nearest one does"


def test_a_model_without_a_role_comes_last():
    assert names(auto([model("plain", rank=1), STRONG, CHEAP]).candidates) == ["strong", "cheap", "plain"]


def test_a_model_that_failed_lately_is_passed_over_while_another_can_answer():
    taken = auto([USUAL, STRONG], cooling={"usual": "rests until 14:05 after 3 failures"})
    assert taken.candidates == (STRONG,)
    assert taken.rejected == (Rejected("usual", "rests until 14:05 after 3 failures"),)


def test_where_all_that_can_answer_rest_they_are_tried_rather_than_refused():
    taken = auto([USUAL], cooling={"usual": "rests until 14:05 after 3 failures"})
    assert taken.model == USUAL
    assert "every model that can answer failed lately" in taken.why


def test_held_to_local_models_auto_asks_no_hosted_one():
    taken = auto([USUAL, BIG_LOCAL], local_only=True)
    assert taken.candidates == (BIG_LOCAL,)
    assert taken.rejected[0].why == "hosted, and only local models may be asked"
    with pytest.raises(NoModelError, match="only local models") as refusal:
        auto([USUAL], local_only=True)
    assert refusal.value.code == "local_only"


def test_the_first_rule_that_holds_counts_and_names_itself():
    rules = Rule("anything internal", LOCAL, at_least=INTERNAL), Rule("all", ModelRole.SIMPLE)
    taken = auto(policy=Policy(7, rules), label=INTERNAL, complexity=Level.COMPLEX)
    assert (taken.model, taken.rule, taken.policy) == (BIG_LOCAL, "anything internal", 7)
    assert auto(policy=Policy(7, rules), complexity=Level.COMPLEX).model == CHEAP


def test_where_no_rule_holds_balanced_models_are_asked_first():
    taken = auto(policy=Policy(7, ()), complexity=Level.SIMPLE)
    assert (taken.model, taken.why) == (USUAL, "auto: everything else → balanced")


def test_auto_is_quotes_where_nothing_is_connected():
    assert auto([], label=CONFIDENTIAL).candidates == (QUOTES,)


def test_quotes_never_stands_in_silently_for_a_real_model():
    with pytest.raises(NoModelError, match="Nothing was sent") as refusal:
        auto([USUAL], label=CONFIDENTIAL)
    assert refusal.value.code == "above_ceiling"
    assert refusal.value.rejected == (Rejected("usual", "may not see confidential text"),)


def test_a_prompt_that_fits_no_model_that_may_see_it_is_refused_with_how_much_would_fit():
    with pytest.raises(NoModelError, match="room for 32,000 at most") as refusal:
        auto(label=CONFIDENTIAL, prompt_tokens=50_000)
    assert refusal.value.code == "too_long"
    assert len(refusal.value.rejected) == len(ALL)
    with pytest.raises(NoModelError, match="may take 33,256 tokens"):
        auto(label=CONFIDENTIAL, prompt_tokens=50_000, least_prompt_tokens=33_000)


def test_a_chosen_model_is_the_only_candidate_even_while_it_rests():
    taken = route(routed("strong", cooling={"strong": "rests"}), ALL, DEFAULT)
    assert (taken.candidates, taken.why, taken.rule) == ((STRONG,), "chosen by you", "")


def test_a_chosen_hosted_model_is_not_given_confidential_text():
    with pytest.raises(NoModelError, match="Usual may see internal text at most") as refusal:
        route(routed("usual", label=CONFIDENTIAL), ALL, DEFAULT)
    assert refusal.value.code == "above_ceiling"


def test_a_chosen_model_that_is_too_small_says_how_much_it_takes():
    with pytest.raises(NoModelError, match="may take 40,256 tokens and Usual has room for 32,000") as refusal:
        route(routed("usual", prompt_tokens=40_000), ALL, DEFAULT)
    assert refusal.value.code == "too_long"


def test_a_chosen_hosted_model_is_refused_where_only_local_ones_may_be_asked():
    with pytest.raises(NoModelError, match="Usual is hosted") as refusal:
        route(routed("usual", local_only=True), ALL, DEFAULT)
    assert refusal.value.code == "local_only"


def test_quotes_can_always_be_chosen():
    asked = routed("quotes", label=CONFIDENTIAL, prompt_tokens=10**7, local_only=True)
    assert route(asked, [USUAL], DEFAULT).model == QUOTES


def test_a_model_that_is_gone_is_named():
    with pytest.raises(NoModelError, match="gone/old"):
        route(routed("gone/old"), ALL, DEFAULT)


def test_auto_says_whose_place_it_takes():
    found = route(routed("auto", gone="office/old"), ALL, DEFAULT)
    assert found.why.endswith("; the model “office/old” is no longer available")


def test_a_lower_ceiling_is_kept_as_well():
    public_only = dataclasses.replace(USUAL, ceiling=PUBLIC)
    assert auto([public_only, STRONG], label=INTERNAL).candidates == (STRONG,)


def test_a_rule_for_local_models_holds_where_nothing_is_known_of_their_abilities():
    able = dataclasses.replace(USUAL, abilities={Ability.TOOLS: True})
    policy = Policy(1, (Rule("all", LOCAL),))
    found = auto((able, BIG_LOCAL), policy, needs=frozenset({Ability.TOOLS}))
    assert (found.model, found.why) == (BIG_LOCAL, "auto: all → local")


def test_a_model_that_surely_has_the_ability_comes_before_one_that_may_have_it():
    able = dataclasses.replace(CHEAP, abilities={Ability.TOOLS: True})
    unable = dataclasses.replace(STRONG, abilities={Ability.TOOLS: False})
    found = auto((USUAL, unable, able), needs=frozenset({Ability.TOOLS}))
    assert names(found.candidates) == ["cheap", "usual"]
    assert found.rejected == (Rejected("strong", "cannot call tools"),)


@pytest.mark.parametrize(
    ("asked", "away", "named"),
    [
        ({"label": CONFIDENTIAL}, (BIG_LOCAL,), "Big could not be reached and no other model may answer this turn"),
        ({"label": CONFIDENTIAL}, (CHEAP, SMALL_LOCAL), "Small could not be reached and"),
        ({"requested": "big"}, (SMALL_LOCAL, BIG_LOCAL), "Big could not be reached. Retry"),
    ],
)
def test_a_refusal_names_the_models_that_could_answer_if_their_server_did(asked, away, named):
    request = routed(**asked)
    with pytest.raises(NoModelError) as refusal:
        route(request, (CHEAP,), DEFAULT)
    told = while_unreachable(refusal.value, request, away)
    assert (told.code, told.status) == ("unreachable", 503)
    assert named in told.message
    assert {each.model for each in refusal.value.rejected} < {each.model for each in told.rejected}


@pytest.mark.parametrize(
    ("asked", "away"),
    [({"label": CONFIDENTIAL}, ()), ({"label": CONFIDENTIAL}, (USUAL,)), ({"requested": "big"}, (SMALL_LOCAL,))],
)
def test_a_refusal_stays_where_no_server_would_change_it(asked, away):
    request = routed(**asked)
    with pytest.raises(NoModelError) as refusal:
        route(request, (CHEAP,), DEFAULT)
    assert while_unreachable(refusal.value, request, away) is refusal.value
