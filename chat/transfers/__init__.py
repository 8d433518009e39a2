"""Exports and imports of conversations, which the worker carries out in the background."""
