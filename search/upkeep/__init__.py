"""Keeps the indexes equal to the database: filling, rebuilding, checking."""
