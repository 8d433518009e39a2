"""The models that answer, behind one seam: built in, or behind an address."""
