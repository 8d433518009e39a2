"""Turns a question into the texts to search for."""
