"""The audit log in admin: its list, its files, and the program that checks a month without LangAI."""
