"""One turn, from the question to the last token: its prompt, sources, rows and receipt."""
