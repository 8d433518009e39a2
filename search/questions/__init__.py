"""What a question is turned into before it is searched for."""
