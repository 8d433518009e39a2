"""Chooses the model that answers: policies, the choice itself, and how demanding a question is."""
