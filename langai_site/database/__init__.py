"""How code gets at rows and caches without holding up the event loop."""
