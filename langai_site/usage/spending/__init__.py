"""Money before it is spent: budgets, reservations, and notices."""
