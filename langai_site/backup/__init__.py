"""Backups: one file with the database, the uploaded files and the secret, and the way back from it."""
