"""Budgets, the money that is reserved before a call, and notices."""
