"""Holding what a call can cost at most, before it is made."""

from decimal import Decimal
from uuid import UUID

from langai_site.usage import budgets
from langai_site.usage import services as usage
from langai_site.writer import write


async def hold(reply: UUID, most: Decimal | None) -> None:
    """What a turn is given as `Afford`. Raises OverBudget, and Conflict where the reply was given up.

    What is free, and a LangAI without budgets, costs no hop to the writer's thread.
    """
    if most != 0 and budgets.may_exist():
        await write(usage.raise_to, reply, most)
