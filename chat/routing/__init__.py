"""Which model answers: the policies, the choice, and how demanding a question is."""
