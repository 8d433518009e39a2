"""Answers that the owner of a collection verified: making, indexing, matching and reviewing them."""
