"""Readers of exported conversations, one module for each program. Each is pure: values in, values out."""
