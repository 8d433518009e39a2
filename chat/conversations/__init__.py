"""Conversations as rows: their owners, branches, labels, drafts and exports."""
