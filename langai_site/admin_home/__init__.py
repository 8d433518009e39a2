"""The frame of the admin pages: their groups, the overview they begin with, and the first steps of a new LangAI."""
