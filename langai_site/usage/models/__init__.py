"""The tables of usage, in one module for each package that uses them."""

from langai_site.usage.models.budgets import Budget, BudgetPeriod, Reservation
from langai_site.usage.models.ledger import ChainHead, DailyHead, EventSeal, MonthClose, Seal, UsageEntry
from langai_site.usage.models.prices import Price
from langai_site.usage.models.sums import DaySum, DimensionDay, RolledUp, Slice, SliceDay

__all__ = [
    "Budget",
    "BudgetPeriod",
    "ChainHead",
    "DailyHead",
    "DaySum",
    "DimensionDay",
    "EventSeal",
    "MonthClose",
    "Price",
    "Reservation",
    "RolledUp",
    "Seal",
    "Slice",
    "SliceDay",
    "UsageEntry",
]
