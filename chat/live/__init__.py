"""Replies that are being written: who writes them, and who watches."""
