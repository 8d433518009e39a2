"""Pure: turns markdown into safe HTML, whole or as it grows, within limits on the work."""
