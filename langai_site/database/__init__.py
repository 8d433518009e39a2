"""Access to rows and caches that does not block the event loop."""
