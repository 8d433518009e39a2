"""Prompts that people keep: their texts with variables, who may use them, and what they were before."""
