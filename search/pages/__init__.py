"""Pages for searching, and for reading the documents that were found."""
