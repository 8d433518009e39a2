"""Review tables: the same questions asked of many documents. The worker answers cell by cell."""
