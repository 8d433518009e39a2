"""Moves everything from the database in use into another one: from SQLite to PostgreSQL, or back."""
