"""Passes the events of the audit log on to other systems: by syslog, and by a signed POST to a webhook."""
