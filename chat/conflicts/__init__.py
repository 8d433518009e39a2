"""Figures that two live documents give differently for the same term."""
