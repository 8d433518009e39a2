"""Pure: the routing rules of a policy, which of them applies to a turn, and warnings about them.

A rule says which kind of model is asked first. It never says what a model may see: ceilings do, whatever the rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from django.utils.translation import gettext as _

from chat.values import LOCAL, Level, Use
from langai_site.outbound.types import ModelRole
from langai_site.sensitivity import Sensitivity


@dataclass(frozen=True)
class Situation:
    """What rules depend on. `too_long`: question and answer do not fit the model that balanced turns would go to."""

    label: Sensitivity
    complexity: Level
    too_long: bool


@dataclass(frozen=True)
class Rule:
    """A rule applies if all its conditions do: a minimum label, a complexity, a prompt that is too long. None: any."""

    name: str
    use: Use
    at_least: Sensitivity | None = None
    complexity: Level | None = None
    too_long: bool = False

    def holds(self, situation: Situation) -> bool:
        return (
            (self.at_least is None or situation.label >= self.at_least)
            and (self.complexity is None or situation.complexity == self.complexity)
            and (situation.too_long or not self.too_long)
        )


# Applies if none of a policy's rules does.
OTHERWISE = Rule("everything else", ModelRole.BALANCED)


@dataclass(frozen=True)
class Policy:
    """Ordered rules: the first that applies counts. `version` is 0 for a policy that was never activated."""

    version: int
    rules: tuple[Rule, ...]

    def rule_for(self, situation: Situation) -> Rule:
        at = self.position_for(situation)
        return OTHERWISE if at is None else self.rules[at]

    def position_for(self, situation: Situation) -> int | None:
        """Return the index of the rule that counts; None if none applies."""
        return next((at for at, rule in enumerate(self.rules) if rule.holds(situation)), None)


DEFAULT = Policy(
    0,
    (
        Rule("confidential", LOCAL, at_least=Sensitivity.CONFIDENTIAL),
        Rule("too long", ModelRole.LONG_CONTEXT, too_long=True),
        Rule("simple", ModelRole.SIMPLE, complexity=Level.SIMPLE),
        Rule("complex", ModelRole.STRONG, complexity=Level.COMPLEX),
        Rule("moderate", ModelRole.BALANCED),
    ),
)


def situations() -> Iterator[Situation]:
    """Yield every possible situation."""
    for label, complexity, too_long in product(Sensitivity, Level, (False, True)):
        yield Situation(label, complexity, too_long)


def warnings(policy: Policy) -> list[str]:
    """Return warnings for the editor of the rules: rules that never count, and situations without a rule."""
    deciding = {policy.position_for(situation) for situation in situations()}
    found = [
        _("Rule %(number)s, “%(name)s”, never applies: earlier rules always match first. Move it up or remove it.")
        % {"number": at + 1, "name": rule.name}
        for at, rule in enumerate(policy.rules)
        if at not in deciding
    ]
    if None in deciding:
        found.append(_("Some turns match no rule. They go to balanced models first."))
    return found
