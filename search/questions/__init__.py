"""Turns a question into the texts that search looks for."""
