"""The ledger of calls: its chain, its monthly books, and the proof that nothing was changed."""
