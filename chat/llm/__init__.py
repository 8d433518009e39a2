"""The models that answer, behind one interface: built in, or behind an address."""
