"""Conversations for programs: the JSON API, and the API that speaks OpenAI's format."""
