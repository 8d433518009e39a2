"""Conversations as rows: whose they are, their branches, labels, drafts and exports."""
