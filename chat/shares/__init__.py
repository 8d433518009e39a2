"""Links by which people share conversations inside the team, and what readers see there."""
