"""Comparisons: one question to several models, whose answers stand side by side until one is chosen."""
