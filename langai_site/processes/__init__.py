"""The processes: starting, supervising and stopping them, and what they do at night."""
