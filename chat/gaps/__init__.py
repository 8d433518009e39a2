"""Questions that the documents did not answer: noting, grouping and testing them, and what owners see."""
