"""Pages for searching, and for reading what was found."""
