"""One turn, from the question to the last token: its prompt, its sources, its rows and its receipt."""
