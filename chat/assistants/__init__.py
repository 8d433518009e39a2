"""Assistants: who may use them, what they were before, and what they do in a turn."""
