"""Conversations for programs: LangAI's JSON API, and the API in OpenAI's format."""
