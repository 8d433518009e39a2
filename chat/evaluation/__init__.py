"""Questions with the documents that answer them, by which owners see whether search still finds these."""
