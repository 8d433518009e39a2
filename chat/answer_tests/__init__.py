"""Asks the test cases of collections each week, on models and within a budget that admins set."""
