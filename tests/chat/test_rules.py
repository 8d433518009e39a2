from chat.routing.rules import DEFAULT, OTHERWISE, Policy, Rule, Situation, warnings
from chat.values import LOCAL, Level
from langai_site.outbound.types import ModelRole
from langai_site.sensitivity import Sensitivity

ALL = Rule("all", ModelRole.BALANCED)


def situation(label=Sensitivity.PUBLIC, complexity=Level.MODERATE, too_long=False):
    return Situation(label, complexity, too_long)


def test_all_of_a_rules_conditions_must_hold():
    rule = Rule("both", LOCAL, at_least=Sensitivity.INTERNAL, complexity=Level.COMPLEX, too_long=True)
    assert rule.holds(situation(Sensitivity.CONFIDENTIAL, Level.COMPLEX, too_long=True))
    assert not rule.holds(situation(Sensitivity.PUBLIC, Level.COMPLEX, too_long=True))
    assert not rule.holds(situation(Sensitivity.INTERNAL, Level.SIMPLE, too_long=True))
    assert not rule.holds(situation(Sensitivity.INTERNAL, Level.COMPLEX))


def test_the_default_rules_leave_nothing_to_warn_of():
    assert warnings(DEFAULT) == []


def test_a_rule_after_one_that_always_holds_is_warned_of_by_its_number():
    told = warnings(Policy(1, (ALL, Rule("late", LOCAL))))
    assert [text.partition(",")[0] for text in told] == ["Rule 2"]


def test_a_rule_that_several_before_it_leave_nothing_for_is_warned_of():
    each = tuple(Rule(level, ModelRole.BALANCED, complexity=level) for level in Level)
    assert "“late”, never applies" in warnings(Policy(1, (*each, Rule("late", LOCAL))))[0]


def test_turns_without_a_rule_are_warned_of():
    policy = Policy(1, (Rule("hard", ModelRole.STRONG, complexity=Level.COMPLEX),))
    assert warnings(policy) == ["Some turns match no rule. They go to balanced models first."]
    assert policy.rule_for(situation()) == OTHERWISE
